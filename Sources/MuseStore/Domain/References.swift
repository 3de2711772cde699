// The store room: whether what points somewhere points at something. The tables have no foreign
// keys, since what hangs on a deleted row goes in slices. Called by whoever verifies a database.
package import MuseSQL

/// Statements on references. What hangs on something that is being deleted may be there still.
enum ReferencesSQL {
    /// These read everything: for verifying a database, never for a request.
    static let audits: [(name: String, sql: StaticString)] = [
        (
            "credentials of no user",
            "SELECT count(*) FROM credentials WHERE user_id NOT IN (SELECT id FROM users)"
        ),
        (
            "users without credentials",
            "SELECT count(*) FROM users WHERE id NOT IN (SELECT user_id FROM credentials)"
        ),
        (
            "sessions of no user",
            "SELECT count(*) FROM sessions WHERE user_id NOT IN (SELECT id FROM users)"
        ),
        (
            "beginnings of names of no user",
            """
            SELECT count(*) FROM user_prefixes p LEFT JOIN users u ON u.id = p.id
            WHERE u.id IS NULL OR substr(u.username, 1, length(p.prefix)) <> p.prefix
            """
        ),
        (
            "users who are not found by their names' beginnings",
            """
            SELECT count(*) FROM users u
            LEFT JOIN (SELECT id, count(*) AS found FROM user_prefixes GROUP BY id) p ON p.id = u.id
            WHERE coalesce(p.found, 0) <> length(u.username)
            """
        ),
        (
            "posts of no user",
            """
            SELECT count(*) FROM posts WHERE author_id NOT IN (SELECT id FROM users)
                AND author_id NOT IN (SELECT subject FROM deletions)
            """
        ),
        (
            "comments of no user",
            """
            SELECT count(*) FROM comments WHERE author_id NOT IN (SELECT id FROM users)
                AND author_id NOT IN (SELECT subject FROM deletions)
            """
        ),
        (
            "comments of no post",
            """
            SELECT count(*) FROM comments WHERE post_id NOT IN (SELECT id FROM posts)
                AND post_id NOT IN (SELECT subject FROM deletions)
            """
        ),
        (
            "likes of no user",
            """
            SELECT count(*) FROM likes WHERE user_id NOT IN (SELECT id FROM users)
                AND user_id NOT IN (SELECT subject FROM deletions)
            """
        ),
        (
            "likes of no post",
            """
            SELECT count(*) FROM likes WHERE post_id NOT IN (SELECT id FROM posts)
                AND post_id NOT IN (SELECT subject FROM deletions)
            """
        ),
    ]
}

extension StoreTransaction {
    /// What points at nothing, with how many rows of each kind; empty: all is well. Reads
    /// everything.
    /// - Throws: SQLError.
    package func brokenReferences() throws(SQLError) -> [(name: String, rows: Int64)] {
        var broken: [(name: String, rows: Int64)] = []
        for audit in ReferencesSQL.audits {
            let statement = try statement(audit.sql)
            defer { statement.reset() }
            let rows = try statement.step() ? statement.int(0) : 0
            if rows > 0 { broken.append((audit.name, rows)) }
        }
        return broken
    }
}
