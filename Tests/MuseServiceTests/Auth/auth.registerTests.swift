// Tests of `auth.register`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseRPC
internal import MuseService
internal import MuseStore
internal import Testing

@Suite struct AuthRegisterTests {
    @Test("a registration is a log-in: the account, its session and its tokens")
    func registers() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        let grant = try await house.auth.register(
            AuthRegisterParams(
                username: "ann", password: rightPassword, email: "ann@example.org",
                displayName: "Ann"), house.call(.authRegister, token: nil))
        #expect(grant.tokenType == "Bearer")
        #expect(grant.user.username == "ann" && grant.user.displayName == "Ann")
        #expect(grant.user.role == .user && grant.user.email == .some("ann@example.org"))
        #expect(grant.accessExpiresAt == clock.now + 900_000)
        #expect(grant.refreshExpiresAt == clock.now + 30 * 86_400_000)
        let claims = try house.claims(grant.accessToken).claims
        #expect(claims.subject == grant.user.id && claims.session == grant.sessionID)
        #expect(claims.role == "user")
        let caller = try await house.whoami(grant.accessToken)
        #expect(caller.user == grant.user && caller.sessionID == grant.sessionID)
        #expect(caller.expiresAt == grant.accessExpiresAt)
    }

    @Test("it attaches the connection only when asked")
    func attaches() async throws {
        let house = try ContentHouse()
        let peer = ContentHouse.peer()
        _ = try await house.register("ann", on: peer)
        #expect(peer.bound == nil)
        let grant = try await house.auth.register(
            AuthRegisterParams(username: "bob", password: rightPassword, attach: true),
            house.call(.authRegister, on: peer))
        #expect(try await house.whoami(on: peer).sessionID == grant.sessionID)
    }

    @Test("a repeat gives the same grant again, of the user as it is now")
    func repeated() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        let first = try await house.register("ann", key: "k")
        clock.pass(minutes: 9)
        #expect(try await house.register("ann", key: "k") == first)
        #expect(try await house.sessions(first.accessToken).items.count == 1)
        _ = try await house.users.update(
            UsersUpdateParams(bio: "new"), house.call(.usersUpdate, token: first.accessToken))
        let again = try await house.register("ann", key: "k")
        #expect(again.user.bio == "new" && again.refreshToken == first.refreshToken)
        clock.pass(minutes: 1)
        #expect(await refusal { try await house.register("ann", key: "k") } == "already_exists")
    }

    @Test("a repeat wants the password, and a wrong one counts")
    func repeatedWrong() async throws {
        let house = try ContentHouse()
        _ = try await house.register("ann", key: "k")
        for _ in 0..<3 {
            #expect(
                await refusal { try await house.register("ann", "not the word", key: "k") }
                    == "bad_credentials")
        }
        #expect(await refusal { try await house.register("ann", key: "k") } == "rate_limited")
        #expect(await refusal { try await house.login("ann") } == "rate_limited")
    }

    @Test("a repeat whose session has ended is told so; other params are another call")
    func repeatedEnded() async throws {
        let house = try ContentHouse()
        let grant = try await house.register("ann", key: "k")
        #expect(
            await refusal {
                try await house.auth.register(
                    AuthRegisterParams(
                        username: "ann", password: rightPassword, displayName: "Ann"),
                    house.call(.authRegister, token: nil, key: "k"))
            } == "idempotency_mismatch")
        _ = try await house.logout(grant.accessToken)
        #expect(await refusal { try await house.register("ann", key: "k") } == "token_revoked")
    }

    @Test("a key belongs to the name that was asked for")
    func keys() async throws {
        let house = try ContentHouse()
        let ann = try await house.register("ann", key: "k")
        let bob = try await house.register("bob", key: "k")
        #expect(ann.user.id != bob.user.id)
        #expect(await refusal { try await house.register("ann", key: "k2") } == "already_exists")
    }

    @Test("a weak password is told before a taken name, with every rule that it breaks")
    func refusals() async throws {
        let house = try ContentHouse()
        _ = try await house.register("ann_has_a_name")
        let weak = await refusalWhole {
            try await house.register("ann_has_a_name", "My ANN_has_a_name")
        }
        #expect(weak?.name == "weak_password" && weak?.members == ",\"rules\":[\"username\"]")
        let common = await refusalWhole { try await house.register("bob", "1234567890") }
        #expect(common?.name == "weak_password" && common?.members == ",\"rules\":[\"common\"]")
        let taken = await refusalWhole { try await house.register("ann_has_a_name") }
        #expect(taken?.name == "already_exists" && taken?.members == ",\"field\":\"username\"")
    }

    @Test("a refusal leaves the key free")
    func refusedKey() async throws {
        let house = try ContentHouse()
        #expect(
            await refusal { try await house.register("bob", "1234567890", key: "k") }
                == "weak_password")
        #expect(try await house.register("bob", key: "k").user.username == "bob")
    }

    @Test("closed registration is closed, and a repeat from before is still answered")
    func closed() async throws {
        let house = try ContentHouse()
        let grant = try await house.register("ann", key: "k")
        let closed = try house.worker { $0.isRegistrationOpen = false }
        #expect(
            await refusal {
                try await closed.methods.auth.register(
                    AuthRegisterParams(username: "bob", password: rightPassword),
                    house.call(.authRegister, token: nil))
            } == "registration_closed")
        let again = try await closed.methods.auth.register(
            AuthRegisterParams(username: "ann", password: rightPassword),
            house.call(.authRegister, token: nil, key: "k"))
        #expect(again.sessionID == grant.sessionID)
    }

    @Test("registrations are counted by address, in a window that slides, unless on loopback only")
    func counted() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock) {
            $0.registrationsPerHourMax = 2
        } configure: {
            $0.isLoopbackOnly = false
        }
        let (here, there) = (
            ContentHouse.peer(.ipv4(0xC000_0201)), ContentHouse.peer(.ipv4(0xC000_0202))
        )
        _ = try await house.register("one", key: "k", on: here)
        clock.pass(minutes: 30)
        _ = try await house.register("two", on: here)
        let third = await refusalWhole { try await house.register("three", on: here) }
        #expect(third?.name == "rate_limited")
        #expect(third?.members.contains("\"scope\":\"address\"") == true)
        #expect(third?.members.contains("\"retry_after_ms\":1800000") == true)
        _ = try await house.register("three", on: there)
        clock.pass(minutes: 30)
        _ = try await house.register("four", on: here)
        #expect(await refusal { try await house.register("five", on: here) } == "rate_limited")
        let open = try ContentHouse { $0.registrationsPerHourMax = 1 }
        _ = try await open.register("one", on: here)
        _ = try await open.register("two", on: here)
    }
}
