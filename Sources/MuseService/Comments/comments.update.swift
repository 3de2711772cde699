// The rules' room: `comments.update`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension CommentsHandlers {
    /// Changes a comment of one's own.
    func update(_ params: CommentsUpdateParams, _ call: Call) async throws(RPCError) -> Comment {
        try await core.write(call, params) { w in
            let head = try w.commentHead(params.id)
            guard head.author == w.caller.user else { throw RPCError.permissionDenied() }
            if let revision = params.revision, revision != head.revision {
                throw RPCError.staleRevision(current: head.revision)
            }
            try w.check(current: head.revision) { try w.digest(ofComment: params.id) }
            try w.tx.updateComment(params.id, head, body: params.body)
            return [params.id]
        } answer: { w, ids in
            try w.comment(ids)
        }
    }
}
