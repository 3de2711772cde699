// Tests of the store room: migrations.
internal import Foundation
internal import MuseBase
internal import MuseSQL
internal import MuseSQLite
internal import MuseStore
internal import Testing

@Suite("Migrations")
struct MigrationTests {
    private let folder: TemporaryFolder
    private let driver: SQLiteDriver

    init() throws {
        folder = try TemporaryFolder()
        driver = SQLiteDriver(path: folder.file())
    }

    private func list(_ sql: String...) -> [Migration] {
        sql.enumerated().map { Migration(number: $0 + 1, name: "m\($0 + 1)", sql: $1) }
    }

    private func header() throws -> (user: String, application: String) {
        let connection = try driver.open(.reader)
        func pragma(_ name: String) throws -> String {
            let row = try connection.prepare("PRAGMA \(name)")
            return try row.step() ? row.text(0) : ""
        }
        return (try pragma("user_version"), try pragma("application_id"))
    }

    @Test("a new database gets every table, and a record of it")
    func fresh() throws {
        let clock = TestClock()
        let migrator = Migrator(driver, clock: clock.clock)
        #expect(try migrator.status().pending.map(\.number) == Migration.all.map(\.number))
        #expect(!driver.exists)
        let report = try migrator.run()
        #expect(report.applied == Migration.all.map(\.number) && report.copy == nil)
        let status = try migrator.status()
        #expect(status.pending.isEmpty)
        #expect(status.applied.map(\.name) == Migration.all.map(\.name))
        #expect(status.applied.map(\.checksum) == Migration.all.map(\.checksum))
        #expect(status.applied.first?.appliedAt == clock.clock.now())
        #expect(try header().user == "\(Migration.all.count)")
        #expect(try header().application == "\(0x4D75_7365)")
        #expect(try migrator.run().applied == [])
        let connection = try driver.open(.reader)
        #expect(try connection.faults(quick: false) == [])
        let names = try connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        var tables: Set<String> = []
        while try names.step() { tables.insert(names.text(0)) }
        #expect(
            tables.isSuperset(of: [
                "comments", "credentials", "deletions", "idempotency", "likes", "marks",
                "migrations", "posts", "sessions", "users",
            ]))
        let lax = try connection.prepare(
            "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
                + "AND strict = 0 AND name NOT LIKE 'sqlite_%'")
        #expect(try lax.step() && lax.int(0) == 0)
    }

    @Test("an older database is brought up, and what it was stands in a copy beside it")
    func upgrade() throws {
        let steps = list(
            "CREATE TABLE kept(a INTEGER) STRICT", "ALTER TABLE kept ADD COLUMN b TEXT")
        _ = try Migrator(driver, migrations: [steps[0]]).run()
        let connection = try driver.open(.writer)
        try connection.execute("INSERT INTO kept VALUES(7)")
        connection.close()
        let report = try Migrator(driver, migrations: steps).run()
        #expect(report.applied == [2])
        #expect(report.copy == folder.file("muse.db.before-2"))
        let now = try driver.open(.reader)
        let row = try now.prepare("SELECT a, b FROM kept")
        #expect(try row.step() && row.int(0) == 7 && row.isNull(1))
        let copy = SQLiteDriver(path: folder.file("muse.db.before-2"))
        let status = try Migrator(copy, migrations: steps).status()
        #expect(status.applied.count == 1 && status.pending.map(\.number) == [2])
        let old = try copy.open(.reader).prepare("SELECT * FROM kept")
        #expect(try old.step() && old.int(0) == 7)
        #expect(throws: SQLError.self) { try copy.open(.reader).prepare("SELECT b FROM kept") }
    }

    @Test("a migration that fails changes nothing, those before it stand")
    func failing() throws {
        let steps = list(
            "CREATE TABLE a(x ANY) STRICT", "CREATE TABLE b(x ANY) STRICT; SELECT nonsense")
        let error = #expect(throws: MigrationError.self) {
            try Migrator(driver, migrations: steps).run()
        }
        guard case .failed(number: 2, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let status = try Migrator(driver, migrations: steps).status()
        #expect(status.applied.map(\.number) == [1])
        #expect(try header().user == "1")
        #expect(throws: SQLError.self) { try driver.open(.reader).prepare("SELECT * FROM b") }
        #expect(throws: Never.self) { try driver.open(.reader).prepare("SELECT * FROM a") }
    }

    @Test("a database of a newer program is refused")
    func newer() throws {
        let steps = list("CREATE TABLE a(x ANY) STRICT", "CREATE TABLE b(x ANY) STRICT")
        _ = try Migrator(driver, migrations: steps).run()
        for act in [
            { _ = try Migrator(driver, migrations: [steps[0]]).run() },
            { _ = try Migrator(driver, migrations: [steps[0]]).status() },
        ] {
            let error = #expect(throws: MigrationError.self) { try act() }
            #expect(
                error?.description
                    == "the database is at migration 2, this program knows 1: use a newer program")
        }
    }

    @Test("a migration that was edited after it was applied is refused")
    func altered() throws {
        _ = try Migrator(driver, migrations: list("CREATE TABLE a(x ANY) STRICT")).run()
        let error = #expect(throws: MigrationError.self) {
            try Migrator(driver, migrations: list("CREATE TABLE a(y ANY) STRICT")).run()
        }
        guard case .altered(number: 1, name: "m1") = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("a file that is not whole is refused and left as it is")
    func damaged() throws {
        _ = try Migrator(driver, migrations: list("CREATE TABLE a(x ANY) STRICT")).run()
        let url = URL(fileURLWithPath: folder.file())
        let cut = try Data(contentsOf: url).dropLast(100)
        try cut.write(to: url)
        for act in [{ _ = try Migrator(driver).run() }, { _ = try Migrator(driver).status() }] {
            let error = #expect(throws: MigrationError.self) { try act() }
            #expect(error?.description.contains("is damaged, restore a backup") == true)
        }
        #expect(try Data(contentsOf: url) == cut)
    }

    @Test("another program's file is refused and left as it is", arguments: [true, false])
    func foreign(isDatabase: Bool) throws {
        if isDatabase {
            var theirs = driver
            theirs.applicationID = 42
            let connection = try theirs.open(.writer)
            try connection.execute("CREATE TABLE theirs(a); PRAGMA journal_mode=DELETE")
            connection.close()
        } else {
            try Data(String(repeating: "text ", count: 1_000).utf8)
                .write(to: URL(fileURLWithPath: folder.file()))
        }
        let before = try Data(contentsOf: URL(fileURLWithPath: folder.file()))
        for act in [{ _ = try Migrator(driver).run() }, { _ = try Migrator(driver).status() }] {
            let error = #expect(throws: MigrationError.self) { try act() }
            #expect(
                error?.description
                    == "\(folder.file()) is not a database of MentalMuse; it is left as it is")
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file())) == before)
    }

    @Test("the writer refuses a database without tables")
    func unmigrated() throws {
        #expect(throws: SQLError.self) { try Writer(driver) }
    }

    @Test("a checksum tells texts apart and stays what it was")
    func checksum() {
        #expect(Migration(number: 1, name: "", sql: "").checksum == "cbf29ce484222325")
        #expect(Migration(number: 1, name: "", sql: "a").checksum == "af63dc4c8601ec8c")
    }
}
