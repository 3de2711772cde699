// The rules' room: `comments.*`. What its methods share: how a comment is shown.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseRPC
internal import MuseStore

/// The handlers of `comments.*`, a file a method.
struct CommentsHandlers: CommentsMethods {
    let core: ServiceCore
}

extension CommentRow {
    var comment: Comment {
        Comment(
            id: id, postID: post, author: author.author, body: body.string,
            createdAt: id.timestamp, updatedAt: updatedAt, edited: revision > 1, revision: revision)
    }

    /// Its texts are lent.
    var view: CommentView {
        CommentView(
            id: id, postID: post, author: author.view, body: TextView(body),
            createdAt: id.timestamp, updatedAt: updatedAt, edited: revision > 1, revision: revision)
    }
}

extension WriteContext {
    /// The comment that a write was about, as it is now.
    /// - Throws: 1201 where it has gone.
    func comment(_ ids: [UUIDv7]) throws -> Comment {
        let found = try ids.first.flatMap { id in
            try tx.comment(id) { row in
                tell { row.digest(into: &$0) }
                return row.comment
            }
        }
        guard let found else { throw RPCError.notFound() }
        return found
    }

    /// A comment that is to be written to.
    /// - Throws: 1201 where none can be seen.
    func commentHead(_ id: UUIDv7) throws -> CommentHead {
        guard let head = try tx.commentHead(id) else { throw RPCError.notFound() }
        return head
    }
}
