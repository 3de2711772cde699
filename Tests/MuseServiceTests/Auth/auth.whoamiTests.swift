// Tests of `auth.whoami`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseService
internal import MuseStore
internal import Testing

@Suite struct AuthWhoamiTests {
    @Test("it shows the caller whole, as it is now, with the session and the token's end")
    func whole() async throws {
        let house = try ContentHouse()
        let grant = try await house.auth.register(
            AuthRegisterParams(username: "ann", password: rightPassword, email: "a@b"),
            house.call(.authRegister, token: nil))
        _ = try await house.users.update(
            UsersUpdateParams(bio: "new"), house.call(.usersUpdate, token: grant.accessToken))
        let caller = try await house.whoami(grant.accessToken)
        #expect(caller.user.bio == "new" && caller.user.email == .some("a@b"))
        #expect(caller.user.ban == .some(nil))
        #expect(caller.sessionID == grant.sessionID && caller.expiresAt == grant.accessExpiresAt)
    }

    @Test("each token that does not hold has its own refusal")
    func refusals() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        let grant = try await house.register("ann")
        #expect(await refusal { try await house.whoami(nil) } == "unauthenticated")
        for token in ["", "a.b.c", forged(grant.accessToken), grant.refreshToken] {
            #expect(await refusal { try await house.whoami(token) } == "token_invalid")
        }
        let other = try await house.login("ann")
        _ = try await house.logout(other.accessToken)
        #expect(await refusal { try await house.whoami(other.accessToken) } == "token_revoked")
        #expect(try await house.whoami(grant.accessToken).sessionID == grant.sessionID)
        clock.pass(minutes: 15)
        #expect(await refusal { try await house.whoami(grant.accessToken) } == "token_expired")
    }

    @Test("a token that says another's session, or no session, is revoked, though we signed it")
    func mismatched() async throws {
        let house = try ContentHouse()
        let (ann, bob) = (try await house.register("ann"), try await house.register("bob"))
        let now = house.shared.wallClock.now()
        let key = try #require(house.shared.keys.snapshot(now: now).keys.signing)
        for session in [bob.sessionID, nothing] {
            let token = JWT.sign(
                AccessTokenClaims(
                    subject: ann.user.id, session: session, id: nothing, role: "user",
                    issuedAt: now.seconds, expiresAt: now.seconds + 900), policy: TokenPolicy(),
                key: key)
            #expect(await refusal { try await house.whoami(token) } == "token_revoked")
            #expect(
                await refusal {
                    try await house.posts.create(
                        PostsCreateParams(body: "x"), house.call(.postsCreate, token: token))
                } == "token_revoked")
        }
    }

    @Test("a role holds at once, whatever the token says")
    func role() async throws {
        let house = try ContentHouse()
        let root = try house.person("root", role: .admin)
        let grant = try await house.register("ann")
        func metrics() async -> String? {
            await refusal {
                try await house.server.metrics(
                    ServerMetricsParams(), house.call(.serverMetrics, token: grant.accessToken))
            }
        }
        #expect(await metrics() == "permission_denied")
        for (role, wanted) in [(Role.admin, nil), (.user, "permission_denied")] {
            _ = try await house.users.setRole(
                UsersSetRoleParams(id: grant.user.id, role: role), house.call(.usersSetRole, root))
            #expect(await metrics() == wanted)
            #expect(try await house.whoami(grant.accessToken).user.role == role)
        }
    }
}
