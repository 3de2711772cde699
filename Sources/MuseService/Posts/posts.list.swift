// The rules' room: `posts.list`.
internal import MentalMuseProtocol
internal import MuseJSON
internal import MuseRPC
internal import MuseStore

extension PostsHandlers {
    /// Posts, all or of one author; of an unknown author there are none.
    func list(
        _ params: PostsListParams, _ call: Call, into page: inout JSONWriter
    ) async throws(RPCError) {
        let viewer = try core.viewer(call)
        let list = ListCursor.List(
            kind: .posts, order: params.order, filter: params.authorID.map { .id($0) } ?? .none)
        try core.page(
            list, list.page(params.cursor, params.limit, for: viewer), call, into: &page
        ) { tx, lend in
            let slice = try list.slice(params.cursor, params.limit)
            return try tx.posts(slice, author: params.authorID, viewer: viewer?.user, lend)
        } digest: { (post: PostRow, digest) in
            post.digest(into: &digest)
        } encode: { (post: PostRow, page) in
            post.view.encode(into: &page)
        }
    }
}
