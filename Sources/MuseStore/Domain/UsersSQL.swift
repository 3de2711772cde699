// The store room: the statements on users. A test reads the plan of each.

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
