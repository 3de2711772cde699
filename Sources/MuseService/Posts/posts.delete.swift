// The rules' room: `posts.delete`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension PostsHandlers {
    /// Deletes a post: its author may, and moderators. Comments and likes are hidden at once and
    /// removed in slices.
    func delete(_ params: PostsDeleteParams, _ call: Call) async throws(RPCError) -> Empty {
        try await core.write(call, params) { w in
            let head = try w.postHead(params.id)
            guard head.author == w.caller.user || w.caller.isModerator else {
                throw RPCError.permissionDenied()
            }
            try w.check(current: head.revision) { try w.digest(ofPost: params.id) }
            try w.tx.deletePost(params.id, author: head.author)
            return []
        } answer: { _, _ in
            Empty()
        }
    }
}
