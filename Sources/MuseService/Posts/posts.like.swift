// The rules' room: `posts.like`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension PostsHandlers {
    /// Likes a post; liking it again changes nothing.
    func like(_ params: PostsLikeParams, _ call: Call) async throws(RPCError) -> Post {
        try await core.write(call, params) { w in
            _ = try w.postHead(params.id)
            try w.tx.like(params.id, by: w.caller.user)
            return [params.id]
        } answer: { w, ids in
            try w.post(ids)
        }
    }
}
