// The store room: posts. Called by the handlers of posts.* and comments.*.
package import MuseBase
package import MuseSQL

/// Statements on posts, whose plans a test reads. Rows that are shown have the columns that
/// `PostRow` reads.
package enum PostsSQL {
    static let byID: StaticString = """
        SELECT p.id, u.username, u.display_name, p.author_id, p.body, p.updated_at, p.like_count,
            p.comment_count, p.revision, l.id, u.revision
        FROM posts p JOIN users u ON u.id = p.author_id
            LEFT JOIN likes l ON l.post_id = p.id AND l.user_id = ?2
        WHERE p.id = ?1
        """
    /// The row of a post that has just been made, of which all but its author is known.
    static let new: StaticString = """
        SELECT ?1, username, display_name, id, ?3, ?4, 0, 0, 1, NULL, revision
        FROM users WHERE id = ?2
        """
    static let newest: StaticString = """
        SELECT p.id, u.username, u.display_name, p.author_id, p.body, p.updated_at, p.like_count,
            p.comment_count, p.revision, l.id, u.revision
        FROM posts p LEFT JOIN users u ON u.id = p.author_id
            LEFT JOIN likes l ON l.post_id = p.id AND l.user_id = ?3
        WHERE p.id < ?1 ORDER BY p.id DESC LIMIT ?2
        """
    static let oldest: StaticString = """
        SELECT p.id, u.username, u.display_name, p.author_id, p.body, p.updated_at, p.like_count,
            p.comment_count, p.revision, l.id, u.revision
        FROM posts p LEFT JOIN users u ON u.id = p.author_id
            LEFT JOIN likes l ON l.post_id = p.id AND l.user_id = ?3
        WHERE p.id > ?1 ORDER BY p.id LIMIT ?2
        """
    static let newestByAuthor: StaticString = """
        SELECT p.id, u.username, u.display_name, p.author_id, p.body, p.updated_at, p.like_count,
            p.comment_count, p.revision, l.id, u.revision
        FROM posts p LEFT JOIN users u ON u.id = p.author_id
            LEFT JOIN likes l ON l.post_id = p.id AND l.user_id = ?3
        WHERE p.author_id = ?4 AND p.id < ?1 ORDER BY p.id DESC LIMIT ?2
        """
    static let oldestByAuthor: StaticString = """
        SELECT p.id, u.username, u.display_name, p.author_id, p.body, p.updated_at, p.like_count,
            p.comment_count, p.revision, l.id, u.revision
        FROM posts p LEFT JOIN users u ON u.id = p.author_id
            LEFT JOIN likes l ON l.post_id = p.id AND l.user_id = ?3
        WHERE p.author_id = ?4 AND p.id > ?1 ORDER BY p.id LIMIT ?2
        """

    static let head: StaticString = """
        SELECT p.author_id, p.revision, p.updated_at
        FROM posts p JOIN users u ON u.id = p.author_id WHERE p.id = ?1
        """
    static let insert: StaticString =
        "INSERT INTO posts(id, author_id, body, updated_at) VALUES(?1, ?2, ?3, ?4)"
    static let update: StaticString =
        "UPDATE posts SET body = ?2, updated_at = ?3, revision = revision + 1 WHERE id = ?1"
    static let delete: StaticString = "DELETE FROM posts WHERE id = ?1"

    package static let all: [StaticString] = [
        byID, new, newest, oldest, newestByAuthor, oldestByAuthor, head, insert, update, delete,
    ]
}

/// A post, as a row shows it. Texts are lent.
package struct PostRow {
    package let id: UUIDv7
    package let author: AuthorRow
    package let body: LentText
    package let updatedAt: Timestamp
    package let likeCount: Int
    package let commentCount: Int
    package let revision: Int
    /// Whether the viewer likes it.
    package let isLiked: Bool
    package let authorRevision: Int

    init(_ statement: any SQLStatement) {
        id = statement.id(0)
        author = AuthorRow(statement)
        body = statement.lentText(4)
        updatedAt = statement.time(5)
        likeCount = Int(statement.int(6))
        commentCount = Int(statement.int(7))
        revision = Int(statement.int(8))
        isLiked = !statement.isNull(9)
        authorRevision = Int(statement.int(10))
    }
}

/// What a write has to know of a post before it changes it.
package struct PostHead: Sendable, Equatable {
    package let author: UUIDv7
    package let revision: Int
    package let updatedAt: Timestamp
}

extension StoreTransaction {
    /// A post that can be seen; nil if there is none.
    /// - Parameters:
    ///   - viewer: whose like is looked up; nil: nobody's.
    ///   - make: takes what is wanted from the row, whose texts go with it.
    /// - Throws: SQLError.
    package func post<R>(
        _ id: UUIDv7, viewer: UUIDv7?, _ make: (PostRow) -> R
    ) throws(SQLError) -> R? {
        try one(PostsSQL.byID, id, viewer: viewer, hasViewer: true) { make(PostRow($0)) }
    }

    /// A post that this transaction has just made, told without looking for it.
    /// - Parameter make: takes what is wanted from the row, whose texts go with it.
    /// - Throws: SQLError.
    package func newPost<R>(
        _ id: UUIDv7, author: UUIDv7, body: String, _ make: (PostRow) -> R
    ) throws(SQLError) -> R? {
        let statement = try statement(PostsSQL.new)
        defer { statement.reset() }
        statement.bind(1, id)
        statement.bind(2, author)
        statement.bind(3, text: body)
        statement.bind(4, id.timestamp)
        return try statement.step() ? make(PostRow(statement)) : nil
    }

    /// A slice of all posts, or of one author's.
    /// - Parameter viewer: whose likes are looked up; nil: nobody's.
    /// - Returns: the id to go on after; nil at the end, and where there is no such author.
    /// - Throws: SQLError.
    package func posts(
        _ slice: ListSlice, author: UUIDv7?, viewer: UUIDv7?, _ lend: (PostRow) -> Void
    ) throws(SQLError) -> UUIDv7? {
        guard let author else {
            let sql = slice.isNewestFirst ? PostsSQL.newest : PostsSQL.oldest
            return try scan(
                sql, slice, bind: { $0.bind(3, viewer) }, lend: { lend(PostRow($0)) })
        }
        // Of an author who has been deleted the rows may still be there.
        guard try userExists(author) else { return nil }
        let sql = slice.isNewestFirst ? PostsSQL.newestByAuthor : PostsSQL.oldestByAuthor
        return try scan(
            sql, slice,
            bind: {
                $0.bind(3, viewer)
                $0.bind(4, author)
            }, lend: { lend(PostRow($0)) })
    }

    /// What a write has to know of a post; nil where none can be seen.
    /// - Throws: SQLError.
    package func postHead(_ id: UUIDv7) throws(SQLError) -> PostHead? {
        try one(PostsSQL.head, id) { row in
            PostHead(author: row.id(0), revision: Int(row.int(1)), updatedAt: row.time(2))
        }
    }

    /// Makes a post.
    /// - Returns: its id.
    /// - Throws: SQLError.
    package func insertPost(author: UUIDv7, body: String) throws(SQLError) -> UUIDv7 {
        let id = newID()
        let statement = try statement(PostsSQL.insert)
        statement.bind(1, id)
        statement.bind(2, author)
        statement.bind(3, text: body)
        statement.bind(4, id.timestamp)
        try statement.run()
        try addToPostCount(of: author, 1)
        return id
    }

    /// Gives a post another text, and counts the update.
    /// - Parameter head: what is known of it; its time never goes back.
    /// - Throws: SQLError.
    package func updatePost(_ id: UUIDv7, _ head: PostHead, body: String) throws(SQLError) {
        let statement = try statement(PostsSQL.update)
        statement.bind(1, id)
        statement.bind(2, text: body)
        statement.bind(3, max(now, head.updatedAt))
        try statement.run()
    }

    /// Deletes a post, which hides its comments and likes; those go in slices.
    /// - Throws: SQLError.
    package func deletePost(_ id: UUIDv7, author: UUIDv7) throws(SQLError) {
        try run(PostsSQL.delete, id)
        try addToPostCount(of: author, -1)
        try queueDeletion(.post, id)
    }
}
