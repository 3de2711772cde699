// The store room: likes. Called by the handlers of posts.like, posts.unlike and posts.likers.
package import MuseBase
package import MuseSQL

/// Statements on likes.
package enum LikesSQL {
    static let insert: StaticString = """
        INSERT INTO likes(post_id, user_id, id) VALUES(?1, ?2, ?3) ON CONFLICT(post_id, user_id) DO NOTHING
        """
    static let delete: StaticString = "DELETE FROM likes WHERE post_id = ?1 AND user_id = ?2"
    static let newest: StaticString = """
        SELECT l.id, u.username, u.display_name, u.bio, u.email, u.role, u.post_count, u.revision,
            u.ban_reason, u.banned_at, u.id
        FROM likes l LEFT JOIN users u ON u.id = l.user_id
        WHERE l.post_id = ?3 AND l.id < ?1 ORDER BY l.id DESC LIMIT ?2
        """
    static let oldest: StaticString = """
        SELECT l.id, u.username, u.display_name, u.bio, u.email, u.role, u.post_count, u.revision,
            u.ban_reason, u.banned_at, u.id
        FROM likes l LEFT JOIN users u ON u.id = l.user_id
        WHERE l.post_id = ?3 AND l.id > ?1 ORDER BY l.id LIMIT ?2
        """

    package static let all: [StaticString] = [insert, delete, newest, oldest]
}

extension StoreTransaction {
    /// Likes a post; a second time, nothing happens.
    /// - Throws: SQLError.
    package func like(_ post: UUIDv7, by user: UUIDv7) throws(SQLError) {
        let statement = try statement(LikesSQL.insert)
        statement.bind(1, post)
        statement.bind(2, user)
        statement.bind(3, newID())
        try statement.run()
        if connection.changes > 0 { try addToLikeCount(of: post, 1) }
    }

    /// Takes a like back; if there is none, nothing happens.
    /// - Throws: SQLError.
    package func unlike(_ post: UUIDv7, by user: UUIDv7) throws(SQLError) {
        if try run(LikesSQL.delete, post, user) > 0 { try addToLikeCount(of: post, -1) }
    }

    /// A slice of those who like a post, by the time of the like. Whether the post can be seen is
    /// the caller's matter.
    /// - Returns: the like's id to go on after; nil at the end.
    /// - Throws: SQLError.
    package func likers(
        of post: UUIDv7, _ slice: ListSlice, _ lend: (UserRow) -> Void
    ) throws(SQLError) -> UUIDv7? {
        let sql = slice.isNewestFirst ? LikesSQL.newest : LikesSQL.oldest
        return try scan(sql, slice, bind: { $0.bind(3, post) }, lend: { lend(UserRow($0)) })
    }
}
