// The store's room: what is remembered of calls with an idempotency key. Called inside the writer's
// transaction, and in snapshots to look first.
package import MuseBase
package import MuseSQL

/// What a call that succeeded left under its key. No body, password or token is among it.
package struct RememberedCall: Sendable, Equatable {
    package let method: String
    package let fingerprint: [UInt8]
    package let ids: [UUIDv7]
    package let createdAt: Timestamp
    package let expiresAt: Timestamp

    package init(
        method: String, fingerprint: [UInt8], ids: [UUIDv7], createdAt: Timestamp,
        expiresAt: Timestamp
    ) {
        self.method = method
        self.fingerprint = fingerprint
        self.ids = ids
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

/// Where a walk over all keys, in the order of their age, has come.
struct RememberedPlace: Sendable {
    var createdAt: Int64 = .min
    var owner: [UInt8] = []
    var key = ""
}

/// The statements of this file.
package enum IdempotencySQL {
    package static let recall: StaticString = """
        SELECT method, fingerprint, ids, created_at, expires_at FROM idempotency
        WHERE owner = ?1 AND key = ?2
        """
    package static let remember: StaticString = """
        INSERT OR REPLACE INTO idempotency (owner, key, method, fingerprint, ids, created_at, expires_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        """
    package static let expired: StaticString = """
        DELETE FROM idempotency WHERE (owner, key) IN
        (SELECT owner, key FROM idempotency WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
        """
    package static let oldest: StaticString = """
        DELETE FROM idempotency WHERE (owner, key) IN
        (SELECT owner, key FROM idempotency ORDER BY created_at LIMIT ?1)
        """

    package static let places: StaticString = """
        SELECT created_at, owner, key FROM idempotency
        WHERE (created_at, owner, key) > (?1, ?2, ?3) AND created_at < ?4
        ORDER BY created_at, owner, key LIMIT ?5
        """

    package static let all: [StaticString] = [recall, remember, expired, oldest, places]
}

extension StoreTransaction {
    /// What the key was used for; nil where it is free, or was kept long enough.
    package func rememberedCall(owner: [UInt8], key: String) throws(SQLError) -> RememberedCall? {
        let statement = try connection.statement(IdempotencySQL.recall)
        defer { statement.reset() }
        statement.bind(1, blob: owner)
        statement.bind(2, text: key)
        guard try statement.step() else { return nil }
        let row = RememberedCall(
            method: statement.text(0), fingerprint: statement.blob(1),
            ids: UUIDv7.all(in: statement.blob(2)),
            createdAt: Timestamp(milliseconds: statement.int(3)),
            expiresAt: Timestamp(milliseconds: statement.int(4)))
        return row.expiresAt > now ? row : nil
    }

    package func rememberCall(
        _ call: RememberedCall, owner: [UInt8], key: String
    ) throws(SQLError) {
        let statement = try connection.statement(IdempotencySQL.remember)
        statement.bind(1, blob: owner)
        statement.bind(2, text: key)
        statement.bind(3, text: call.method)
        statement.bind(4, blob: call.fingerprint)
        statement.bind(5, blob: UUIDv7.bytes(of: call.ids))
        statement.bind(6, call.createdAt.milliseconds)
        statement.bind(7, call.expiresAt.milliseconds)
        try statement.run()
        marks.keys += 1
    }

    /// Walks over up to `limit` keys older than `before`, from after `place`, which then is the
    /// last of them.
    /// - Returns: how many.
    func rememberedPlaces(
        after place: inout RememberedPlace, before: Timestamp, limit: Int
    ) throws(SQLError) -> Int {
        let statement = try connection.statement(IdempotencySQL.places)
        defer { statement.reset() }
        statement.bind(1, place.createdAt)
        statement.bind(2, blob: place.owner)
        statement.bind(3, text: place.key)
        statement.bind(4, before.milliseconds)
        statement.bind(5, Int64(limit))
        var rows = 0
        while try statement.step() {
            rows += 1
            guard rows == limit else { continue }
            place = RememberedPlace(
                createdAt: statement.int(0), owner: statement.blob(1), key: statement.text(2))
        }
        return rows
    }

    /// Forgets up to `max` keys whose time is over.
    /// - Returns: how many.
    package func forgetExpiredCalls(max: Int) throws(SQLError) -> Int {
        let statement = try connection.statement(IdempotencySQL.expired)
        statement.bind(1, now.milliseconds)
        statement.bind(2, Int64(max))
        try statement.run()
        marks.keys -= Int(connection.changes)
        return Int(connection.changes)
    }

    /// Forgets the oldest `max` keys, whatever their time: for a table beyond its bound.
    package func forgetOldestCalls(max: Int) throws(SQLError) -> Int {
        let statement = try connection.statement(IdempotencySQL.oldest)
        statement.bind(1, Int64(max))
        try statement.run()
        marks.keys -= Int(connection.changes)
        return Int(connection.changes)
    }
}
