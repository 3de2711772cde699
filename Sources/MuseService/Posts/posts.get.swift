// The rules' room: `posts.get`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension PostsHandlers {
    /// One post, with the caller's own like.
    func get(_ params: PostsGetParams, _ call: Call) async throws(RPCError) -> Post {
        let viewer = try core.viewer(call)
        let post = try core.read { tx in
            try tx.post(params.id, viewer: viewer?.user) { row in
                call.peer.validator?.note(revision: row.revision) { row.digest(into: &$0) }
                return row.post
            }
        }
        guard let post else { throw RPCError.notFound() }
        return post
    }
}
