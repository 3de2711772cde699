// The store room: what every domain function works on. Those functions are extensions of
// StoreTransaction, in files by topic.
package import MuseBase
package import MuseSQL

/// A reader's snapshot or the writer's transaction: the connection, the time, and, for a write, ids
/// and marks. Valid only inside the closure that it is given to.
@usableFromInline
package struct StoreTransaction {
    package let connection: any SQLConnection
    /// When the read began, or the group that the write is in: one time for all that happens in it.
    package let now: Timestamp
    /// What this write has to make known once it is durable.
    package let marks: TransactionMarks
    private let ids: IDSource?

    init(connection: any SQLConnection, now: Timestamp, marks: TransactionMarks, ids: IDSource?) {
        self.connection = connection
        self.now = now
        self.marks = marks
        self.ids = ids
    }

    /// An id above all that were given before, in the order of the commits; in writes only.
    package func newID() -> UUIDv7 {
        guard let ids else { preconditionFailure("a read asked for a new id") }
        return ids.next(now)
    }

    /// Runs a part of a write and undoes what it did.
    /// - Throws: what `body` throws, and `SQLError`.
    package func undone(_ body: () throws -> Void) throws {
        let changes = connection.totalChanges
        try connection.savepoint()
        defer { marks.undone += connection.totalChanges - changes }
        do {
            try body()
        } catch {
            connection.resetStatements()
            try connection.rollbackToSavepoint()
            throw error
        }
        connection.resetStatements()
        try connection.rollbackToSavepoint()
    }

    /// The kept statement of a literal, reset.
    /// - Throws: where the SQL does not fit the schema.
    package func statement(_ sql: StaticString) throws(SQLError) -> any SQLStatement {
        try connection.statement(sql)
    }
}

/// What a write has to make known once it is durable. The marks of a write that is undone are
/// dropped.
package final class TransactionMarks {
    /// Sessions ended, or what they allow changed: caches of who may do what are void.
    package var sessionsEnded = false
    /// Something of a user that others see beside their posts changed: caches of profiles are void.
    package var profilesChanged = false
    /// There is work for the chores: they run at the next opportunity.
    package var choresDue = false
    /// Idempotency keys added, less those removed.
    package var keys = 0
    /// Rows that were changed and changed back.
    var undone: Int64 = 0

    init() {}

    func clear() {
        sessionsEnded = false
        profilesChanged = false
        choresDue = false
        keys = 0
        undone = 0
    }

    func add(_ other: TransactionMarks) {
        if other.sessionsEnded { sessionsEnded = true }
        if other.profilesChanged { profilesChanged = true }
        if other.choresDue { choresDue = true }
        keys += other.keys
    }
}

/// Ids as the store keeps them: 16-byte blobs, whose order is that of the ids.
extension SQLStatement {
    package func bind(_ index: Int32, _ id: UUIDv7) {
        bind(index, high: id.high, low: id.low)
    }

    package func bind(_ index: Int32, _ id: UUIDv7?) {
        if let id { bind(index, id) } else { bindNull(index) }
    }

    package func bind(_ index: Int32, _ time: Timestamp) {
        bind(index, time.milliseconds)
    }

    /// An id; zeros where there is none.
    package func id(_ column: Int32) -> UUIDv7 {
        let halves = wide(column)
        return UUIDv7(high: halves.high, low: halves.low)
    }

    package func optionalID(_ column: Int32) -> UUIDv7? {
        isNull(column) ? nil : id(column)
    }

    package func time(_ column: Int32) -> Timestamp {
        Timestamp(milliseconds: int(column))
    }

    package func optionalTime(_ column: Int32) -> Timestamp? {
        isNull(column) ? nil : time(column)
    }
}
