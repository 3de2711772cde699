// Tests of `server.metrics`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseService
internal import MuseStore
internal import Testing

@Suite struct ServerMetricsTests {
    private func metrics(
        _ house: ContentHouse, _ who: ContentHouse.Person?
    ) async throws -> Metrics {
        try await house.server.metrics(ServerMetricsParams(), house.call(.serverMetrics, who))
    }

    @Test("they are for admins alone, and the caller is judged before the role")
    func access() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        let mod = try house.person("mod", role: .moderator)
        let root = try house.person("root", role: .admin)
        #expect(await refusal { try await metrics(house, nil) } == "unauthenticated")
        for who in [ann, mod] {
            #expect(await refusal { try await metrics(house, who) } == "permission_denied")
        }
        #expect(await refusal { try await metrics(house, root) } == nil)
        _ = try await house.auth.logout(AuthLogoutParams(), house.call(.authLogout, mod))
        #expect(await refusal { try await metrics(house, mod) } == "token_revoked")
    }

    @Test("the operator reads them without an account, and as whoever his token names")
    func operatorReads() async throws {
        let house = try ContentHouse()
        let server = house.server
        let call = house.operatorCall(.serverMetrics)
        #expect(await refusal { _ = try await server.metrics(ServerMetricsParams(), call) } == nil)
        let ann = try await house.register("ann")
        var meta = Meta()
        meta.accessToken = ann.accessToken
        let asAnn = Call(method: .serverMetrics, peer: call.peer, meta: meta, arrivedAt: 0)
        #expect(
            await refusal { _ = try await server.metrics(ServerMetricsParams(), asAnn) }
                == "permission_denied")
    }

    @Test("the service fills in time, writer and hashes, whatever the server counts")
    func filled() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        let root = try house.person("root", role: .admin)
        let before = try await metrics(house, root)
        #expect(before.time == clock.now && before.uptimeMs == 0 && before.connections == 0)
        var counted = before
        counted.connections = 12
        counted.hashes = 1_000_000
        counted.methods = [
            MethodMetrics(
                method: "auth.login", requests: 3, errors: 1, p50Us: 1, p99Us: 2, maxUs: 3)
        ]
        var control = house.shared.control
        let figures = counted
        control.metrics = { figures }
        house.shared.control = control
        clock.pass(seconds: 3)
        _ = try await house.register("ann")
        var asked = 0
        let hashes = await house.hashesDone(&asked)
        let after = try await metrics(house, root)
        #expect(after.connections == 12 && after.methods == counted.methods)
        #expect(after.time == clock.now && after.uptimeMs == 3_000)
        #expect(after.writer.writes > before.writer.writes)
        #expect(after.writer.groups > before.writer.groups)
        #expect(hashes - before.hashes == 1 && after.hashes >= hashes && after.hashes < 1_000_000)
    }
}
