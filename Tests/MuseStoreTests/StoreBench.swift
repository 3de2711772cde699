// Tests of the store room: a database of its own for each, with a table of numbers beside the real
// ones.
internal import Foundation
internal import MuseBase
internal import MuseSQL
internal import MuseSQLite
internal import MuseStore
internal import Testing

/// A new folder, gone with the value.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "muse-store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func file(_ name: String = "muse.db") -> String { "\(path)/\(name)" }

    /// What a crash at this moment leaves: the database and its log, without the index of the log.
    func crashCopy() throws -> TemporaryFolder {
        let copy = try TemporaryFolder()
        for name in ["muse.db", "muse.db-wal"]
        where FileManager.default.fileExists(atPath: file(name)) {
            try FileManager.default.copyItem(atPath: file(name), toPath: copy.file(name))
        }
        return copy
    }
}

/// A clock that stands where it is set.
final class TestClock: Sendable {
    private let time: Lock<Int64>

    init(_ milliseconds: Int64 = 1_700_000_000_000) { time = Lock(milliseconds) }

    func set(_ milliseconds: Int64) { time.withLock { $0 = milliseconds } }

    var clock: WallClock {
        WallClock { [self] in Timestamp(milliseconds: time.withLock { $0 }) }
    }
}

typealias Write<R> = @Sendable (StoreTransaction) throws -> R

/// A migrated database with a table `numbers`, and its writer.
final class StoreBench: Sendable {
    let folder: TemporaryFolder
    let driver: SQLiteDriver
    let writer: Writer

    /// - Parameters:
    ///   - wrap: puts something between the writer and the driver.
    init(
        options: WriterOptions = WriterOptions(), chores: [WriterChore] = [],
        wrap: (SQLiteDriver) -> any SQLDriver = { $0 }
    ) throws {
        folder = try TemporaryFolder()
        driver = SQLiteDriver(path: folder.file())
        _ = try Migrator(driver).run()
        let setup = try driver.open(.writer)
        try setup.execute("CREATE TABLE numbers(n INTEGER NOT NULL UNIQUE, body TEXT) STRICT")
        setup.close()
        writer = try Writer(wrap(driver), options: options, chores: chores)
    }

    deinit {
        writer.shutdown()
    }

    /// All numbers, on a new connection.
    func numbers(_ path: String? = nil) throws -> [Int64] {
        let connection = try SQLiteDriver(path: path ?? driver.path).open(.reader)
        defer { connection.close() }
        return try connection.numbers()
    }

    /// What a crash now would leave.
    func numbersAfterCrash() throws -> [Int64] {
        let copy = try folder.crashCopy()
        return try numbers(copy.file())
    }

    /// Has the writer run the `writes` as one group: the writer is held in a write of its own until
    /// all of them have queued, in their order.
    /// - Returns: their results, in that order.
    func group<R: Sendable>(
        _ writes: [Write<R>]
    ) -> [Result<R, any Error>] {
        let held = Signal(false)
        let entered = Signal(false)
        let left = Signal(writes.count + 1)
        let results = Lock([Result<R, any Error>?](repeating: nil, count: writes.count))
        let writer = writer
        Thread.start {
            try? writer.writeNow { _ in
                entered.change { $0 = true }
                held.wait { $0 ? () : nil }
            }
            left.change { $0 -= 1 }
        }
        entered.wait { $0 ? () : nil }
        for (index, write) in writes.enumerated() {
            Thread.start {
                let result = Result { try writer.writeNow(write) }
                results.withLock { $0[index] = result }
                left.change { $0 -= 1 }
            }
            while writer.figures.queued < UInt64(index + 1) { yieldThread() }
        }
        held.change { $0 = true }
        left.wait { $0 == 0 ? () : nil }
        return results.withLock { $0 }.compactMap { $0 }
    }
}

extension StoreBench {
    /// One write a number, as one group.
    func group<R: Sendable>(
        _ numbers: ClosedRange<Int64>,
        _ write: @escaping @Sendable (StoreTransaction, Int64) throws -> R
    ) -> [Result<R, any Error>] {
        var writes: [Write<R>] = []
        for number in numbers { writes.append({ tx in try write(tx, number) }) }
        return group(writes)
    }
}

func yieldThread() { usleep(50) }

/// Goes on when `condition` holds; fails the test if it does not within a long time.
func eventually(_ condition: () -> Bool, _ comment: Comment? = nil) {
    let clock = MonotonicClock.system
    let end = clock.nanoseconds() + 60_000_000_000
    while !condition() {
        guard clock.nanoseconds() < end else {
            Issue.record(comment ?? "it did not happen")
            return
        }
        yieldThread()
    }
}

struct Refusal: Error, Equatable {}

extension StoreTransaction {
    func insert(_ number: Int64, body: String? = nil) throws(SQLError) {
        let statement = try statement("INSERT INTO numbers(n, body) VALUES(?, ?)")
        defer { statement.reset() }
        statement.bind(1, number)
        statement.bind(2, text: body)
        try statement.run()
    }

    func numbers() throws(SQLError) -> [Int64] { try connection.numbers() }
}

extension SQLConnection {
    func numbers() throws(SQLError) -> [Int64] {
        let statement = try statement("SELECT n FROM numbers ORDER BY n")
        defer { statement.reset() }
        var numbers: [Int64] = []
        while try statement.step() { numbers.append(statement.int(0)) }
        return numbers
    }
}

extension Result {
    var writerError: WriterError? {
        if case .failure(let error) = self { return error as? WriterError }
        return nil
    }

    var isSuccess: Bool { if case .success = self { true } else { false } }
}
