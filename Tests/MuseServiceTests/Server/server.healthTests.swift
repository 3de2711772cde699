// Tests of `server.health`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseService
internal import MuseStore
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
        #expect(health.parts.map(\.name) == ["store", "log", "idempotency_keys", "hashes", "keys"])
        #expect(health.parts.allSatisfy { $0.status == "ok" && $0.detail == nil })
    }

    @Test("the whole is as well as its worst part")
    func worst() throws {
        let house = try ContentHouse { $0.hashQueueMax = 0 }
        let health = try health(house)
        #expect(health.status == "degraded")
        #expect(health.parts.filter { $0.status != "ok" }.map(\.name) == ["hashes"])
    }

    @Test("keys that are forgotten before their time are told")
    func forgetting() throws {
        let house = try ContentHouse(writerOptions: { $0.keys = KeyCensus(max: 1) })
        let keys = house.writer.options.keys
        for number in [0, 2, 2] {
            try house.writer.writeNow { tx in
                for key in 0..<number {
                    try tx.rememberCall(
                        RememberedCall(
                            method: "m", fingerprint: [], ids: [], createdAt: tx.now,
                            expiresAt: tx.now + 1_000), owner: [1], key: "\(key)")
                }
                _ = try keys.chore.slice(tx)
            }
        }
        let degraded = try health(house).parts.filter { $0.status != "ok" }
        #expect(degraded.map(\.name) == ["idempotency_keys"])
        #expect(degraded.allSatisfy { $0.detail?.contains("before their time") ?? false })
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
