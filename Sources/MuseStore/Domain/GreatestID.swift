// The store room: the greatest id that is kept. Asked once, when the writer starts.
package import MuseBase
package import MuseSQL

/// Statements on all that has ids. A like's id has no index of its own; the writer's own mark
/// covers it.
package enum GreatestIDSQL {
    static let users: StaticString = "SELECT max(id) FROM users"
    static let posts: StaticString = "SELECT max(id) FROM posts"
    static let comments: StaticString = "SELECT max(id) FROM comments"
    static let sessions: StaticString = "SELECT max(id) FROM sessions"
    static let deletions: StaticString = "SELECT max(id) FROM deletions"

    package static let all: [StaticString] = [users, posts, comments, sessions, deletions]
}

extension StoreTransaction {
    /// The greatest id that the tables hold, which new ones follow; nil where there is none.
    /// - Throws: SQLError.
    package func greatestID() throws(SQLError) -> UUIDv7? {
        var greatest: UUIDv7?
        for sql in GreatestIDSQL.all {
            let statement = try statement(sql)
            defer { statement.reset() }
            guard try statement.step(), let id = statement.optionalID(0) else { continue }
            greatest = max(greatest ?? id, id)
        }
        return greatest
    }
}
