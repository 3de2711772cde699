// The store room: comments. Called by the handlers of comments.*.
package import MuseBase
package import MuseSQL

/// Statements on comments. Rows that are shown have the columns that `CommentRow` reads.
package enum CommentsSQL {
    static let byID: StaticString = """
        SELECT c.id, u.username, u.display_name, c.author_id, c.body, c.updated_at, c.revision,
            c.post_id, u.revision
        FROM comments c JOIN users u ON u.id = c.author_id JOIN posts p ON p.id = c.post_id
            JOIN users o ON o.id = p.author_id
        WHERE c.id = ?1
        """
    /// The row of a comment that has just been made, of which all but its author is known.
    static let new: StaticString = """
        SELECT ?1, username, display_name, id, ?3, ?4, 1, ?5, revision FROM users WHERE id = ?2
        """
    static let newest: StaticString = """
        SELECT c.id, u.username, u.display_name, c.author_id, c.body, c.updated_at, c.revision,
            c.post_id, u.revision
        FROM comments c LEFT JOIN users u ON u.id = c.author_id
        WHERE c.post_id = ?3 AND c.id < ?1 ORDER BY c.id DESC LIMIT ?2
        """
    static let oldest: StaticString = """
        SELECT c.id, u.username, u.display_name, c.author_id, c.body, c.updated_at, c.revision,
            c.post_id, u.revision
        FROM comments c LEFT JOIN users u ON u.id = c.author_id
        WHERE c.post_id = ?3 AND c.id > ?1 ORDER BY c.id LIMIT ?2
        """
    static let head: StaticString = """
        SELECT c.post_id, c.author_id, p.author_id, c.revision, c.updated_at
        FROM comments c JOIN users u ON u.id = c.author_id JOIN posts p ON p.id = c.post_id
            JOIN users o ON o.id = p.author_id
        WHERE c.id = ?1
        """
    static let insert: StaticString = """
        INSERT INTO comments(post_id, id, author_id, body, updated_at) VALUES(?1, ?2, ?3, ?4, ?5)
        """
    static let update: StaticString = """
        UPDATE comments SET body = ?3, updated_at = ?4, revision = revision + 1
        WHERE post_id = ?1 AND id = ?2
        """
    static let delete: StaticString = "DELETE FROM comments WHERE post_id = ?1 AND id = ?2"

    package static let all: [StaticString] = [
        byID, new, newest, oldest, head, insert, update, delete,
    ]
}

/// A comment, as a row shows it. Texts are lent.
package struct CommentRow {
    package let id: UUIDv7
    package let post: UUIDv7
    package let author: AuthorRow
    package let body: LentText
    package let updatedAt: Timestamp
    package let revision: Int
    package let authorRevision: Int

    init(_ statement: any SQLStatement) {
        id = statement.id(0)
        author = AuthorRow(statement)
        body = statement.lentText(4)
        updatedAt = statement.time(5)
        revision = Int(statement.int(6))
        post = statement.id(7)
        authorRevision = Int(statement.int(8))
    }
}

/// What a write has to know of a comment before it changes it.
package struct CommentHead: Sendable, Equatable {
    package let post: UUIDv7
    package let author: UUIDv7
    package let postAuthor: UUIDv7
    package let revision: Int
    package let updatedAt: Timestamp
}

extension StoreTransaction {
    /// A comment that can be seen; nil if there is none.
    /// - Parameter make: takes what is wanted from the row, whose texts go with it.
    /// - Throws: SQLError.
    package func comment<R>(_ id: UUIDv7, _ make: (CommentRow) -> R) throws(SQLError) -> R? {
        try one(CommentsSQL.byID, id) { make(CommentRow($0)) }
    }

    /// A comment that this transaction has just made, told without looking for it.
    /// - Parameter make: takes what is wanted from the row, whose texts go with it.
    /// - Throws: SQLError.
    package func newComment<R>(
        _ id: UUIDv7, on post: UUIDv7, author: UUIDv7, body: String, _ make: (CommentRow) -> R
    ) throws(SQLError) -> R? {
        let statement = try statement(CommentsSQL.new)
        defer { statement.reset() }
        statement.bind(1, id)
        statement.bind(2, author)
        statement.bind(3, text: body)
        statement.bind(4, id.timestamp)
        statement.bind(5, post)
        return try statement.step() ? make(CommentRow(statement)) : nil
    }

    /// A slice of a post's comments. Whether the post can be seen is the caller's matter.
    /// - Returns: the id to go on after; nil at the end.
    /// - Throws: SQLError.
    package func comments(
        of post: UUIDv7, _ slice: ListSlice, _ lend: (CommentRow) -> Void
    ) throws(SQLError) -> UUIDv7? {
        let sql = slice.isNewestFirst ? CommentsSQL.newest : CommentsSQL.oldest
        return try scan(sql, slice, bind: { $0.bind(3, post) }, lend: { lend(CommentRow($0)) })
    }

    /// What a write has to know of a comment; nil where none can be seen.
    /// - Throws: SQLError.
    package func commentHead(_ id: UUIDv7) throws(SQLError) -> CommentHead? {
        try one(CommentsSQL.head, id) { row in
            CommentHead(
                post: row.id(0), author: row.id(1), postAuthor: row.id(2),
                revision: Int(row.int(3)), updatedAt: row.time(4))
        }
    }

    /// Comments on a post, which the caller has found.
    /// - Returns: the comment's id.
    /// - Throws: SQLError.
    package func insertComment(
        on post: UUIDv7, author: UUIDv7, body: String
    ) throws(SQLError) -> UUIDv7 {
        let id = newID()
        let statement = try statement(CommentsSQL.insert)
        statement.bind(1, post)
        statement.bind(2, id)
        statement.bind(3, author)
        statement.bind(4, text: body)
        statement.bind(5, id.timestamp)
        try statement.run()
        try addToCommentCount(of: post, 1)
        return id
    }

    /// Gives a comment another text, and counts the update.
    /// - Parameter head: what is known of it; its time never goes back.
    /// - Throws: SQLError.
    package func updateComment(_ id: UUIDv7, _ head: CommentHead, body: String) throws(SQLError) {
        let statement = try statement(CommentsSQL.update)
        statement.bind(1, head.post)
        statement.bind(2, id)
        statement.bind(3, text: body)
        statement.bind(4, max(now, head.updatedAt))
        try statement.run()
    }

    /// Deletes a comment.
    /// - Throws: SQLError.
    package func deleteComment(_ id: UUIDv7, _ head: CommentHead) throws(SQLError) {
        if try run(CommentsSQL.delete, head.post, id) > 0 {
            try addToCommentCount(of: head.post, -1)
        }
    }
}
