// The rules' room: `posts.get`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension PostsHandlers {
    /// One post, with the caller's own like.
    func get(_ params: PostsGetParams, _ call: Call) async throws(RPCError) -> Post {
        let viewer = try core.viewer(call)
        let post = try core.read { try $0.post(params.id, viewer: viewer?.user) { $0.post } }
        guard let post else { throw RPCError.notFound() }
        return post
    }
}
