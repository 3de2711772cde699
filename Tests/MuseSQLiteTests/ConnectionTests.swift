// Tests of the SQLite room: files, what a connection is set to, foreign files.
internal import Foundation
internal import MuseSQL
internal import MuseSQLite
internal import Testing

@Suite("Connections")
struct ConnectionTests {
    @Test("the database, its log and the log's index are the owner's alone")
    func modes() throws {
        let bench = try Bench()
        try bench.commit(1)
        for name in ["muse.db", "muse.db-wal", "muse.db-shm"] {
            #expect(try bench.folder.mode(name) == 0o600, "\(name)")
        }
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o644], ofItemAtPath: bench.folder.file())
        try bench.writer.reopen()
        #expect(try bench.folder.mode("muse.db") == 0o600)
    }

    @Test("the writer syncs fully, logs ahead and checkpoints only when told")
    func writerSettings() throws {
        let bench = try Bench()
        #expect(try bench.writer.pragma("journal_mode") == "wal")
        #expect(try bench.writer.pragma("synchronous") == "2")
        #expect(try bench.writer.pragma("wal_autocheckpoint") == "0")
        #expect(try bench.writer.pragma("foreign_keys") == "1")
        #expect(try bench.writer.pragma("mmap_size") == "0")
        #expect(try bench.writer.pragma("trusted_schema") == "0")
    }

    @Test("a reader sees the writer's commits and cannot write")
    func reader() throws {
        let bench = try Bench()
        try bench.commit(1)
        let reader = try bench.driver.open(.reader)
        #expect(try reader.numbers() == [1])
        #expect(try reader.pragma("cache_size") == "-4096")
        let error = #expect(throws: SQLError.self) {
            try reader.execute("INSERT INTO numbers VALUES(2)")
        }
        #expect(error?.kind == .io)
        try reader.beginRead()
        #expect(try reader.numbers() == [1])
        try bench.commit(2)
        #expect(try reader.numbers() == [1])
        try reader.commit()
        #expect(try reader.numbers() == [1, 2])
    }

    @Test("a file that ends within a page is refused, unless its log may hold the rest")
    func cutFile() throws {
        let bench = try Bench()
        try bench.commit(1)
        try bench.writer.checkpoint(.truncate)
        bench.writer.close()
        let file = URL(filePath: bench.folder.file())
        let whole = try Data(contentsOf: file)
        try whole.dropLast(100).write(to: file)
        for role in [SQLRole.writer, .reader] {
            let error = #expect(throws: SQLError.self) { try bench.driver.open(role) }
            #expect(error?.kind == .corrupt)
        }
        #expect(try Data(contentsOf: file) == whole.dropLast(100))
        try Data([0]).write(to: URL(filePath: bench.folder.file("muse.db-wal")))
        _ = try bench.driver.open(.reader)
        try FileManager.default.removeItem(atPath: bench.folder.file("muse.db-wal"))
        try whole.write(to: file)
        #expect(try bench.driver.open(.reader).numbers() == [1])
    }

    @Test("a reader does not make a database")
    func readerOfNothing() throws {
        let folder = try TemporaryFolder()
        let driver = SQLiteDriver(path: folder.file())
        #expect(!driver.exists)
        let error = #expect(throws: SQLError.self) { try driver.open(.reader) }
        #expect(error?.kind == .io)
        #expect(!FileManager.default.fileExists(atPath: folder.file()))
    }

    @Test("another program's database is refused and left as it is", arguments: [0, 7])
    func foreignDatabase(applicationID: Int32) throws {
        let folder = try TemporaryFolder()
        var other = SQLiteDriver(path: folder.file())
        other.applicationID = applicationID
        let connection = try other.open(.writer)
        try connection.execute("CREATE TABLE theirs(a); PRAGMA journal_mode=DELETE")
        connection.close()
        let before = try Data(contentsOf: URL(fileURLWithPath: folder.file()))
        for role in [SQLRole.writer, .reader] {
            let error = #expect(throws: SQLError.self) {
                try SQLiteDriver(path: folder.file()).open(role)
            }
            #expect(error?.kind == .foreign)
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file())) == before)
    }

    @Test("a file that is no database is refused and left as it is")
    func noDatabase() throws {
        let folder = try TemporaryFolder()
        let text = Data(String(repeating: "no database, but a letter. ", count: 400).utf8)
        try text.write(to: URL(fileURLWithPath: folder.file()))
        let error = #expect(throws: SQLError.self) {
            try SQLiteDriver(path: folder.file()).open(.writer)
        }
        #expect(error?.kind == .foreign)
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file())) == text)
    }

    @Test("a sound database has no faults, a damaged one tells them")
    func faults() throws {
        let bench = try Bench()
        try bench.writer.beginWrite()
        for number in 0..<5_000 { try bench.insert(Int64(number)) }
        try bench.writer.commit()
        #expect(try bench.writer.faults(quick: true) == [])
        #expect(try bench.writer.faults(quick: false) == [])
        try bench.writer.checkpoint(.truncate)
        bench.writer.close()
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: bench.folder.file()))
        try file.seek(toOffset: 4_096 * 4)
        try file.write(contentsOf: Data(repeating: 0xA5, count: 4_096))
        try file.close()
        let damaged = try bench.driver.open(.reader)
        let faults = (try? damaged.faults(quick: false)) ?? ["unreadable"]
        #expect(!faults.isEmpty)
    }
}
