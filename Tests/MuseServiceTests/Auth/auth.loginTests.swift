// Tests of `auth.login`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseRPC
internal import MuseService
internal import MuseStore
internal import Testing

@Suite struct AuthLoginTests {
    @Test("a log-in opens a session of its own, with its device and address")
    func opens() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        let first = try await house.register("ann")
        clock.pass(seconds: 1)
        let second = try await house.auth.login(
            AuthLoginParams(username: "ANN", password: rightPassword, device: "a phone"),
            house.call(.authLogin, on: ContentHouse.peer(.ipv4(0xC000_0201))))
        #expect(second.user == first.user && second.sessionID != first.sessionID)
        #expect(second.accessExpiresAt == clock.now + 900_000)
        let sessions = try await house.sessions(second.accessToken).items
        #expect(sessions.map(\.id) == [second.sessionID, first.sessionID])
        #expect(sessions[0].device == "a phone" && sessions[0].address == "192.0.2.1")
        #expect(sessions[0].current && !sessions[1].current && sessions[1].device == nil)
    }

    @Test("it attaches only when asked, and its key is not looked at: a repeat is one more session")
    func keyless() async throws {
        let house = try ContentHouse()
        let grant = try await house.register("ann")
        let peer = ContentHouse.peer()
        let params = AuthLoginParams(username: "ann", password: rightPassword)
        let one = try await house.auth.login(params, house.call(.authLogin, on: peer, key: "k"))
        let two = try await house.auth.login(params, house.call(.authLogin, on: peer, key: "k"))
        #expect(one.sessionID != two.sessionID)
        #expect(peer.bound == nil)
        let three = try await house.login("ann", on: peer, attach: true)
        #expect(try await house.whoami(on: peer).sessionID == three.sessionID)
        #expect(try await house.sessions(grant.accessToken).items.count == 4)
    }

    @Test("an unknown user and a wrong password get the same answer and cost the same one hash")
    func unknown() async throws {
        let house = try ContentHouse()
        _ = try await house.register("ann")
        var asked = 0
        let before = await house.hashesDone(&asked)
        let wrong = await refusalWhole { try await house.login("ann", "wrong") }
        let between = await house.hashesDone(&asked)
        let nobody = await refusalWhole { try await house.login("nobody", "wrong") }
        let after = await house.hashesDone(&asked)
        #expect(wrong?.name == "bad_credentials")
        #expect(nobody == wrong)
        #expect(between - before == 1 && after - between == 1)
    }

    @Test("any two strings are compared: no rule of form tells whether a name can exist")
    func anyStrings() async throws {
        let house = try ContentHouse()
        for name in ["", "a name with spaces", String(repeating: "x", count: 500)] {
            #expect(await refusal { try await house.login(name, "") } == "bad_credentials")
        }
    }

    @Test("that an account is banned is told after the right password alone")
    func banned() async throws {
        let house = try ContentHouse()
        let ann = try await house.register("ann")
        let root = try house.person("root", role: .admin)
        _ = try await house.users.ban(
            UsersBanParams(id: ann.user.id, reason: "x"), house.call(.usersBan, root))
        #expect(await refusal { try await house.login("ann", "wrong") } == "bad_credentials")
        #expect(await refusal { try await house.login("ann") } == "account_disabled")
        _ = try await house.users.unban(
            UsersUnbanParams(id: ann.user.id), house.call(.usersUnban, root))
        #expect(try await house.login("ann").user.id == ann.user.id)
    }

    @Test("a hash of other parameters is renewed at log-in, once, for the same password")
    func rehashed() async throws {
        let house = try ContentHouse()
        _ = try await house.register("ann")
        let old = try #require(try house.credential("ann")).passwordHash
        let worker = try house.worker {
            $0.passwords = PasswordParameters(opsLimit: 2, memoryKiB: 8)
        }
        func login(_ password: String) async -> String? {
            await refusal {
                try await worker.methods.auth.login(
                    AuthLoginParams(username: "ann", password: password),
                    house.call(.authLogin, token: nil))
            }
        }
        #expect(await login("wrong") == "bad_credentials")
        #expect(try house.credential("ann")?.passwordHash == old)
        #expect(await login(rightPassword) == nil)
        let new = try #require(try house.credential("ann")).passwordHash
        #expect(new != old && new.contains("t=2"))
        #expect(await login("wrong") == "bad_credentials")
        #expect(await login(rightPassword) == nil)
        #expect(try house.credential("ann")?.passwordHash == new)
    }

    @Test("a user has at most a hundred sessions; the oldest by log-in ends, however lately used")
    func hundred() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        var first = try await house.register("ann")
        var second: Grant?
        for index in 0..<99 {
            clock.pass(seconds: 1)
            let grant = try await house.login("ann")
            if index == 0 { second = grant }
        }
        #expect(try await house.sessions(first.accessToken).items.count == 100)
        first = try await house.refresh(first.refreshToken)
        let other = try await house.register("bob")
        let last = try await house.login("ann")
        #expect(await refusal { try await house.whoami(first.accessToken) } == "token_revoked")
        #expect(
            await refusal { try await house.refresh(first.refreshToken) } == "token_revoked")
        #expect(
            try await house.whoami(second?.accessToken).sessionID == second?.sessionID)
        #expect(try await house.sessions(last.accessToken).items.count == 100)
        #expect(try await house.whoami(other.accessToken).sessionID == other.sessionID)
    }
}

/// Guessing passwords.
@Suite struct AuthLoginThrottleTests {
    private let here = ContentHouse.peer(.ipv4(0xC000_0201))
    private let there = ContentHouse.peer(.ipv4(0xC000_0202))

    private func house(_ clock: TestClock, address: Int = 100) async throws -> ContentHouse {
        let house = try ContentHouse(clock: clock) {
            $0.loginFailuresMax = 10
            $0.loginFailuresAddressMax = address
        }
        _ = try await house.register("ann")
        return house
    }

    @Test(
        "after ten failures of a name and address the next is refused unlooked-at, right or wrong")
    func refused() async throws {
        let house = try await house(TestClock())
        for _ in 0..<10 {
            #expect(
                await refusal { try await house.login("ann", "wrong", on: here) }
                    == "bad_credentials")
        }
        var asked = 0
        let before = await house.hashesDone(&asked)
        for password in [rightPassword, "wrong"] {
            let error = await refusalWhole { try await house.login("Ann", password, on: here) }
            #expect(error?.name == "rate_limited")
            #expect(
                error?.members
                    == ",\"retry_after_ms\":900000,\"limit\":10,\"window_ms\":900000"
                    + ",\"scope\":\"account\"")
        }
        #expect(await house.hashesDone(&asked) == before)
    }

    @Test("the owner is not locked out at another address, nor are others at this one")
    func elsewhere() async throws {
        let house = try await house(TestClock())
        _ = try await house.register("bob")
        for _ in 0..<10 { _ = await refusal { try await house.login("ann", "wrong", on: here) } }
        #expect(await refusal { try await house.login("ann", on: here) } == "rate_limited")
        #expect(await refusal { try await house.login("ann", on: there) } == nil)
        #expect(await refusal { try await house.login("bob", on: here) } == nil)
    }

    @Test("a success resets nothing and counts nothing")
    func success() async throws {
        let house = try await house(TestClock())
        for _ in 0..<9 { _ = await refusal { try await house.login("ann", "wrong", on: here) } }
        for _ in 0..<5 { #expect(await refusal { try await house.login("ann", on: here) } == nil) }
        #expect(
            await refusal { try await house.login("ann", "wrong", on: here) } == "bad_credentials")
        #expect(await refusal { try await house.login("ann", on: here) } == "rate_limited")
    }

    @Test("the window slides: each failure counts for fifteen minutes, a refusal for nothing")
    func window() async throws {
        let clock = TestClock()
        let house = try await house(clock)
        for _ in 0..<10 {
            _ = await refusal { try await house.login("ann", "wrong", on: here) }
            clock.pass(minutes: 1)
        }
        clock.pass(seconds: 299)
        #expect(await refusal { try await house.login("ann", on: here) } == "rate_limited")
        clock.pass(seconds: 1)
        #expect(
            await refusal { try await house.login("ann", "wrong", on: here) } == "bad_credentials")
        #expect(await refusal { try await house.login("ann", on: here) } == "rate_limited")
        clock.pass(minutes: 1)
        #expect(await refusal { try await house.login("ann", on: here) } == nil)
    }

    @Test("names that nobody has are counted alike, and all of an address together")
    func names() async throws {
        let house = try await house(TestClock(), address: 15)
        for _ in 0..<10 { _ = await refusal { try await house.login("nobody", "x", on: here) } }
        #expect(await refusal { try await house.login("nobody", "x", on: here) } == "rate_limited")
        for index in 0..<5 {
            #expect(
                await refusal { try await house.login("n\(index)", "x", on: here) }
                    == "bad_credentials")
        }
        let error = await refusalWhole { try await house.login("ann", on: here) }
        #expect(error?.name == "rate_limited")
        #expect(error?.members.contains("\"scope\":\"address\"") == true)
        #expect(await refusal { try await house.login("ann", on: there) } == nil)
    }

    @Test("wrong passwords of a change of password count with those of log-in")
    func shared() async throws {
        let house = try await house(TestClock())
        let grant = try await house.login("ann", on: here)
        for _ in 0..<10 {
            #expect(
                await refusal {
                    try await house.auth.changePassword(
                        AuthChangePasswordParams(
                            currentPassword: "wrong", newPassword: newPassword),
                        house.call(.authChangePassword, on: here, token: grant.accessToken))
                } == "bad_credentials")
        }
        #expect(await refusal { try await house.login("ann", on: here) } == "rate_limited")
    }
}
