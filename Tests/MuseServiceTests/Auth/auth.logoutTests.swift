// Tests of `auth.logout`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseService
internal import MuseStore
internal import Testing

@Suite struct AuthLogoutTests {
    @Test("it ends the caller's session; the connection stays bound, and is told")
    func own() async throws {
        let house = try ContentHouse()
        let peer = ContentHouse.peer()
        _ = try await house.register("ann")
        let grant = try await house.login("ann", on: peer, attach: true)
        let other = try await house.login("ann")
        _ = try await house.auth.logout(AuthLogoutParams(), house.call(.authLogout, on: peer))
        #expect(peer.bound != nil)
        #expect(await refusal { try await house.whoami(on: peer) } == "token_revoked")
        #expect(await refusal { try await house.whoami(grant.accessToken) } == "token_revoked")
        #expect(await refusal { try await house.refresh(grant.refreshToken) } == "token_revoked")
        #expect(try await house.whoami(other.accessToken).sessionID == other.sessionID)
        _ = try await house.auth.logout(AuthLogoutParams(), house.call(.authLogout, on: peer))
    }

    @Test("an expired access token will do for its own session, given or bound")
    func expired() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        let given = try await house.register("ann")
        let peer = ContentHouse.peer()
        let bound = try await house.login("ann", on: peer, attach: true)
        clock.pass(minutes: 20)
        _ = try await house.logout(given.accessToken)
        _ = try await house.auth.logout(AuthLogoutParams(), house.call(.authLogout, on: peer))
        for grant in [given, bound] {
            #expect(
                await refusal { try await house.refresh(grant.refreshToken) } == "token_revoked")
        }
    }

    @Test("a refresh token ends its session, whoever calls: unspent, spent or expired")
    func byRefreshToken() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        let old = try await house.register("ann")
        let bob = try await house.register("bob")
        let new = try await house.refresh(old.refreshToken)
        _ = try await house.logout(bob.accessToken, refresh: old.refreshToken)
        #expect(await refusal { try await house.whoami(new.accessToken) } == "token_revoked")
        #expect(try await house.whoami(bob.accessToken).user.username == "bob")
        _ = try await house.logout(nil, refresh: bob.refreshToken)
        #expect(await refusal { try await house.whoami(bob.accessToken) } == "token_revoked")
        let third = try await house.login("ann")
        clock.pass(days: 31)
        _ = try await house.logout(nil, refresh: third.refreshToken)
        #expect(try house.writer.writeNow { try $0.session(third.sessionID) } == nil)
    }

    @Test("all ends all of that user's sessions, and nobody else's")
    func all() async throws {
        let house = try ContentHouse()
        let one = try await house.register("ann")
        let two = try await house.login("ann")
        let bob = try await house.register("bob")
        _ = try await house.logout(two.accessToken, all: true)
        for token in [one.accessToken, two.accessToken] {
            #expect(await refusal { try await house.whoami(token) } == "token_revoked")
        }
        #expect(try await house.whoami(bob.accessToken).user.username == "bob")
        let three = try await house.login("ann")
        let four = try await house.login("ann")
        _ = try await house.logout(nil, refresh: three.refreshToken, all: true)
        #expect(await refusal { try await house.whoami(four.accessToken) } == "token_revoked")
    }

    @Test("all takes a token that is live; otherwise its own refusal, and nothing ends")
    func allLive() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        let old = try await house.register("ann")
        let peer = ContentHouse.peer()
        _ = try await house.login("ann", on: peer, attach: true)
        let gone = try await house.login("ann")
        _ = try await house.logout(gone.accessToken)
        let new = try await house.refresh(old.refreshToken)
        func all(_ token: String?, refresh: String? = nil) async -> String? {
            await refusal { try await house.logout(token, refresh: refresh, all: true) }
        }
        #expect(await all(nil, refresh: old.refreshToken) == "token_revoked")
        #expect(await all(gone.accessToken) == "token_revoked")
        #expect(await all(nil, refresh: gone.refreshToken) == "token_revoked")
        #expect(await all(forged(new.accessToken)) == "token_invalid")
        #expect(await all(nil, refresh: forged(new.refreshToken)) == "token_invalid")
        #expect(await all(nil, refresh: new.accessToken) == "token_invalid")
        #expect(await all(nil) == "unauthenticated")
        clock.pass(minutes: 15)
        #expect(await all(new.accessToken) == "token_expired")
        #expect(
            await refusal {
                try await house.auth.logout(
                    AuthLogoutParams(all: true), house.call(.authLogout, on: peer))
            } == "token_expired")
        let live = try await house.refresh(new.refreshToken)
        #expect(try await house.sessions(live.accessToken).items.count == 2)
        clock.pass(days: 30)
        #expect(await all(nil, refresh: live.refreshToken) == "token_expired")
    }

    @Test("nobody has nothing to log out, and an unknown token ends nothing")
    func nobody() async throws {
        let house = try ContentHouse()
        let grant = try await house.register("ann")
        #expect(await refusal { try await house.logout(nil) } == "unauthenticated")
        for token in ["no token", forged(grant.accessToken), grant.refreshToken] {
            #expect(await refusal { try await house.logout(token) } == nil)
        }
        for token in ["no token", forged(grant.refreshToken), grant.accessToken] {
            #expect(await refusal { try await house.logout(nil, refresh: token) } == nil)
        }
        #expect(try await house.whoami(grant.accessToken).user.username == "ann")
    }

    @Test("a given token that is unknown does not stand for the bound one")
    func givenFirst() async throws {
        let house = try ContentHouse()
        _ = try await house.register("ann")
        let peer = ContentHouse.peer()
        _ = try await house.login("ann", on: peer, attach: true)
        _ = try await house.auth.logout(
            AuthLogoutParams(), house.call(.authLogout, on: peer, token: "no token"))
        #expect(try await house.whoami(on: peer).user.username == "ann")
        _ = try await house.auth.logout(
            AuthLogoutParams(refreshToken: "no token"), house.call(.authLogout, on: peer))
        #expect(try await house.whoami(on: peer).user.username == "ann")
    }

    @Test("a bound token of a retired key is as unknown as a given one")
    func retiredKey() async throws {
        let house = try ContentHouse()
        let thief = ContentHouse.peer()
        _ = try await house.register("ann")
        let grant = try await house.login("ann", on: thief, attach: true)
        let keyID = try house.claims(grant.accessToken).keyID
        try house.shared.keys.retire(keyID, now: house.shared.wallClock.now())
        let new = try await house.login("ann")
        for (all, wanted) in [(true, "token_invalid"), (false, nil)] as [(Bool, String?)] {
            let bound = await refusal {
                try await house.auth.logout(
                    AuthLogoutParams(all: all), house.call(.authLogout, on: thief))
            }
            #expect(bound == wanted)
            let given = await refusal { try await house.logout(grant.accessToken, all: all) }
            #expect(given == wanted)
        }
        #expect(try await house.sessions(new.accessToken).items.count == 3)
    }
}
