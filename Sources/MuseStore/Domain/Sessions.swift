// The store's room: sessions, and the credentials that open them. Called inside a snapshot or the
// writer's transaction.
package import MuseBase
package import MuseSQL

/// Roles as the database keeps them.
package enum StoredRole: Int64, Sendable {
    case user = 0
    case moderator = 1
    case admin = 2
}

/// Whose a live session is.
package struct SessionOwner: Sendable, Equatable {
    package let user: UUIDv7
    package let role: StoredRole
    package let endsAt: Timestamp
}

/// A session's row.
package struct SessionRow: Sendable, Equatable {
    package var id: UUIDv7
    package var user: UUIDv7
    package var device: String?
    package var address: String
    package var lastUsedAt: Timestamp
    package var endsAt: Timestamp
    /// The ids of the newest pair of tokens, and when it was made.
    package var refreshID: UUIDv7
    package var accessID: UUIDv7
    package var issuedAt: Timestamp
    /// The refresh token before it, and when it was spent.
    package var previousRefreshID: UUIDv7?
    package var previousSpentAt: Timestamp?

    package init(
        id: UUIDv7, user: UUIDv7, device: String?, address: String, lastUsedAt: Timestamp,
        endsAt: Timestamp, refreshID: UUIDv7, accessID: UUIDv7, issuedAt: Timestamp
    ) {
        self.id = id
        self.user = user
        self.device = device
        self.address = address
        self.lastUsedAt = lastUsedAt
        self.endsAt = endsAt
        self.refreshID = refreshID
        self.accessID = accessID
        self.issuedAt = issuedAt
    }
}

/// What a log-in is checked against.
package struct CredentialRow: Sendable, Equatable {
    package let user: UUIDv7
    package let username: String
    package let passwordHash: String
    package let isBanned: Bool
}

/// The statements of this file.
package enum SessionSQL {
    package static let owner: StaticString = """
        SELECT s.user_id, s.ends_at, u.role FROM sessions s JOIN users u ON u.id = s.user_id
        WHERE s.id = ?1
        """
    package static let one: StaticString = """
        SELECT id, user_id, device, address, last_used_at, ends_at, refresh_id, access_id,
        refresh_issued_at, previous_refresh_id, previous_spent_at FROM sessions WHERE id = ?1
        """
    package static let insert: StaticString = """
        INSERT INTO sessions (id, user_id, device, address, last_used_at, ends_at, refresh_id, access_id,
        refresh_issued_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        """
    package static let rotate: StaticString = """
        UPDATE sessions SET refresh_id = ?2, access_id = ?3, refresh_issued_at = ?4,
        last_used_at = ?4,
        previous_refresh_id = iif(?6, NULL, ?5), previous_spent_at = iif(?6, NULL, ?4)
        WHERE id = ?1 AND refresh_id = ?5
        """
    package static let end: StaticString = "DELETE FROM sessions WHERE id = ?1"
    package static let ids: StaticString =
        "SELECT id FROM sessions WHERE user_id = ?1 ORDER BY id DESC LIMIT ?2"
    package static let newest: StaticString = """
        SELECT id, device, address, last_used_at, ends_at FROM sessions WHERE user_id = ?1
        AND id < ?2 ORDER BY id DESC LIMIT ?3
        """
    package static let oldest: StaticString = """
        SELECT id, device, address, last_used_at, ends_at FROM sessions WHERE user_id = ?1
        AND id > ?2 ORDER BY id LIMIT ?3
        """
    package static let ended: StaticString =
        "SELECT id FROM sessions WHERE ends_at <= ?1 ORDER BY ends_at LIMIT ?2"
    package static let credentialByName: StaticString = """
        SELECT u.id, u.username, c.password, u.banned_at FROM users u
        JOIN credentials c ON c.user_id = u.id WHERE u.username = ?1
        """
    package static let credentialByUser: StaticString = """
        SELECT u.id, u.username, c.password, u.banned_at FROM users u
        JOIN credentials c ON c.user_id = u.id WHERE u.id = ?1
        """
    package static let setPassword: StaticString = """
        INSERT INTO credentials (user_id, password, changed_at) VALUES (?1, ?2, ?3)
        ON CONFLICT (user_id) DO UPDATE SET password = ?2, changed_at = ?3
        """
    package static let rehash: StaticString =
        "UPDATE credentials SET password = ?3 WHERE user_id = ?1 AND password = ?2"

    package static let all: [StaticString] = [
        owner, one, insert, rotate, end, ids, newest, oldest, ended, credentialByName,
        credentialByUser, setPassword, rehash,
    ]
}

extension StoreTransaction {
    /// Whose the session is; nil where it has ended. Whether its time is over is for the caller to
    /// compare.
    package func sessionOwner(_ session: UUIDv7) throws(SQLError) -> SessionOwner? {
        let statement = try connection.statement(SessionSQL.owner)
        defer { statement.reset() }
        statement.bind(1, session)
        guard try statement.step() else { return nil }
        return SessionOwner(
            user: statement.id(0), role: StoredRole(rawValue: statement.int(2)) ?? .user,
            endsAt: Timestamp(milliseconds: statement.int(1)))
    }

    package func session(_ session: UUIDv7) throws(SQLError) -> SessionRow? {
        let statement = try connection.statement(SessionSQL.one)
        defer { statement.reset() }
        statement.bind(1, session)
        guard try statement.step() else { return nil }
        var row = SessionRow(
            id: statement.id(0), user: statement.id(1), device: statement.optionalText(2),
            address: statement.text(3), lastUsedAt: Timestamp(milliseconds: statement.int(4)),
            endsAt: Timestamp(milliseconds: statement.int(5)), refreshID: statement.id(6),
            accessID: statement.id(7), issuedAt: Timestamp(milliseconds: statement.int(8)))
        if !statement.isNull(9) {
            row.previousRefreshID = statement.id(9)
            row.previousSpentAt = Timestamp(milliseconds: statement.int(10))
        }
        return row
    }

    package func insertSession(_ row: SessionRow) throws(SQLError) {
        let statement = try connection.statement(SessionSQL.insert)
        statement.bind(1, row.id)
        statement.bind(2, row.user)
        statement.bind(3, text: row.device)
        statement.bind(4, text: row.address)
        statement.bind(5, row.lastUsedAt.milliseconds)
        statement.bind(6, row.endsAt.milliseconds)
        statement.bind(7, row.refreshID)
        statement.bind(8, row.accessID)
        statement.bind(9, row.issuedAt.milliseconds)
        try statement.run()
    }

    /// Gives a session a new pair of tokens in place of the one whose refresh token is `spent`.
    /// - Parameter forgetting: whether `spent` is to be no predecessor: no grace is its due.
    /// - Returns: whether `spent` was the unspent one.
    package func rotateSession(
        _ session: UUIDv7, spent: UUIDv7, refreshID: UUIDv7, accessID: UUIDv7, at: Timestamp,
        forgetting: Bool = false
    ) throws(SQLError) -> Bool {
        let statement = try connection.statement(SessionSQL.rotate)
        statement.bind(1, session)
        statement.bind(2, refreshID)
        statement.bind(3, accessID)
        statement.bind(4, at.milliseconds)
        statement.bind(5, spent)
        statement.bind(6, forgetting ? 1 : 0)
        try statement.run()
        return connection.changes == 1
    }

    /// Ends a session; its access tokens stop working from the answer on.
    /// - Returns: whether there was one.
    @discardableResult
    package func endSession(_ session: UUIDv7) throws(SQLError) -> Bool {
        let statement = try connection.statement(SessionSQL.end)
        statement.bind(1, session)
        try statement.run()
        guard connection.changes > 0 else { return false }
        marks.sessionsEnded = true
        return true
    }

    /// Ends the sessions of a user, but `except`, and but the newest `keeping`.
    package func endSessions(
        of user: UUIDv7, except: UUIDv7? = nil, keeping: Int = 0
    ) throws(SQLError) {
        let statement = try connection.statement(SessionSQL.ids)
        statement.bind(1, user)
        statement.bind(2, 1_000)
        var sessions: [UUIDv7] = []
        do {
            defer { statement.reset() }
            while try statement.step() { sessions.append(statement.id(0)) }
        }
        for session in sessions.dropFirst(keeping) where session != except {
            try endSession(session)
        }
    }

    /// Ends up to `max` sessions whose time is over.
    /// - Returns: how many.
    package func endOldSessions(max: Int) throws(SQLError) -> Int {
        let statement = try connection.statement(SessionSQL.ended)
        statement.bind(1, now.milliseconds)
        statement.bind(2, Int64(max))
        var sessions: [UUIDv7] = []
        do {
            defer { statement.reset() }
            while try statement.step() { sessions.append(statement.id(0)) }
        }
        for session in sessions { try endSession(session) }
        return sessions.count
    }

    /// Lends a user's sessions in the order of log-in, from after `from` (exclusive).
    package func sessions(
        of user: UUIDv7, newest: Bool, from: UUIDv7?, limit: Int,
        _ body: (UUIDv7, String?, String, Timestamp, Timestamp) throws(SQLError) -> Void
    ) throws(SQLError) {
        let statement = try connection.statement(newest ? SessionSQL.newest : SessionSQL.oldest)
        defer { statement.reset() }
        statement.bind(1, user)
        let edge = newest ? UUIDv7(high: .max, low: .max) : UUIDv7(high: 0, low: 0)
        statement.bind(2, from ?? edge)
        statement.bind(3, Int64(limit))
        while try statement.step() {
            try body(
                statement.id(0), statement.optionalText(1), statement.text(2),
                Timestamp(milliseconds: statement.int(3)), Timestamp(milliseconds: statement.int(4))
            )
        }
    }

    // MARK: Credentials

    /// What a log-in of that (folded) name is checked against; nil where there is no such user.
    package func credential(username: String) throws(SQLError) -> CredentialRow? {
        let statement = try connection.statement(SessionSQL.credentialByName)
        statement.bind(1, text: username)
        return try credential(statement)
    }

    package func credential(user: UUIDv7) throws(SQLError) -> CredentialRow? {
        let statement = try connection.statement(SessionSQL.credentialByUser)
        statement.bind(1, user)
        return try credential(statement)
    }

    private func credential(_ statement: any SQLStatement) throws(SQLError) -> CredentialRow? {
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        return CredentialRow(
            user: statement.id(0), username: statement.text(1), passwordHash: statement.text(2),
            isBanned: !statement.isNull(3))
    }

    package func setPassword(of user: UUIDv7, hash: String) throws(SQLError) {
        let statement = try connection.statement(SessionSQL.setPassword)
        statement.bind(1, user)
        statement.bind(2, text: hash)
        statement.bind(3, now.milliseconds)
        try statement.run()
    }

    /// Replaces a hash by one of the same password, unless the password was changed since.
    package func renewHash(of user: UUIDv7, old: String, new: String) throws(SQLError) {
        let statement = try connection.statement(SessionSQL.rehash)
        statement.bind(1, user)
        statement.bind(2, text: old)
        statement.bind(3, text: new)
        try statement.run()
    }
}
