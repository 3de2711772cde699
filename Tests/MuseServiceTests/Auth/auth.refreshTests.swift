// Tests of `auth.refresh`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseService
internal import MuseStore
internal import Testing

@Suite struct AuthRefreshTests {
    @Test("a refresh gives a new pair in the same session; the access token before it still holds")
    func rotates() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        let old = try await house.register("ann")
        clock.pass(minutes: 1)
        let new = try await house.refresh(old.refreshToken)
        #expect(new.sessionID == old.sessionID && new.user == old.user)
        #expect(new.accessToken != old.accessToken && new.refreshToken != old.refreshToken)
        #expect(new.accessExpiresAt == clock.now + 900_000)
        #expect(new.refreshExpiresAt == clock.now + 30 * 86_400_000)
        for grant in [old, new] {
            #expect(try await house.whoami(grant.accessToken).sessionID == old.sessionID)
        }
        let session = try #require(try await house.sessions(new.accessToken).items.first)
        #expect(session.lastUsedAt == clock.now && session.createdAt == old.sessionID.timestamp)
    }

    @Test("the role in the token is the one of now")
    func role() async throws {
        let house = try ContentHouse()
        let old = try await house.register("ann")
        let root = try house.person("root", role: .admin)
        _ = try await house.users.setRole(
            UsersSetRoleParams(id: old.user.id, role: .moderator), house.call(.usersSetRole, root))
        #expect(try house.claims(old.accessToken).claims.role == "user")
        let new = try await house.refresh(old.refreshToken)
        #expect(try house.claims(new.accessToken).claims.role == "moderator")
    }

    @Test("it attaches only when asked, and looks at no caller")
    func attaches() async throws {
        let house = try ContentHouse()
        let grant = try await house.register("ann")
        let peer = ContentHouse.peer()
        let one = try await house.auth.refresh(
            AuthRefreshParams(refreshToken: grant.refreshToken),
            house.call(.authRefresh, on: peer, token: "no token"))
        #expect(peer.bound == nil)
        let two = try await house.auth.refresh(
            AuthRefreshParams(refreshToken: one.refreshToken, attach: true),
            house.call(.authRefresh, on: peer))
        #expect(try await house.whoami(on: peer).sessionID == two.sessionID)
    }

    // MARK: The three cases

    @Test("the lost answer: the same token and key give the same bytes again, for ten minutes")
    func lostAnswer() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        let old = try await house.register("ann")
        let first = try await house.refresh(old.refreshToken, key: "k")
        clock.pass(seconds: 599)
        #expect(wire(try await house.refresh(old.refreshToken, key: "k")) == wire(first))
        clock.pass(seconds: 1)
        #expect(
            await refusal { try await house.refresh(old.refreshToken, key: "k") }
                == "token_reused")
        #expect(await refusal { try await house.whoami(first.accessToken) } == "token_revoked")
    }

    @Test("the lost answer is given again after its successor was used, and ends nothing")
    func lostAnswerLate() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        let old = try await house.register("ann")
        let first = try await house.refresh(old.refreshToken, key: "1")
        clock.pass(minutes: 1)
        let second = try await house.refresh(first.refreshToken, key: "2")
        let third = try await house.refresh(second.refreshToken)
        #expect(wire(try await house.refresh(old.refreshToken, key: "1")) == wire(first))
        #expect(wire(try await house.refresh(first.refreshToken, key: "2")) == wire(second))
        #expect(try await house.whoami(third.accessToken).sessionID == old.sessionID)
        #expect(try await house.refresh(third.refreshToken).sessionID == old.sessionID)
    }

    @Test(
        "any other second use ends the session in that transaction: without a key, with another",
        arguments: [(nil, nil), ("1", nil), (nil, "1"), ("1", "2")] as [(String?, String?)])
    func reuse(_ first: String?, _ second: String?) async throws {
        let house = try ContentHouse()
        let old = try await house.register("ann")
        let other = try await house.login("ann")
        let new = try await house.refresh(old.refreshToken, key: first)
        #expect(try await house.whoami(new.accessToken).sessionID == old.sessionID)
        #expect(
            await refusal { try await house.refresh(old.refreshToken, key: second) }
                == "token_reused")
        #expect(try house.writer.writeNow { try $0.session(old.sessionID) } == nil)
        for token in [old.accessToken, new.accessToken] {
            #expect(await refusal { try await house.whoami(token) } == "token_revoked")
        }
        for token in [old.refreshToken, new.refreshToken] {
            #expect(
                await refusal { try await house.refresh(token, key: first) } == "token_revoked")
        }
        #expect(try await house.whoami(other.accessToken).sessionID == other.sessionID)
    }

    @Test("an ancestor of many uses ago is a second use too")
    func ancestor() async throws {
        let house = try ContentHouse(configure: { $0.refreshGraceSeconds = 60 })
        let first = try await house.register("ann")
        let second = try await house.refresh(first.refreshToken)
        let third = try await house.refresh(second.refreshToken)
        #expect(
            await refusal { try await house.refresh(first.refreshToken) } == "token_reused")
        #expect(await refusal { try await house.whoami(third.accessToken) } == "token_revoked")
    }

    @Test("a key that the session used with another token is refused, and the unspent one stays so")
    func mismatch() async throws {
        let house = try ContentHouse()
        let old = try await house.register("ann")
        let bob = try await house.register("bob")
        let new = try await house.refresh(old.refreshToken, key: "k")
        #expect(
            await refusal { try await house.refresh(new.refreshToken, key: "k") }
                == "idempotency_mismatch")
        #expect(try await house.whoami(new.accessToken).sessionID == old.sessionID)
        let next = try await house.refresh(new.refreshToken, key: "k2")
        #expect(next.sessionID == old.sessionID)
        #expect(try await house.refresh(bob.refreshToken, key: "k").user.username == "bob")
        // With a spent one it is a second use.
        #expect(
            await refusal { try await house.refresh(new.refreshToken, key: "k") }
                == "token_reused")
    }

    @Test("with a grace a second use has the same successor, never a fork, and only so long")
    func grace() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock, configure: { $0.refreshGraceSeconds = 10 })
        let old = try await house.register("ann")
        let new = try await house.refresh(old.refreshToken)
        clock.pass(seconds: 9)
        for key in [nil, "k"] {
            #expect(wire(try await house.refresh(old.refreshToken, key: key)) == wire(new))
        }
        clock.pass(seconds: 1)
        #expect(await refusal { try await house.refresh(old.refreshToken) } == "token_reused")
        #expect(await refusal { try await house.refresh(new.refreshToken) } == "token_revoked")
    }

    @Test("a grace is over once the successor was used")
    func graceUsed() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock, configure: { $0.refreshGraceSeconds = 60 })
        let old = try await house.register("ann")
        let new = try await house.refresh(old.refreshToken)
        let next = try await house.refresh(new.refreshToken)
        #expect(wire(try await house.refresh(new.refreshToken)) == wire(next))
        #expect(await refusal { try await house.refresh(old.refreshToken) } == "token_reused")
        #expect(await refusal { try await house.whoami(next.accessToken) } == "token_revoked")
    }

    // MARK: What does not hold

    @Test("what is not ours is invalid: any text, another key's, changed, or an access token")
    func invalid() async throws {
        let house = try ContentHouse()
        let grant = try await house.register("ann")
        let now = house.shared.wallClock.now().seconds
        let foreign = JWT.sign(
            RefreshTokenClaims(
                subject: grant.user.id, session: grant.sessionID, id: nothing, issuedAt: now,
                expiresAt: now + 1_000), policy: TokenPolicy(), key: .generate())
        let texts = [
            "", "no token", forged(grant.refreshToken), foreign, grant.accessToken,
            String(repeating: "x", count: 100_000),
        ]
        for text in texts {
            #expect(await refusal { try await house.refresh(text) } == "token_invalid")
        }
        #expect(try await house.refresh(grant.refreshToken).sessionID == grant.sessionID)
    }

    @Test("an expired one is revoked, never expired, and its session goes on")
    func expired() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        let grant = try await house.register("ann")
        let other = try await house.login("ann")
        clock.pass(seconds: 30 * 86_400 - 1)
        #expect(try await house.refresh(other.refreshToken).sessionID == other.sessionID)
        clock.pass(seconds: 1)
        #expect(await refusal { try await house.refresh(grant.refreshToken) } == "token_revoked")
        #expect(try house.writer.writeNow { try $0.session(grant.sessionID) } != nil)
    }

    @Test("a session ends 180 days after its log-in, and no token outlives it")
    func sessionEnds() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        var grant = try await house.register("ann")
        let end = grant.refreshExpiresAt + 150 * 86_400_000
        for _ in 0..<6 {
            clock.pass(days: 29)
            grant = try await house.refresh(grant.refreshToken)
            #expect(grant.refreshExpiresAt == min(end, clock.now + 30 * 86_400_000))
        }
        clock.pass(seconds: 6 * 86_400 - 1)
        grant = try await house.refresh(grant.refreshToken)
        #expect(grant.refreshExpiresAt == end)
        #expect(try await house.whoami(grant.accessToken).sessionID == grant.sessionID)
        clock.pass(seconds: 1)
        #expect(await refusal { try await house.whoami(grant.accessToken) } == "token_revoked")
        // A worker that does not remember the session reads its end, and a write judges it too.
        let other = try house.worker()
        #expect(
            await refusal {
                try await other.methods.auth.whoami(
                    AuthWhoamiParams(), house.call(.authWhoami, token: grant.accessToken))
            } == "token_revoked")
        #expect(
            await refusal {
                try await house.posts.create(
                    PostsCreateParams(body: "x"),
                    house.call(.postsCreate, token: grant.accessToken))
            } == "token_revoked")
        #expect(await refusal { try await house.refresh(grant.refreshToken) } == "token_revoked")
        let new = try await house.login("ann")
        #expect(try await house.sessions(new.accessToken).items.map(\.id) == [new.sessionID])
    }

    @Test("a token of a session that has ended is revoked, a spent one too")
    func ended() async throws {
        let house = try ContentHouse()
        let old = try await house.register("ann")
        let new = try await house.refresh(old.refreshToken, key: "k")
        _ = try await house.logout(new.accessToken)
        for token in [old.refreshToken, new.refreshToken] {
            #expect(await refusal { try await house.refresh(token, key: "k") } == "token_revoked")
        }
    }
}
