// The rules' room: `posts.create`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension PostsHandlers {
    /// Writes a post.
    func create(_ params: PostsCreateParams, _ call: Call) async throws(RPCError) -> Post {
        try await core.write(call, params) { w in
            [try w.tx.insertPost(author: w.caller.user, body: params.body)]
        } made: { w, ids in
            try w.newPost(ids, body: params.body)
        } answer: { w, ids in
            try w.post(ids)
        }
    }
}
