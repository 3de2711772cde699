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
        guard let id = ids.first, let comment = try tx.comment(id, told) else {
            throw RPCError.notFound()
        }
        return comment
    }

    /// The comment that this write has made.
    /// - Throws: SQLError.
    func newComment(_ ids: [UUIDv7], on post: UUIDv7, body: String) throws -> Comment {
        guard let id = ids.first,
            let comment = try tx.newComment(
                id, on: post, author: caller.user, body: body, told)
        else { throw RPCError.notFound() }
        return comment
    }

    private func told(_ row: CommentRow) -> Comment {
        tell { row.digest(into: &$0) }
        return row.comment
    }

    /// A comment that is to be written to.
    /// - Throws: 1201 where none can be seen.
    func commentHead(_ id: UUIDv7) throws -> CommentHead {
        guard let head = try tx.commentHead(id) else { throw RPCError.notFound() }
        return head
    }
}
