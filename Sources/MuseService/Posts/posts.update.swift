// The rules' room: `posts.update`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension PostsHandlers {
    /// Changes a post of one's own.
    func update(_ params: PostsUpdateParams, _ call: Call) async throws(RPCError) -> Post {
        try await core.write(call, params) { w in
            let head = try w.postHead(params.id)
            guard head.author == w.caller.user else { throw RPCError.permissionDenied() }
            if let revision = params.revision, revision != head.revision {
                throw RPCError.staleRevision(current: head.revision)
            }
            try w.check(current: head.revision) { try w.digest(ofPost: params.id) }
            try w.tx.updatePost(params.id, head, body: params.body)
            return [params.id]
        } answer: { w, ids in
            try w.post(ids)
        }
    }
}
