// Tests of the store room: a driver whose commits fail, wait or are watched as a test says.
internal import MuseBase
internal import MuseSQL
internal import MuseSQLite

/// What happens to the writer's connection.
final class Faults: Sendable {
    struct State: Sendable {
        /// Called before a commit; what it throws, the commit throws, after an undo.
        var commit: @Sendable () throws(SQLError) -> Void = {}
        var reopen: @Sendable () throws(SQLError) -> Void = {}
        /// SQL for each new handle.
        var setup: String = ""
        var reopened = 0
        var savepoints = 0
    }

    private let state = Lock(State())

    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }
    var now: State { state.withLock { $0 } }

    static let disk = SQLError(kind: .io, code: 10, message: "disk I/O error", call: "test")
}

struct FaultyDriver: SQLDriver {
    let base: SQLiteDriver
    let faults: Faults

    var path: String { base.path }
    var exists: Bool { base.exists }
    var libraryVersion: String { base.libraryVersion }

    func open(_ role: SQLRole) throws(SQLError) -> any SQLConnection {
        let connection = try base.open(role)
        guard role == .writer else { return connection }
        return try FaultyConnection(connection, faults)
    }
}

/// Passes everything on, but for what the faults say.
final class FaultyConnection: SQLConnection {
    private let base: any SQLConnection
    private let faults: Faults

    init(_ base: any SQLConnection, _ faults: Faults) throws(SQLError) {
        self.base = base
        self.faults = faults
        try base.execute(faults.now.setup)
    }

    func commit() throws(SQLError) {
        do throws(SQLError) {
            try faults.now.commit()
        } catch {
            try base.rollback()
            throw error
        }
        try base.commit()
    }

    func reopen() throws(SQLError) {
        faults.change { $0.reopened += 1 }
        try faults.now.reopen()
        try base.reopen()
        try base.execute(faults.now.setup)
    }

    func savepoint() throws(SQLError) {
        faults.change { $0.savepoints += 1 }
        try base.savepoint()
    }

    func statement(_ sql: StaticString) throws(SQLError) -> any SQLStatement {
        try base.statement(sql)
    }
    func prepare(_ sql: String) throws(SQLError) -> any SQLStatement { try base.prepare(sql) }
    func execute(_ sql: String) throws(SQLError) { try base.execute(sql) }
    var changes: Int64 { base.changes }
    var totalChanges: Int64 { base.totalChanges }
    var isInTransaction: Bool { base.isInTransaction }
    var statementTexts: [String] { base.statementTexts }
    func beginRead() throws(SQLError) { try base.beginRead() }
    func beginWrite() throws(SQLError) { try base.beginWrite() }
    func rollback() throws(SQLError) { try base.rollback() }
    func release() throws(SQLError) { try base.release() }
    func rollbackToSavepoint() throws(SQLError) { try base.rollbackToSavepoint() }
    func resetStatements() { base.resetStatements() }
    var logPages: Int { base.logPages }
    var logBytes: Int { base.logBytes }
    var movedPages: Int { base.movedPages }
    var syncs: UInt64 { base.syncs }
    func checkpoint(_ mode: SQLCheckpoint) throws(SQLError) { try base.checkpoint(mode) }
    func close() { base.close() }
    func backup(to path: String) throws(SQLError) -> any SQLBackup { try base.backup(to: path) }
    func faults(quick: Bool) throws(SQLError) -> [String] { try base.faults(quick: quick) }
}
