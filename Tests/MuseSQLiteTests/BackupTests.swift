// Tests of the SQLite room: copies of a database in use.
internal import Foundation
internal import MuseSQL
internal import MuseSQLite
internal import Testing

@Suite("Copies")
struct BackupTests {
    @Test("a copy made in steps holds what was committed between them, and is private")
    func stepsBetweenCommits() throws {
        let bench = try Bench()
        try bench.writer.beginWrite()
        for number in 0..<20_000 { try bench.insert(Int64(number)) }
        try bench.writer.commit()
        let backup = try bench.writer.backup(to: bench.folder.file("copy.db"))
        var next: Int64 = 20_000
        var steps = 0
        while try !backup.step(pages: 16) {
            #expect(!FileManager.default.fileExists(atPath: bench.folder.file("copy.db")))
            try bench.commit(next)
            next += 1
            steps += 1
        }
        #expect(steps > 5)
        #expect(backup.remaining == 0)
        #expect(try bench.folder.mode("copy.db") == 0o600)
        #expect(!FileManager.default.fileExists(atPath: bench.folder.file("copy.db.partial")))
        let copy = try SQLiteDriver(path: bench.folder.file("copy.db")).open(.reader)
        #expect(try copy.numbers() == Array(0..<next))
        #expect(try copy.faults(quick: false) == [])
    }

    @Test("a copy that is given up leaves nothing")
    func givenUp() throws {
        let bench = try Bench()
        try bench.commit(1)
        do {
            let backup = try bench.writer.backup(to: bench.folder.file("copy.db"))
            #expect(try !backup.step(pages: 1))
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: bench.folder.path)
                .filter { $0.hasPrefix("copy") } == [])
    }

    @Test("a copy whose source has closed fails")
    func sourceClosed() throws {
        let bench = try Bench()
        try bench.commit(1)
        let backup = try bench.writer.backup(to: bench.folder.file("copy.db"))
        #expect(try !backup.step(pages: 1))
        try bench.writer.reopen()
        #expect(throws: SQLError.self) { try backup.step(pages: 1) }
        #expect(!FileManager.default.fileExists(atPath: bench.folder.file("copy.db.partial")))
    }

    @Test("a copy to where nothing can be written is an error")
    func nowhere() throws {
        let bench = try Bench()
        let error = #expect(throws: SQLError.self) {
            try bench.writer.backup(to: bench.folder.file("no/such/folder/copy.db"))
        }
        #expect(error?.kind == .io)
    }
}
