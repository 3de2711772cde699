// The store room: posts. Called by the handlers of posts.* and comments.*.
package import MuseBase
package import MuseSQL

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

    init(_ statement: any SQLStatement) {
        id = statement.id(0)
        author = AuthorRow(statement)
        body = statement.lentText(4)
        updatedAt = statement.time(5)
        likeCount = Int(statement.int(6))
        commentCount = Int(statement.int(7))
        revision = Int(statement.int(8))
        isLiked = !statement.isNull(9)
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
