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

    package static let all: [StaticString] = [recall, remember, expired, oldest]
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
            ids: Self.ids(statement.blob(2)), createdAt: Timestamp(milliseconds: statement.int(3)),
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
        statement.bind(5, blob: Self.bytes(call.ids))
        statement.bind(6, call.createdAt.milliseconds)
        statement.bind(7, call.expiresAt.milliseconds)
        try statement.run()
    }

    /// Forgets up to `max` keys whose time is over.
    /// - Returns: how many.
    package func forgetExpiredCalls(max: Int) throws(SQLError) -> Int {
        let statement = try connection.statement(IdempotencySQL.expired)
        statement.bind(1, now.milliseconds)
        statement.bind(2, Int64(max))
        try statement.run()
        return Int(connection.changes)
    }

    /// Forgets the oldest `max` keys, whatever their time: for a table beyond its bound.
    package func forgetOldestCalls(max: Int) throws(SQLError) -> Int {
        let statement = try connection.statement(IdempotencySQL.oldest)
        statement.bind(1, Int64(max))
        try statement.run()
        return Int(connection.changes)
    }

    private static func bytes(_ ids: [UUIDv7]) -> [UInt8] {
        var bytes: [UInt8] = []
        for id in ids {
            for half in [id.high, id.low] {
                for shift in stride(from: UInt64(56), through: 0, by: -8) {
                    bytes.append(UInt8(truncatingIfNeeded: half >> shift))
                }
            }
        }
        return bytes
    }

    private static func ids(_ bytes: [UInt8]) -> [UUIDv7] {
        stride(from: 0, to: bytes.count - bytes.count % 16, by: 16).map { start in
            var halves: (UInt64, UInt64) = (0, 0)
            for index in 0..<8 {
                halves.0 = halves.0 << 8 | UInt64(bytes[start + index])
                halves.1 = halves.1 << 8 | UInt64(bytes[start + 8 + index])
            }
            return UUIDv7(high: halves.0, low: halves.1)
        }
    }
}
