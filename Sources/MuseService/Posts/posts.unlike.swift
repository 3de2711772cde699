// The rules' room: `posts.unlike`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension PostsHandlers {
    /// Takes a like back; where there is none, nothing changes.
    func unlike(_ params: PostsUnlikeParams, _ call: Call) async throws(RPCError) -> Post {
        try await core.write(call, params) { w in
            _ = try w.postHead(params.id)
            try w.tx.unlike(params.id, by: w.caller.user)
            return [params.id]
        } answer: { w, ids in
            try w.post(ids)
        }
    }
}
