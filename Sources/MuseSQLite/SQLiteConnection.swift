// The SQLite room: one connection (sqlite3) as the SQL room asks for it. Multi-thread mode: whoever
// owns it is the only one to call it.
internal import CSQLite
internal import MuseSQL

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A connection. What it is set to is in `configure`.
@safe
final class SQLiteConnection: SQLConnection {
    private let driver: SQLiteDriver
    private let role: SQLRole
    private var handle: SQLiteHandle
    private let kept = KeptStatements()
    private var meter: SyncMeter?
    private var pageBytes = 4_096
    private(set) var movedPages = 0

    /// - Throws: where the file cannot be opened, or is not ours.
    init(_ driver: SQLiteDriver, _ role: SQLRole) throws(SQLError) {
        self.driver = driver
        self.role = role
        unsafe handle = SQLiteHandle(nil)
        try open()
    }

    deinit {
        close()
    }

    private func open() throws(SQLError) {
        if role == .writer {
            try PrivateFile.make(driver.path)
            PrivateFile.restrict(driver.path)
        }
        var database: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code: Int32
        if let vfs = MeteredVFS.name {
            code = unsafe sqlite3_open_v2(driver.path, &database, flags, vfs)
        } else {
            code = unsafe sqlite3_open_v2(driver.path, &database, flags, nil)
        }
        unsafe handle = SQLiteHandle(database)
        do throws(SQLError) {
            guard code == SQLITE_OK else { throw failure(code, "sqlite3_open_v2") }
            try configure()
        } catch {
            close()
            throw error
        }
        if let name = unsafe sqlite3_db_filename(database, "main") {
            meter = SyncMeter.of(unsafe String(cString: name))
        }
    }

    private func configure() throws(SQLError) {
        // The writer checkpoints when it says so; two that do so at one moment can corrupt the log
        // (up to SQLite 3.51.2), so nobody does at closing.
        try set(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        try set(SQLITE_DBCONFIG_DEFENSIVE, true)
        try set(SQLITE_DBCONFIG_DQS_DML, false)
        try set(SQLITE_DBCONFIG_DQS_DDL, false)
        try set(SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)
        unsafe sqlite3_busy_timeout(handle.database, role == .writer ? 5_000 : 1_000)
        try refuseForeign()
        try refuseCut()
        if role == .writer {
            guard try text("PRAGMA journal_mode=WAL") == "wal" else {
                throw SQLError(
                    kind: .io, code: SQLITE_CANTOPEN,
                    message: "\(driver.path): this file system cannot hold a write-ahead log",
                    call: "PRAGMA journal_mode")
            }
            try execute(
                """
                PRAGMA synchronous=FULL; PRAGMA fullfsync=ON; PRAGMA checkpoint_fullfsync=ON;
                PRAGMA journal_size_limit=67108864; PRAGMA cell_size_check=ON;
                PRAGMA cache_size=-\(driver.writerCacheKiB);
                """)
        } else {
            try execute("PRAGMA query_only=ON; PRAGMA cache_size=-\(driver.readerCacheKiB);")
        }
        try execute(
            """
            PRAGMA wal_autocheckpoint=0; PRAGMA foreign_keys=ON; PRAGMA mmap_size=0;
            PRAGMA temp_store=MEMORY;
            """)
        pageBytes = Int(try int("PRAGMA page_size"))
        if role == .writer { watchLog() }
    }

    private func set(_ option: Int32, _ on: Bool) throws(SQLError) {
        let code = unsafe muse_sqlite_db_config(handle.database, option, on ? 1 : 0)
        guard code == SQLITE_OK else { throw failure(code, "sqlite3_db_config") }
    }

    /// Looks at a file before anything is changed in it. An empty one is made ours.
    private func refuseForeign() throws(SQLError) {
        let id = try int("PRAGMA application_id")
        if id == Int64(driver.applicationID) { return }
        guard id == 0, try int("SELECT count(*) FROM sqlite_schema") == 0 else {
            throw SQLError(
                kind: .foreign, code: SQLITE_NOTADB,
                message: "\(driver.path) is a database of another program",
                call: "PRAGMA application_id")
        }
        if role == .writer { try execute("PRAGMA application_id=\(driver.applicationID)") }
    }

    /// A file that ends within a page, and has no log that could hold the rest of it, was cut: the
    /// engine would read zeros where the rest was.
    private func refuseCut() throws(SQLError) {
        var facts = stat()
        guard unsafe stat(driver.path, &facts) == 0 else { return }
        guard Int64(facts.st_size) % (try int("PRAGMA page_size")) != 0 else { return }
        guard unsafe stat(driver.path + "-wal", &facts) != 0 || facts.st_size == 0 else { return }
        throw SQLError(
            kind: .corrupt, code: SQLITE_CORRUPT,
            message: "\(driver.path) ends within a page: it was cut", call: "stat")
    }

    func statement(_ sql: StaticString) throws(SQLError) -> any SQLStatement {
        precondition(sql.hasPointerRepresentation, "SQL of a single character")
        let address = unsafe UInt(bitPattern: sql.utf8Start)
        if let known = kept[address] {
            known.resetIfInUse()
            return known
        }
        let made = try unsafe UnsafeRawPointer(sql.utf8Start).withMemoryRebound(
            to: CChar.self, capacity: sql.utf8CodeUnitCount
        ) { text throws(SQLError) in
            try unsafe SQLiteStatement(
                handle, sql: text, count: Int32(sql.utf8CodeUnitCount), kept: true,
                call: sql.description)
        }
        kept.add(address, made)
        return made
    }

    func prepare(_ sql: String) throws(SQLError) -> any SQLStatement {
        let handle = handle
        let made: Result<SQLiteStatement, SQLError> = unsafe sql.withCString { text in
            do throws(SQLError) {
                return .success(
                    try unsafe SQLiteStatement(
                        handle, sql: text, count: -1, kept: false, call: "SQL"))
            } catch {
                return .failure(error)
            }
        }
        return try made.get()
    }

    func execute(_ sql: String) throws(SQLError) {
        let code = unsafe sqlite3_exec(handle.database, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code, "sqlite3_exec") }
    }

    private func int(_ sql: String) throws(SQLError) -> Int64 {
        let statement = try prepare(sql)
        return try statement.step() ? statement.int(0) : 0
    }

    private func text(_ sql: String) throws(SQLError) -> String {
        let statement = try prepare(sql)
        return try statement.step() ? statement.text(0) : ""
    }

    private func failure(_ code: Int32, _ call: String) -> SQLError {
        unsafe SQLError(code, handle.database, call: call)
    }

    // The engine may not be asked about a closed connection.

    var changes: Int64 {
        guard let database = unsafe handle.database else { return 0 }
        return unsafe sqlite3_changes64(database)
    }

    var totalChanges: Int64 {
        guard let database = unsafe handle.database else { return 0 }
        return unsafe sqlite3_total_changes64(database)
    }

    var isInTransaction: Bool {
        guard let database = unsafe handle.database else { return false }
        return unsafe sqlite3_get_autocommit(database) == 0
    }

    var statementTexts: [String] { kept.all.map(\.sql) }

    var syncs: UInt64 { meter?.count ?? 0 }

    // MARK: The log

    private(set) var logPages = 0
    var logBytes: Int { logPages * (pageBytes + 24) + (logPages > 0 ? 32 : 0) }

    /// Hears after every commit how many pages the log has.
    private func watchLog() {
        let this = unsafe Unmanaged.passUnretained(self).toOpaque()
        // The connection outlives the hook: `close` ends it with the engine's handle.
        unsafe sqlite3_wal_hook(
            handle.database,
            { context, _, _, pages in
                guard let context = unsafe context else { return SQLITE_OK }
                let this = unsafe Unmanaged<SQLiteConnection>.fromOpaque(context)
                    .takeUnretainedValue()
                this.committed(pages: Int(pages))
                return SQLITE_OK
            }, this)
    }

    private func committed(pages: Int) {
        // Fewer than before: the log began anew.
        if pages < logPages || pages < movedPages { movedPages = 0 }
        logPages = pages
    }

    func checkpoint(_ mode: SQLCheckpoint) throws(SQLError) {
        var pages: Int32 = 0
        var moved: Int32 = 0
        let wanted = mode == .passive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE
        guard let database = unsafe handle.database else {
            throw failure(SQLITE_MISUSE, "sqlite3_wal_checkpoint_v2")
        }
        let code = unsafe sqlite3_wal_checkpoint_v2(database, nil, wanted, &pages, &moved)
        if code & 0xFF == SQLITE_BUSY { return }
        guard code == SQLITE_OK else { throw failure(code, "sqlite3_wal_checkpoint_v2") }
        logPages = max(0, Int(pages))
        movedPages = max(0, Int(moved))
    }

    // MARK: Opening and closing

    func reopen() throws(SQLError) {
        close()
        try open()
    }

    func close() {
        for statement in kept.all { statement.finalize() }
        kept.removeAll()
        unsafe sqlite3_close_v2(handle.database)
        unsafe handle.database = nil
        handle.statementsInUse = 0
    }

    func resetStatements() {
        guard handle.statementsInUse > 0 else { return }
        for statement in kept.all { statement.resetIfInUse() }
    }

    func backup(to path: String) throws(SQLError) -> any SQLBackup {
        try SQLiteBackup(from: handle, to: path)
    }

    func faults(quick: Bool) throws(SQLError) -> [String] {
        let statement = try prepare(
            quick ? "PRAGMA quick_check(100)" : "PRAGMA integrity_check(100)")
        var faults: [String] = []
        while try statement.step() {
            let line = statement.text(0)
            if line != "ok" { faults.append(line) }
        }
        return faults
    }
}

/// Transactions, as kept statements.
extension SQLiteConnection {
    func beginRead() throws(SQLError) { try statement("BEGIN").run() }

    func beginWrite() throws(SQLError) { try statement("BEGIN IMMEDIATE").run() }

    func commit() throws(SQLError) { try statement("COMMIT").run() }

    func rollback() throws(SQLError) {
        guard isInTransaction else { return }
        resetStatements()
        try statement("ROLLBACK").run()
    }

    func savepoint() throws(SQLError) { try statement("SAVEPOINT member").run() }

    func release() throws(SQLError) { try statement("RELEASE member").run() }

    func rollbackToSavepoint() throws(SQLError) {
        resetStatements()
        try statement("ROLLBACK TO member").run()
        try statement("RELEASE member").run()
    }
}
