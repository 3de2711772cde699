// The rules' room: `comments.delete`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension CommentsHandlers {
    /// Deletes a comment: its author may, the post's author, and moderators.
    func delete(_ params: CommentsDeleteParams, _ call: Call) async throws(RPCError) -> Empty {
        try await core.write(call, params) { w in
            let head = try w.commentHead(params.id)
            let mayDelete =
                head.author == w.caller.user || head.postAuthor == w.caller.user
                || w.caller.isModerator
            guard mayDelete else { throw RPCError.permissionDenied() }
            try w.check(current: head.revision) { try w.digest(ofComment: params.id) }
            try w.tx.deleteComment(params.id, head)
            return []
        } answer: { _, _ in
            Empty()
        }
    }
}
