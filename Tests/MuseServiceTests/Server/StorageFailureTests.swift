// Tests of a disk that fails: what the client hears, and what the log says.
internal import Foundation
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseRPC
internal import MuseSQLite
internal import MuseService
internal import Testing

@Suite struct StorageFailureTests {
    @Test("a sync that fails is unavailable, and the log says why, at most once a second")
    func unavailable() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        let ann = try house.person("ann")
        let lines = Lock<[String]>([])
        var control = house.shared.control
        control.log = { event, members in
            let cause = members.first { $0.0 == "cause" }?.1 ?? ""
            lines.withLock { $0.append("\(event) \(cause)") }
        }
        house.shared.control = control
        let driver = SQLiteDriver(path: house.folder.appending(path: "muse.db").path)
        let meter = try #require(driver.syncMeter)

        func refused() async throws {
            meter.failNext(1)
            let error = await #expect(throws: RPCError.self) { _ = try await house.post(ann) }
            #expect(error?.code == 1_601)
        }

        clock.pass(seconds: 2)
        try await refused()
        #expect(lines.withLock { $0 }.count == 1)
        #expect(lines.withLock { $0 }.allSatisfy { $0.hasPrefix("storage_failed \"") })
        #expect(lines.withLock { $0 }.first?.contains("I/O") == true)
        try await refused()
        #expect(lines.withLock { $0 }.count == 1)
        clock.pass(seconds: 1)
        try await refused()
        #expect(lines.withLock { $0 }.count == 2)
        _ = try await house.post(ann)
    }
}
