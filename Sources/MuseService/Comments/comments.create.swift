// The rules' room: `comments.create`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension CommentsHandlers {
    /// Comments on a post.
    func create(_ params: CommentsCreateParams, _ call: Call) async throws(RPCError) -> Comment {
        try await core.write(call, params) { w in
            _ = try w.postHead(params.postID)
            return [
                try w.tx.insertComment(
                    on: params.postID, author: w.caller.user, body: params.body)
            ]
        } made: { w, ids in
            try w.newComment(ids, on: params.postID, body: params.body)
        } answer: { w, ids in
            try w.comment(ids)
        }
    }
}
