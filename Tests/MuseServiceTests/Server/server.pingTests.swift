// Tests of `server.ping`.
internal import MentalMuseProtocol
internal import MuseBase
internal import Testing

@Suite struct ServerPingTests {
    @Test("it answers anybody, and looks at no token")
    func pong() async throws {
        let house = try ContentHouse()
        let peer = ContentHouse.peer()
        _ = try await house.register("ann")
        let grant = try await house.login("ann", on: peer, attach: true)
        _ = try await house.logout(grant.accessToken)
        for token in [nil, "no token"] {
            #expect(
                try house.server.ping(
                    ServerPingParams(), house.call(.serverPing, on: peer, token: token)) == "pong")
        }
    }
}
