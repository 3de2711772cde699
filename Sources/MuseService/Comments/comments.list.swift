// The rules' room: `comments.list`.
internal import MentalMuseProtocol
internal import MuseJSON
internal import MuseRPC
internal import MuseStore

extension CommentsHandlers {
    /// The comments on a post.
    func list(
        _ params: CommentsListParams, _ call: Call, into page: inout JSONWriter
    ) async throws(RPCError) {
        let viewer = try core.viewer(call)
        let list = ListCursor.List(
            kind: .comments, order: params.order, filter: .id(params.postID))
        try core.page(
            list, list.page(params.cursor, params.limit, for: viewer), call, into: &page
        ) { tx, lend in
            guard try tx.postHead(params.postID) != nil else { throw RPCError.notFound() }
            let slice = try list.slice(params.cursor, params.limit)
            return try tx.comments(of: params.postID, slice, lend)
        } digest: { (comment: CommentRow, digest) in
            comment.digest(into: &digest)
        } encode: { (comment: CommentRow, page) in
            comment.view.encode(into: &page)
        }
    }
}
