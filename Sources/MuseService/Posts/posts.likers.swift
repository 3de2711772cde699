// The rules' room: `posts.likers`.
internal import MentalMuseProtocol
internal import MuseJSON
internal import MuseRPC
internal import MuseStore

extension PostsHandlers {
    /// Who likes a post, by the time of the like.
    func likers(
        _ params: PostsLikersParams, _ call: Call, into page: inout JSONWriter
    ) async throws(RPCError) {
        let viewer = try core.viewer(call)
        let list = ListCursor.List(kind: .likers, order: params.order, filter: .id(params.id))
        try core.page(
            list, list.page(params.cursor, params.limit, for: viewer), call, into: &page
        ) { tx, lend in
            guard try tx.postHead(params.id) != nil else { throw RPCError.notFound() }
            let slice = try list.slice(params.cursor, params.limit)
            return try tx.likers(of: params.id, slice, lend)
        } digest: { (user: UserRow, digest) in
            user.digest(for: viewer, into: &digest)
        } encode: { (user: UserRow, page) in
            user.view(for: viewer).encode(into: &page)
        }
    }
}
