// Tests of the SQLite room: a folder of their own for each.
internal import Foundation
internal import MuseSQL
internal import MuseSQLite

/// A new folder, gone with the value.
final class TemporaryFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "muse-sqlite-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func file(_ name: String = "muse.db") -> String { "\(path)/\(name)" }

    func mode(_ name: String) throws -> Int {
        let facts = try FileManager.default.attributesOfItem(atPath: file(name))
        return (facts[.posixPermissions] as? Int) ?? 0
    }

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

/// A database with one table of numbers, and a connection that writes.
struct Bench {
    let folder: TemporaryFolder
    let driver: SQLiteDriver
    let writer: any SQLConnection

    init() throws {
        folder = try TemporaryFolder()
        driver = SQLiteDriver(path: folder.file())
        writer = try driver.open(.writer)
        try writer.execute("CREATE TABLE numbers(n INTEGER NOT NULL UNIQUE) STRICT")
    }

    func insert(_ number: Int64) throws {
        let statement = try writer.statement("INSERT INTO numbers VALUES(?)")
        statement.bind(1, number)
        try statement.run()
    }

    func commit(_ number: Int64) throws {
        try writer.beginWrite()
        try insert(number)
        try writer.commit()
    }
}

extension SQLConnection {
    func numbers() throws -> [Int64] {
        let statement = try statement("SELECT n FROM numbers ORDER BY n")
        defer { statement.reset() }
        var numbers: [Int64] = []
        while try statement.step() { numbers.append(statement.int(0)) }
        return numbers
    }

    func pragma(_ name: String) throws -> String {
        let statement = try prepare("PRAGMA \(name)")
        return try statement.step() ? statement.text(0) : ""
    }
}
