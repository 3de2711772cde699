// Tests of callers behind a gateway that the server trusts: limits and sessions go by the address
// that it names.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseService
internal import Testing

@Suite struct GatewayTests {
    private let gateway = Peer(
        id: 9, transport: .tcp, address: .ipv4(0x0A00_0001), isTrustedProxy: true)

    private func login(
        _ house: ContentHouse, _ password: String, from address: String, on peer: Peer
    ) async throws -> Grant {
        try await house.auth.login(
            AuthLoginParams(username: "ann", password: password),
            house.call(.authLogin, on: peer, from: address))
    }

    @Test("failures of one caller lock no other out who comes through the same gateway")
    func failures() async throws {
        let house = try ContentHouse()
        _ = try await house.register("ann")
        for _ in 1...3 {
            #expect(
                await refusal {
                    try await login(house, "wrong", from: "192.0.2.1", on: gateway)
                } == "bad_credentials")
        }
        #expect(
            await refusal {
                try await login(house, rightPassword, from: "192.0.2.1", on: gateway)
            } == "rate_limited")
        let grant = try await login(house, rightPassword, from: "192.0.2.2", on: gateway)
        let sessions = try await house.sessions(grant.accessToken)
        #expect(sessions.items.contains { $0.current && $0.address == "192.0.2.2" })
    }

    @Test("who is not trusted names nobody, whatever the call says")
    func untrusted() async throws {
        let house = try ContentHouse()
        _ = try await house.register("ann")
        let peer = Peer(id: 9, transport: .tcp, address: .ipv4(0x0A00_0001))
        for number in 1...3 {
            #expect(
                await refusal {
                    try await login(house, "wrong", from: "192.0.2.\(number)", on: peer)
                } == "bad_credentials")
        }
        #expect(
            await refusal {
                try await login(house, rightPassword, from: "192.0.2.9", on: peer)
            } == "rate_limited")
    }
}
