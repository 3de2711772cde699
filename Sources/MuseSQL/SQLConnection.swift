// The SQL room: a connection to a database, and the driver that opens connections.

/// What a connection is for.
package enum SQLRole: Sendable {
    /// The one that writes and checkpoints; makes the database if there is none.
    case writer
    /// Reads only, and never touches the log.
    case reader
}

/// Opens connections to one database.
package protocol SQLDriver: Sendable {
    /// Where the database is: for messages, and for copies beside it.
    var path: String { get }
    /// Whether there is a database, though it may be empty.
    var exists: Bool { get }
    /// The engine's name and version, for people.
    var libraryVersion: String { get }

    /// Opens a connection. Threads may differ between calls; one uses a connection at a time.
    /// - Throws: `.foreign` where the file is another program's; it is left untouched.
    func open(_ role: SQLRole) throws(SQLError) -> any SQLConnection
}

/// How a log is moved into the database.
package enum SQLCheckpoint: Sendable {
    /// What can be moved without waiting for anybody.
    case passive
    /// Everything, waiting for readers, and the log is cut to nothing: at shutdown only.
    case truncate
}

/// One connection, confined to the thread that uses it.
package protocol SQLConnection: AnyObject {
    /// The prepared statement of a literal: made once, then kept under the literal's address and
    /// handed out reset. One literal is one statement: it cannot be used again while its own rows
    /// are read.
    /// - Throws: where the SQL does not fit the schema.
    func statement(_ sql: StaticString) throws(SQLError) -> any SQLStatement
    /// A statement for one use, not kept.
    /// - Throws: where the SQL does not fit the schema.
    func prepare(_ sql: String) throws(SQLError) -> any SQLStatement
    /// Runs statements that give no rows.
    /// - Throws: what the first that fails says; those before it have been run.
    func execute(_ sql: String) throws(SQLError)

    /// How many rows the last INSERT, UPDATE or DELETE changed.
    var changes: Int64 { get }
    /// How many rows all statements since the connection was opened changed.
    var totalChanges: Int64 { get }
    /// Whether a transaction is open. An engine may end one by itself when a statement fails.
    var isInTransaction: Bool { get }
    /// The texts of all kept statements: a test reads their plans.
    var statementTexts: [String] { get }

    /// Opens a read transaction; its snapshot begins with the first read.
    func beginRead() throws(SQLError)
    /// Opens a write transaction and takes the write lock at once.
    func beginWrite() throws(SQLError)
    /// Ends a transaction. For a write, its return means that it is durable.
    func commit() throws(SQLError)
    /// Undoes a transaction; none open: nothing happens.
    func rollback() throws(SQLError)
    /// Begins a savepoint. There is one at a time.
    func savepoint() throws(SQLError)
    /// Ends the savepoint and keeps what happened in it.
    func release() throws(SQLError)
    /// Undoes what happened since the savepoint, and ends it.
    func rollbackToSavepoint() throws(SQLError)
    /// Resets every statement that somebody left in use.
    func resetStatements()

    /// Pages that stand in the write-ahead log, moved or not.
    var logPages: Int { get }
    /// The same in bytes.
    var logBytes: Int { get }
    /// Pages of the log that the last checkpoint left moved.
    var movedPages: Int { get }
    /// Calls that made something durable (fsync(2)), of all connections to this database in this
    /// process.
    var syncs: UInt64 { get }
    /// Moves the log's pages into the database.
    /// - Throws: where the disk fails. That somebody still reads old pages is no error.
    func checkpoint(_ mode: SQLCheckpoint) throws(SQLError)

    /// Closes and opens anew. Every statement handed out before is void.
    func reopen() throws(SQLError)
    /// Closes. Every statement handed out before is void.
    func close()

    /// Begins a consistent copy of the database, made in steps between which this connection may
    /// write.
    /// - Parameter path: where it will stand (mode 0600) once `step` has said that it is done.
    func backup(to path: String) throws(SQLError) -> any SQLBackup
    /// What contradicts itself in the database; empty: nothing. Reads everything.
    /// - Parameter quick: leaves out that indexes agree with their tables.
    func faults(quick: Bool) throws(SQLError) -> [String]
}

/// A copy under way. Dropping it before it is done removes what there is of it.
package protocol SQLBackup: AnyObject {
    /// Copies that many more pages. True: the copy is whole, durable, and has its name.
    func step(pages: Int32) throws(SQLError) -> Bool
    /// Pages left to copy, as of the last step.
    var remaining: Int { get }
}
