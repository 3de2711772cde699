// Tests of `server.health`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseService
internal import Testing

@Suite struct ServerHealthTests {
    private func health(_ house: ContentHouse) throws -> Health {
        try house.server.health(ServerHealthParams(), house.call(.serverHealth, token: "no token"))
    }

    @Test("all is well, part by part")
    func well() throws {
        let house = try ContentHouse()
        let health = try health(house)
        #expect(health.status == "ok")
        #expect(health.parts.map(\.name) == ["store", "log", "hashes", "keys"])
        #expect(health.parts.allSatisfy { $0.status == "ok" && $0.detail == nil })
    }

    @Test("the whole is as well as its worst part")
    func worst() throws {
        let house = try ContentHouse { $0.hashQueueMax = 0 }
        let health = try health(house)
        #expect(health.status == "degraded")
        #expect(health.parts.filter { $0.status != "ok" }.map(\.name) == ["hashes"])
    }

    @Test("a shutdown under way is told before all else")
    func draining() throws {
        let house = try ContentHouse { $0.hashQueueMax = 0 }
        var control = house.shared.control
        control.isDraining = { true }
        house.shared.control = control
        let health = try health(house)
        #expect(health.status == "draining")
        #expect(health.parts.last == HealthPart(name: "server", status: "draining", detail: nil))
    }
}
