// The store room: counts that are kept beside what they count, in the same transactions. Called by
// the other domain files, and by whoever verifies a database.
internal import MuseBase
package import MuseSQL

/// Statements on counts. A count that can be seen is that of the rows, in every commit; it is that
/// of the rows that can be seen once no deletion is under way.
package enum CountersSQL {
    static let posts: StaticString = "UPDATE users SET post_count = post_count + ?2 WHERE id = ?1"
    static let likes: StaticString = "UPDATE posts SET like_count = like_count + ?2 WHERE id = ?1"
    static let comments: StaticString =
        "UPDATE posts SET comment_count = comment_count + ?2 WHERE id = ?1"

    package static let all: [StaticString] = [posts, likes, comments]

    /// These read everything: for verifying a database, never for a request.
    static let audits: [(name: String, sql: StaticString)] = [
        (
            "users.post_count",
            """
            SELECT count(*) FROM users u
            WHERE post_count <> (SELECT count(*) FROM posts p WHERE p.author_id = u.id)
            """
        ),
        (
            "posts.like_count",
            """
            SELECT count(*) FROM posts p JOIN users u ON u.id = p.author_id
            WHERE like_count <> (SELECT count(*) FROM likes l WHERE l.post_id = p.id)
            """
        ),
        (
            "posts.comment_count",
            """
            SELECT count(*) FROM posts p JOIN users u ON u.id = p.author_id
            WHERE comment_count <> (SELECT count(*) FROM comments c WHERE c.post_id = p.id)
            """
        ),
    ]
}

extension StoreTransaction {
    /// Nothing happens where the user has gone; so with the posts below.
    func addToPostCount(of user: UUIDv7, _ more: Int64) throws(SQLError) {
        try run(CountersSQL.posts, user, more)
    }

    func addToLikeCount(of post: UUIDv7, _ more: Int64) throws(SQLError) {
        try run(CountersSQL.likes, post, more)
    }

    func addToCommentCount(of post: UUIDv7, _ more: Int64) throws(SQLError) {
        try run(CountersSQL.comments, post, more)
    }

    /// The counts that do not agree with the rows, with how many of each; empty: all agree. Reads
    /// everything.
    /// - Throws: SQLError.
    package func wrongCounts() throws(SQLError) -> [(name: String, rows: Int64)] {
        var wrong: [(name: String, rows: Int64)] = []
        for audit in CountersSQL.audits {
            let statement = try statement(audit.sql)
            defer { statement.reset() }
            let rows = try statement.step() ? statement.int(0) : 0
            if rows > 0 { wrong.append((audit.name, rows)) }
        }
        return wrong
    }
}
