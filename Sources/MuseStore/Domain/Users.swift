// The store room: users. Called by the handlers of users.*, auth.* and admin.*.
package import MuseBase
package import MuseSQL

/// Statements on users. The rows have the columns that `UserRow` reads.
package enum UsersSQL {
    static let byID: StaticString = """
        SELECT id, username, display_name, bio, email, role, post_count, revision, ban_reason, banned_at, id
        FROM users WHERE id = ?1
        """
    static let byUsername: StaticString = """
        SELECT id, username, display_name, bio, email, role, post_count, revision, ban_reason, banned_at, id
        FROM users WHERE username = ?1
        """
    static let newest: StaticString = """
        SELECT id, username, display_name, bio, email, role, post_count, revision, ban_reason, banned_at, id
        FROM users WHERE id < ?1 ORDER BY id DESC LIMIT ?2
        """
    static let oldest: StaticString = """
        SELECT id, username, display_name, bio, email, role, post_count, revision, ban_reason, banned_at, id
        FROM users WHERE id > ?1 ORDER BY id LIMIT ?2
        """
    static let newestByPrefix: StaticString = """
        SELECT x.id, u.username, u.display_name, u.bio, u.email, u.role, u.post_count, u.revision,
            u.ban_reason, u.banned_at, u.id
        FROM user_prefixes x LEFT JOIN users u ON u.id = x.id
        WHERE x.prefix = ?3 AND x.id < ?1 ORDER BY x.id DESC LIMIT ?2
        """
    static let oldestByPrefix: StaticString = """
        SELECT x.id, u.username, u.display_name, u.bio, u.email, u.role, u.post_count, u.revision,
            u.ban_reason, u.banned_at, u.id
        FROM user_prefixes x LEFT JOIN users u ON u.id = x.id
        WHERE x.prefix = ?3 AND x.id > ?1 ORDER BY x.id LIMIT ?2
        """

    static let exists: StaticString = "SELECT 1 FROM users WHERE id = ?1"
    /// `role > 0` is there for the partial index.
    static let otherAdmin: StaticString = """
        SELECT 1 FROM users WHERE role > 0 AND role = 2 AND banned_at IS NULL AND id <> ?1 LIMIT 1
        """

    static let insert: StaticString = """
        INSERT INTO users(id, username, display_name, email, role) VALUES(?1, ?2, ?3, ?4, ?5)
        ON CONFLICT(username) DO NOTHING
        """
    static let insertPrefix: StaticString = "INSERT INTO user_prefixes(prefix, id) VALUES(?1, ?2)"
    static let setDisplayName: StaticString = "UPDATE users SET display_name = ?2 WHERE id = ?1"
    static let setBio: StaticString = "UPDATE users SET bio = ?2 WHERE id = ?1"
    static let setEmail: StaticString = "UPDATE users SET email = ?2 WHERE id = ?1"
    static let countUpdate: StaticString = "UPDATE users SET revision = revision + 1 WHERE id = ?1"
    static let setRole: StaticString = "UPDATE users SET role = ?2 WHERE id = ?1"
    static let ban: StaticString = """
        UPDATE users SET ban_reason = ?2, banned_at = coalesce(banned_at, ?3) WHERE id = ?1
        """
    static let unban: StaticString =
        "UPDATE users SET ban_reason = NULL, banned_at = NULL WHERE id = ?1"

    static let delete: StaticString = "DELETE FROM users WHERE id = ?1"
    static let deletePrefix: StaticString =
        "DELETE FROM user_prefixes WHERE prefix = ?1 AND id = ?2"
    static let deleteCredentials: StaticString = "DELETE FROM credentials WHERE user_id = ?1"

    package static let all: [StaticString] = [
        byID, byUsername, newest, oldest, newestByPrefix, oldestByPrefix, exists, otherAdmin,
        insert,
        insertPrefix, setDisplayName, setBio, setEmail, countUpdate, setRole, ban, unban, delete,
        deletePrefix, deleteCredentials,
    ]
}

/// A user, as a row shows it. Texts are lent.
package struct UserRow {
    package let id: UUIDv7
    package let username: LentText
    package let displayName: LentText?
    package let bio: LentText?
    package let email: LentText?
    package let role: StoredRole
    package let postCount: Int
    package let revision: Int
    package let banReason: LentText?
    package let bannedAt: Timestamp?

    init(_ statement: any SQLStatement) {
        username = statement.lentText(1)
        displayName = statement.optionalLentText(2)
        bio = statement.optionalLentText(3)
        email = statement.optionalLentText(4)
        role = StoredRole(rawValue: statement.int(5)) ?? .user
        postCount = Int(statement.int(6))
        revision = Int(statement.int(7))
        banReason = statement.optionalLentText(8)
        bannedAt = statement.optionalTime(9)
        id = statement.id(10)
    }
}

/// A user, as it is stored.
package struct UserRecord: Sendable, Equatable {
    package let id: UUIDv7
    package let username: String
    package let displayName: String?
    package let bio: String?
    package let email: String?
    package let role: StoredRole
    package let postCount: Int
    package let revision: Int
    package let banReason: String?
    package let bannedAt: Timestamp?

    /// A copy of a row, which stays.
    init(_ row: UserRow) {
        id = row.id
        username = row.username.string
        displayName = row.displayName?.string
        bio = row.bio?.string
        email = row.email?.string
        role = row.role
        postCount = row.postCount
        revision = row.revision
        banReason = row.banReason?.string
        bannedAt = row.bannedAt
    }

    /// Whether it counts as an admin: a banned one cannot act, and so does not keep the house.
    package var isActiveAdmin: Bool { role == .admin && bannedAt == nil }
}

// MARK: Reading

extension StoreTransaction {
    /// A user; nil if there is none.
    /// - Throws: SQLError.
    package func user(_ id: UUIDv7) throws(SQLError) -> UserRecord? {
        try one(UsersSQL.byID, id) { UserRecord(UserRow($0)) }
    }

    /// A user by its name, which is given folded; nil if there is none.
    /// - Throws: SQLError.
    package func user(username: String) throws(SQLError) -> UserRecord? {
        let statement = try statement(UsersSQL.byUsername)
        defer { statement.reset() }
        statement.bind(1, text: username)
        return try statement.step() ? UserRecord(UserRow(statement)) : nil
    }

    /// Whether there is such a user.
    /// - Throws: SQLError.
    package func userExists(_ id: UUIDv7) throws(SQLError) -> Bool {
        try one(UsersSQL.exists, id) { _ in true } ?? false
    }

    /// Whether there is an admin who is not banned, besides this one.
    /// - Throws: SQLError.
    package func hasActiveAdmin(besides id: UUIDv7) throws(SQLError) -> Bool {
        try one(UsersSQL.otherAdmin, id) { _ in true } ?? false
    }

    /// A slice of all users, or of those whose name begins with `prefix`.
    /// - Parameter prefix: folded, one to thirty characters.
    /// - Returns: the id to go on after; nil at the end.
    /// - Throws: SQLError.
    package func users(
        _ slice: ListSlice, prefix: String?, _ lend: (UserRow) -> Void
    ) throws(SQLError) -> UUIDv7? {
        guard let prefix else {
            let sql = slice.isNewestFirst ? UsersSQL.newest : UsersSQL.oldest
            return try scan(sql, slice, bind: { _ in }, lend: { lend(UserRow($0)) })
        }
        let sql = slice.isNewestFirst ? UsersSQL.newestByPrefix : UsersSQL.oldestByPrefix
        return try scan(sql, slice, bind: { $0.bind(3, text: prefix) }, lend: { lend(UserRow($0)) })
    }
}

// MARK: Writing

extension StoreTransaction {
    /// Makes a user, findable by each beginning of its name.
    /// - Parameter username: folded.
    /// - Returns: its id; nil where the name is taken.
    /// - Throws: SQLError.
    package func insertUser(
        username: String, displayName: String? = nil, email: String? = nil, role: StoredRole = .user
    ) throws(SQLError) -> UUIDv7? {
        let id = newID()
        let statement = try statement(UsersSQL.insert)
        statement.bind(1, id)
        statement.bind(2, text: username)
        statement.bind(3, text: displayName)
        statement.bind(4, text: email)
        statement.bind(5, role.rawValue)
        try statement.run()
        guard connection.changes > 0 else { return nil }
        try insertPrefixes(of: username, id: id)
        return id
    }

    /// Makes a user findable by each beginning of its name: at most thirty rows, which let a list
    /// of names that begin alike be read in the order of ids without a scan.
    /// - Throws: SQLError.
    func insertPrefixes(of username: String, id: UUIDv7) throws(SQLError) {
        try forEachPrefix(of: username, UsersSQL.insertPrefix, id)
    }

    private func forEachPrefix(
        of username: String, _ sql: StaticString, _ id: UUIDv7
    ) throws(SQLError) {
        let bytes = username.utf8.span
        for length in 0..<bytes.count {
            let statement = try statement(sql)
            statement.bind(1, text: bytes.extracting(0..<(length + 1)))
            statement.bind(2, id)
            try statement.run()
        }
    }

    /// Sets or clears the name that is shown.
    /// - Throws: SQLError.
    package func setDisplayName(_ id: UUIDv7, _ text: String?) throws(SQLError) {
        try setText(UsersSQL.setDisplayName, id, text)
        marks.profilesChanged = true
    }

    /// Sets or clears what a user says of itself.
    /// - Throws: SQLError.
    package func setBio(_ id: UUIDv7, _ text: String?) throws(SQLError) {
        try setText(UsersSQL.setBio, id, text)
    }

    /// Sets or clears the e-mail address.
    /// - Throws: SQLError.
    package func setEmail(_ id: UUIDv7, _ text: String?) throws(SQLError) {
        try setText(UsersSQL.setEmail, id, text)
    }

    private func setText(_ sql: StaticString, _ id: UUIDv7, _ text: String?) throws(SQLError) {
        let statement = try statement(sql)
        statement.bind(1, id)
        statement.bind(2, text: text)
        try statement.run()
    }

    /// Counts an accepted update: the revision goes up, whether or not anything changed.
    /// - Throws: SQLError.
    package func countUserUpdate(_ id: UUIDv7) throws(SQLError) {
        try run(UsersSQL.countUpdate, id)
    }

    /// Gives a role; that is an update too. Whoever remembers roles is told.
    /// - Throws: SQLError.
    package func setRole(_ id: UUIDv7, _ role: StoredRole) throws(SQLError) {
        try run(UsersSQL.setRole, id, role.rawValue)
        try countUserUpdate(id)
        marks.sessionsEnded = true
    }

    /// Bans a user and ends all its sessions. Of one who is banned already, the reason is replaced.
    /// - Throws: SQLError.
    package func ban(_ id: UUIDv7, reason: String) throws(SQLError) {
        let statement = try statement(UsersSQL.ban)
        statement.bind(1, id)
        statement.bind(2, text: reason)
        statement.bind(3, now)
        try statement.run()
        try endSessions(of: id)
    }

    /// Lifts a ban.
    /// - Throws: SQLError.
    package func unban(_ id: UUIDv7) throws(SQLError) {
        try run(UsersSQL.unban, id)
    }

    /// Deletes a user: name, password and sessions at once, which hides all that hangs on it; that
    /// goes in slices.
    /// - Throws: SQLError.
    package func deleteUser(_ id: UUIDv7, username: String) throws(SQLError) {
        try forEachPrefix(of: username, UsersSQL.deletePrefix, id)
        try run(UsersSQL.delete, id)
        try run(UsersSQL.deleteCredentials, id)
        try endSessions(of: id)
        marks.profilesChanged = true
        try queueDeletion(.user, id)
    }
}
