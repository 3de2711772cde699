// The model's test: the service in this process, over a store of its own on a temporary folder;
// params and answers are bytes, as on the wire. The clock is the test's.
internal import Foundation
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseJSON
internal import MuseRPC
internal import MuseSQL
internal import MuseSQLite
internal import MuseService
internal import MuseStore

/// One worker's service; gone with the value.
final class InProcess: ControlledTransport {
    private struct House {
        let writer: Writer
        let service: Service
    }

    private struct Clocks: Sendable {
        var wall: Int64 = 1_790_000_000_000
        var monotonic: Int64 = 1_000_000
    }

    private static let connectionsOfOneAddress = 5

    private let settings: ModelSettings
    private let folder: URL
    private let random: RandomSource
    private let clock = Lock(Clocks())
    private var house: House
    private var peers: [Int: Peer] = [:]
    private(set) var rest: RESTDoor

    init(_ settings: ModelSettings, seed: UInt64) throws {
        self.settings = settings
        // In memory where the system has such a folder: what is tested here is not the disk.
        let memory = URL(filePath: "/dev/shm")
        let isThere = FileManager.default.isWritableFile(atPath: memory.path)
        let base = isThere ? memory : FileManager.default.temporaryDirectory
        folder = base.appending(path: "muse-model-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        random = RandomSource.seeded(seed)
        rest = RESTDoor(seed: seed)
        house = try Self.open(settings, folder, random, clock)
    }

    deinit {
        close()
        try? FileManager.default.removeItem(at: folder)
    }

    // MARK: Starting and stopping

    private static func open(
        _ settings: ModelSettings, _ folder: URL, _ random: RandomSource, _ clock: Lock<Clocks>
    ) throws -> House {
        let wall = WallClock {
            Timestamp(milliseconds: clock.withLock { $0.wall })
        }
        let monotonic = MonotonicClock {
            UInt64(clock.withLock { $0.monotonic }) * 1_000_000
        }
        let driver = SQLiteDriver(path: folder.appending(path: "muse.db").path)
        _ = try Migrator(driver, clock: wall).run()
        var options = WriterOptions()
        options.clock = wall
        options.random = random
        // What the chores do is done when a step says so, and not whenever it happens.
        let writer = try Writer(driver, options: options) { tx throws(SQLError) in
            try tx.greatestID()
        }
        var configuration = ServiceConfiguration(limits: limits(settings))
        configuration.passwords = PasswordParameters(opsLimit: 1, memoryKiB: 8)
        // A limit of nought counts nothing.
        configuration.isLoopbackOnly = false
        configuration.isPrivate = settings.isPrivate
        configuration.isRegistrationOpen = settings.isRegistrationOpen
        configuration.refreshGraceSeconds = Int(settings.graceMilliseconds / 1_000)
        let shared = try ServiceShared(
            configuration: configuration, writer: writer,
            keys: try KeyRing(folder: folder.appending(path: "keys").path, now: wall.now()),
            hashes: HashPool(threads: 1), wallClock: wall, monotonicClock: monotonic)
        return House(writer: writer, service: try Service(shared: shared))
    }

    private static func limits(_ settings: ModelSettings) -> Limits {
        Limits(
            lineBytesMax: 1 << 20, answerBytesMax: 4 << 20, nestingMax: 32, batchMax: 100,
            inFlightMax: 128, outputBytesMax: 1 << 20, outputStallSeconds: 30,
            bufferBytesMax: 1 << 30, lineSeconds: 30, tlsHandshakeSeconds: 10, idleSeconds: 900,
            connectionsMax: 10_000, connectionsPerAddressMax: 1_000, hashQueueMax: 64,
            writeQueueMax: 10_000, logBytesMax: 256_000_000,
            loginFailuresMax: settings.failuresOfName,
            loginFailuresAddressMax: settings.failuresOfAddress,
            loginWindowSeconds: settings.failureWindowMilliseconds / 1_000,
            registrationsPerHourMax: 0, writesPerMinuteMax: settings.writesPerMinute,
            requestsPerSecondMax: 0,
            offencesMax: 32, unparsableLinesMax: 16, shutdownSeconds: 10)
    }

    private func close() {
        house.service.core.store.close()
        house.writer.shutdown()
    }

    func restart() throws {
        close()
        peers = [:]
        house = try Self.open(settings, folder, random, clock)
    }

    // MARK: The clock and the chores

    var clocks: (wall: Int64, monotonic: Int64) {
        clock.withLock { ($0.wall, $0.monotonic) }
    }

    func advance(wall: Int64, monotonic: Int64) {
        clock.withLock { clocks in
            clocks.wall += wall
            clocks.monotonic += monotonic
        }
    }

    func removeDeleted(rows: Int) throws -> Bool {
        try house.writer.writeNow { try $0.removeDeleted(rowsMax: rows) }
    }

    func sweep() throws {
        for chore in Housekeeping.chores(house.writer.options.keys) {
            while try house.writer.writeNow({ try chore.slice($0) }) {}
        }
    }

    func wrongCounts() throws -> [String] {
        try house.writer.writeNow { tx in
            try tx.wrongCounts().map { "\($0.name): \($0.rows) rows" }
        }
    }

    // MARK: Calls

    func address(of connection: Int) -> String { peerAddress(connection).text }

    private func peerAddress(_ connection: Int) -> NetworkAddress {
        connection < Self.connectionsOfOneAddress ? .ipv4(0x7F00_0001) : .ipv4(0xC000_0207)
    }

    private func peer(_ connection: Int) -> Peer {
        if let peer = peers[connection] { return peer }
        let peer = Peer(
            id: UInt64(connection + 2), transport: connection < 0 ? .admin : .tcp,
            address: peerAddress(connection))
        peers[connection] = peer
        return peer
    }

    func call(as caller: Caller, _ method: String, _ params: JSONValue) async throws -> Answer {
        guard let id = MethodID.allCases.first(where: { $0.name == method }) else {
            throw NotAMethod(name: method)
        }
        let peer = peer(caller.connection)
        // A connection of HTTP has nobody bound to it.
        if caller.connection >= 0, caller.token != nil || peer.bound == nil,
            let request = rest.request(as: caller, id, params)
        {
            house.service.endPass()
            let other = Peer(id: peer.id, transport: .http, address: peer.address)
            return try await RESTDoor.call(request, other, house.service.methods)
        }
        let bytes = Array(params.with(caller).text().utf8)
        let decoded = Invocation.decode(
            method: id, bytes: bytes.span, params: 0..<bytes.count, issuesMax: 32)
        let binds = decoded.binds || id.effect == .session
        house.service.endPass()
        var writer = JSONWriter()
        do throws(RPCError) {
            guard let invocation = decoded.invocation else {
                throw RPCError.invalidParams(
                    errors: decoded.issues.issues.map {
                        MentalMuseProtocol.Offence(
                            path: $0.path, rule: $0.rule, expected: $0.expected)
                    })
            }
            let call = Call(method: id, peer: peer, meta: decoded.meta, arrivedAt: 0)
            try await perform(
                invocation, call, methods: house.service.methods, into: &writer)
            return .result(try read(writer))
        } catch {
            // The server does this where a connection's calls end.
            if binds { peer.bound = nil }
            var refusal = JSONWriter()
            error.write(into: &refusal)
            return .refusal(try JSONValue(refusal.string()))
        }
    }

    private func read(_ writer: borrowing JSONWriter) throws(RPCError) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue(writer.string())
        } catch {
            throw RPCError.internal(incident: "an answer that is no JSON: \(writer.string())")
        }
    }
}

struct NotAMethod: Error {
    let name: String
}

extension JSONValue {
    /// These params with the caller's token and key in `_meta`.
    func with(_ caller: Caller) -> JSONValue {
        var meta = caller.moreMeta
        if let token = caller.token { meta.append(.init("access_token", .string(token))) }
        if let key = caller.key { meta.append(.init("idempotency_key", .string(key))) }
        guard !meta.isEmpty, case .object(let members) = self else { return self }
        return .object(members + [.init("_meta", .object(meta))])
    }
}
