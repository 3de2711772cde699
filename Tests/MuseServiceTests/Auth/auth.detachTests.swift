// Tests of `auth.detach`.
internal import MentalMuseProtocol
internal import MuseBase
internal import Testing

@Suite struct AuthDetachTests {
    @Test("nobody is bound then, and the session goes on")
    func detaches() async throws {
        let house = try ContentHouse()
        let peer = ContentHouse.peer()
        _ = try await house.register("ann")
        let grant = try await house.login("ann", on: peer, attach: true)
        #expect(try await house.whoami(on: peer).user.username == "ann")
        _ = try await house.auth.detach(AuthDetachParams(), house.call(.authDetach, on: peer))
        #expect(await refusal { try await house.whoami(on: peer) } == "unauthenticated")
        #expect(try await house.whoami(grant.accessToken).sessionID == grant.sessionID)
    }

    @Test("it looks at no token: where nothing holds, and where nobody is bound")
    func anybody() async throws {
        let house = try ContentHouse()
        let peer = ContentHouse.peer()
        _ = try await house.register("ann")
        let grant = try await house.login("ann", on: peer, attach: true)
        _ = try await house.logout(grant.accessToken)
        for _ in 0..<2 {
            _ = try await house.auth.detach(
                AuthDetachParams(), house.call(.authDetach, on: peer, token: "no token"))
            #expect(peer.bound == nil)
        }
    }
}
