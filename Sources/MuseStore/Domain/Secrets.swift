// The store's room: small secrets that the database keeps for itself, and the housekeeping of what
// expires.
package import MuseSQL

/// The statements of this file.
package enum SecretSQL {
    package static let read: StaticString = "SELECT value FROM marks WHERE name = ?1"
    package static let insert: StaticString = "INSERT INTO marks (name, value) VALUES (?1, ?2)"

    package static let all: [StaticString] = [read, insert]
}

extension StoreTransaction {
    /// A secret that is made once and stays: `fresh` where there is none of that name yet.
    package func keptSecret(
        named name: String, ifNone fresh: [UInt8]
    ) throws(SQLError) -> [UInt8] {
        let statement = try connection.statement(SecretSQL.read)
        do {
            defer { statement.reset() }
            statement.bind(1, text: name)
            if try statement.step() { return statement.blob(0) }
        }
        let insert = try connection.statement(SecretSQL.insert)
        insert.bind(1, text: name)
        insert.bind(2, blob: fresh)
        try insert.run()
        return fresh
    }
}

/// What the writer clears away between the writes.
package enum Housekeeping {
    /// Sessions a slice.
    private static let slice = 500

    /// Idempotency keys, and sessions whose time is over.
    package static func chores(_ keys: KeyCensus) -> [WriterChore] {
        [
            keys.chore,
            WriterChore(name: "sessions") { tx in
                try tx.endOldSessions(max: slice) == slice
            },
        ]
    }
}
