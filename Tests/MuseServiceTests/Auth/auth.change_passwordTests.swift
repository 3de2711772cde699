// Tests of `auth.change_password`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseService
internal import MuseStore
internal import Testing

@Suite struct AuthChangePasswordTests {
    @Test("the calling session goes on under its id with a new pair; all others end")
    func ends() async throws {
        let house = try ContentHouse()
        let old = try await house.register("ann")
        let other = try await house.login("ann")
        let bob = try await house.register("bob")
        let new = try await house.changePassword(old.accessToken)
        #expect(new.sessionID == old.sessionID && new.refreshToken != old.refreshToken)
        for token in [old.accessToken, new.accessToken] {
            #expect(try await house.whoami(token).sessionID == old.sessionID)
        }
        #expect(await refusal { try await house.whoami(other.accessToken) } == "token_revoked")
        #expect(await refusal { try await house.refresh(other.refreshToken) } == "token_revoked")
        #expect(try await house.whoami(bob.accessToken).user.username == "bob")
        #expect(await refusal { try await house.login("ann") } == "bad_credentials")
        #expect(try await house.login("ann", newPassword).user.id == old.user.id)
        #expect(try await house.refresh(new.refreshToken).sessionID == old.sessionID)
    }

    @Test("the refresh token that it replaces counts as spent")
    func spent() async throws {
        let house = try ContentHouse()
        let old = try await house.register("ann")
        let new = try await house.changePassword(old.accessToken)
        #expect(await refusal { try await house.refresh(old.refreshToken) } == "token_reused")
        #expect(await refusal { try await house.whoami(new.accessToken) } == "token_revoked")
    }

    @Test("to the refresh token that it replaces no time of grace is due")
    func graceless() async throws {
        let house = try ContentHouse(configure: { $0.refreshGraceSeconds = 60 })
        let old = try await house.register("ann")
        let new = try await house.changePassword(old.accessToken)
        #expect(await refusal { try await house.refresh(old.refreshToken) } == "token_reused")
        #expect(await refusal { try await house.whoami(new.accessToken) } == "token_revoked")
    }

    @Test("the old password is wanted before the new one is judged; a refusal changes nothing")
    func refusals() async throws {
        let house = try ContentHouse()
        let grant = try await house.register("ann_with_name")
        let token = grant.accessToken
        func change(_ old: String, _ new: String, _ token: String?) async -> String? {
            await refusal { try await house.changePassword(token, from: old, to: new) }
        }
        #expect(await change("wrong", "1234567890", nil) == "unauthenticated")
        #expect(await change("wrong", "1234567890", token) == "bad_credentials")
        #expect(await change(rightPassword, "1234567890", token) == "weak_password")
        #expect(await change(rightPassword, "my ANN_WITH_NAME", token) == "weak_password")
        #expect(try await house.login("ann_with_name").user.id == grant.user.id)
        #expect(try await house.refresh(grant.refreshToken).sessionID == grant.sessionID)
    }

    @Test("a repeat gives the same grant to whoever knows the new password, for ten minutes")
    func repeated() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        let old = try await house.register("ann")
        let new = try await house.changePassword(old.accessToken, key: "k")
        let token = new.accessToken
        clock.pass(seconds: 599)
        #expect(try await house.changePassword(token, key: "k") == new)
        #expect(
            await refusal {
                try await house.changePassword(
                    token, from: newPassword, to: rightPassword, key: "k")
            } == "bad_credentials")
        // What it was changed from is not looked at again.
        #expect(try await house.changePassword(token, from: "wrong", key: "k") == new)
        clock.pass(seconds: 1)
        #expect(
            await refusal { try await house.changePassword(token, key: "k") } == "bad_credentials")
    }

    @Test("the wrong passwords of repeats are counted")
    func repeatedWrong() async throws {
        let house = try ContentHouse()
        let grant = try await house.register("ann")
        _ = try await house.changePassword(grant.accessToken, key: "k")
        for _ in 0..<3 {
            #expect(
                await refusal {
                    try await house.changePassword(
                        grant.accessToken, to: "not the new word", key: "k")
                } == "bad_credentials")
        }
        #expect(
            await refusal { try await house.changePassword(grant.accessToken, key: "k") }
                == "rate_limited")
    }

    @Test("a repeat after the session has ended is told so, and the key is the caller's own")
    func repeatedEnded() async throws {
        let house = try ContentHouse()
        let grant = try await house.register("ann")
        _ = try await house.changePassword(grant.accessToken, key: "k")
        #expect(
            await refusal {
                try await house.posts.create(
                    PostsCreateParams(body: "x"),
                    house.call(.postsCreate, token: grant.accessToken, key: "k"))
            } == "idempotency_mismatch")
        let bob = try await house.register("bob")
        #expect(try await house.changePassword(bob.accessToken, key: "k").user.username == "bob")
        _ = try await house.logout(grant.accessToken)
        #expect(
            await refusal { try await house.changePassword(grant.accessToken, key: "k") }
                == "token_revoked")
    }
}
