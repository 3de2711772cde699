// The store room: what hangs on something deleted goes in slices, between other writes and across
// restarts. Called by the domain's deletes, and by the writer as one of its chores.
internal import MuseBase
package import MuseSQL

/// What was deleted. Its own row, or what is left of it, is hidden already.
package enum DeletionKind: Int64, Sendable {
    /// The post's row has gone; its comments and likes are left.
    case post = 0
    /// The user's row has gone; its posts, with what hangs on them, its comments and its likes are
    /// left.
    case user = 1
}

/// Statements on deletions.
package enum DeletionsSQL {
    static let insert: StaticString = "INSERT INTO deletions(id, kind, subject) VALUES(?1, ?2, ?3)"
    static let first: StaticString = "SELECT id, kind, subject FROM deletions ORDER BY id LIMIT 1"
    static let delete: StaticString = "DELETE FROM deletions WHERE id = ?1"

    static let commentsOfPost: StaticString = """
        DELETE FROM comments WHERE post_id = ?1 AND id IN
            (SELECT id FROM comments WHERE post_id = ?1 ORDER BY id LIMIT ?2)
        """
    static let likesOfPost: StaticString = """
        DELETE FROM likes WHERE post_id = ?1 AND user_id IN
            (SELECT user_id FROM likes WHERE post_id = ?1 ORDER BY user_id LIMIT ?2)
        """
    static let firstPostOfUser: StaticString =
        "SELECT id FROM posts WHERE author_id = ?1 ORDER BY id LIMIT 1"
    static let commentsOfUser: StaticString = """
        SELECT post_id, id FROM comments WHERE author_id = ?1 ORDER BY post_id, id LIMIT ?2
        """
    static let likesOfUser: StaticString =
        "SELECT post_id, user_id FROM likes WHERE user_id = ?1 ORDER BY post_id LIMIT ?2"

    package static let all: [StaticString] = [
        insert, first, delete, commentsOfPost, likesOfPost, firstPostOfUser, commentsOfUser,
        likesOfUser,
    ]
}

extension WriterChore {
    /// Removes what hangs on deleted things.
    package static let deletions = WriterChore(name: "deletions") { tx in
        try tx.removeDeleted(rowsMax: 250)
    }
}

extension StoreTransaction {
    /// Puts a deletion into the queue, which lasts over restarts.
    func queueDeletion(_ kind: DeletionKind, _ subject: UUIDv7) throws(SQLError) {
        let statement = try statement(DeletionsSQL.insert)
        statement.bind(1, newID())
        statement.bind(2, kind.rawValue)
        statement.bind(3, subject)
        try statement.run()
        marks.choresDue = true
    }

    /// Whether a deletion is under way.
    /// - Throws: SQLError.
    package func hasDeletions() throws(SQLError) -> Bool {
        try firstDeletion() != nil
    }

    /// Removes a slice of what hangs on deleted things, the oldest deletion first; counts follow.
    /// - Parameter rowsMax: how many rows go at most.
    /// - Returns: whether there is more to remove.
    /// - Throws: SQLError.
    package func removeDeleted(rowsMax: Int) throws(SQLError) -> Bool {
        var room = rowsMax
        while room > 0 {
            guard let deletion = try firstDeletion() else { return false }
            guard try remove(deletion, &room) else { return true }
            try run(DeletionsSQL.delete, deletion.id)
            room -= 1
        }
        return try hasDeletions()
    }

    private struct Deletion {
        let id: UUIDv7
        let kind: DeletionKind
        let subject: UUIDv7
    }

    private func firstDeletion() throws(SQLError) -> Deletion? {
        let statement = try statement(DeletionsSQL.first)
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        guard let kind = DeletionKind(rawValue: statement.int(1)) else {
            throw SQLError(
                kind: .corrupt, code: 0, message: "a deletion of an unknown kind", call: "deletions"
            )
        }
        return Deletion(id: statement.id(0), kind: kind, subject: statement.id(2))
    }

    /// True: nothing of it is left. Each step below ends with room left, or it may not be the end.
    private func remove(_ deletion: Deletion, _ room: inout Int) throws(SQLError) -> Bool {
        switch deletion.kind {
        case .post: return try removeWhatHangs(onPost: deletion.subject, &room)
        case .user:
            guard try removePosts(of: deletion.subject, &room) else { return false }
            guard try removeComments(of: deletion.subject, &room) else { return false }
            return try removeLikes(of: deletion.subject, &room)
        }
    }

    private func removeWhatHangs(onPost post: UUIDv7, _ room: inout Int) throws(SQLError) -> Bool {
        for sql in [DeletionsSQL.commentsOfPost, DeletionsSQL.likesOfPost] {
            guard room > 0 else { return false }
            room -= Int(try run(sql, post, Int64(room)))
        }
        return room > 0
    }

    /// The post's row goes last, so that what hangs on it is found again after a restart.
    private func removePosts(of user: UUIDv7, _ room: inout Int) throws(SQLError) -> Bool {
        while let post = try one(DeletionsSQL.firstPostOfUser, user, { $0.id(0) }) {
            guard try removeWhatHangs(onPost: post, &room) else { return false }
            try run(PostsSQL.delete, post)
            room -= 1
        }
        return room > 0
    }

    private func removeComments(of user: UUIDv7, _ room: inout Int) throws(SQLError) -> Bool {
        let found = try pairs(DeletionsSQL.commentsOfUser, user, room)
        var start = 0
        while start < found.count {
            let post = found[start].0
            var end = start
            while end < found.count, found[end].0 == post {
                try run(CommentsSQL.delete, post, found[end].1)
                end += 1
            }
            try addToCommentCount(of: post, Int64(start - end))
            start = end
        }
        room -= found.count
        return room > 0
    }

    private func removeLikes(of user: UUIDv7, _ room: inout Int) throws(SQLError) -> Bool {
        let found = try pairs(DeletionsSQL.likesOfUser, user, room)
        for (post, _) in found { try unlike(post, by: user) }
        room -= found.count
        return room > 0
    }

    /// The rows are read before any is removed: a statement must not change what it reads.
    private func pairs(
        _ sql: StaticString, _ id: UUIDv7, _ limit: Int
    ) throws(SQLError) -> [(UUIDv7, UUIDv7)] {
        let statement = try statement(sql)
        defer { statement.reset() }
        statement.bind(1, id)
        statement.bind(2, Int64(limit))
        var found: [(UUIDv7, UUIDv7)] = []
        while try statement.step() { found.append((statement.id(0), statement.id(1))) }
        return found
    }
}
