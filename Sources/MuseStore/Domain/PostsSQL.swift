// The store room: the statements on posts. A test reads the plan of each.

/// Statements on posts. Rows that are shown have the columns that `PostRow` reads.
package enum PostsSQL {
    static let byID: StaticString = """
        SELECT p.id, u.username, u.display_name, p.author_id, p.body, p.updated_at, p.like_count,
            p.comment_count, p.revision, l.id
        FROM posts p JOIN users u ON u.id = p.author_id
            LEFT JOIN likes l ON l.post_id = p.id AND l.user_id = ?2
        WHERE p.id = ?1
        """
    static let newest: StaticString = """
        SELECT p.id, u.username, u.display_name, p.author_id, p.body, p.updated_at, p.like_count,
            p.comment_count, p.revision, l.id
        FROM posts p LEFT JOIN users u ON u.id = p.author_id
            LEFT JOIN likes l ON l.post_id = p.id AND l.user_id = ?3
        WHERE p.id < ?1 ORDER BY p.id DESC LIMIT ?2
        """
    static let oldest: StaticString = """
        SELECT p.id, u.username, u.display_name, p.author_id, p.body, p.updated_at, p.like_count,
            p.comment_count, p.revision, l.id
        FROM posts p LEFT JOIN users u ON u.id = p.author_id
            LEFT JOIN likes l ON l.post_id = p.id AND l.user_id = ?3
        WHERE p.id > ?1 ORDER BY p.id LIMIT ?2
        """
    static let newestByAuthor: StaticString = """
        SELECT p.id, u.username, u.display_name, p.author_id, p.body, p.updated_at, p.like_count,
            p.comment_count, p.revision, l.id
        FROM posts p LEFT JOIN users u ON u.id = p.author_id
            LEFT JOIN likes l ON l.post_id = p.id AND l.user_id = ?3
        WHERE p.author_id = ?4 AND p.id < ?1 ORDER BY p.id DESC LIMIT ?2
        """
    static let oldestByAuthor: StaticString = """
        SELECT p.id, u.username, u.display_name, p.author_id, p.body, p.updated_at, p.like_count,
            p.comment_count, p.revision, l.id
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
        byID, newest, oldest, newestByAuthor, oldestByAuthor, head, insert, update, delete,
    ]
}
