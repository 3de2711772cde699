// The rules' room: `users.list`.
internal import MentalMuseProtocol
internal import MuseJSON
internal import MuseRPC
internal import MuseStore

extension UsersHandlers {
    /// All users, or those whose name begins with `query`, by the time of their registration.
    func list(
        _ params: UsersListParams, _ call: Call, into page: inout JSONWriter
    ) async throws(RPCError) {
        let viewer = try core.viewer(call)
        let prefix = params.query.map(folded)
        let list = ListCursor.List(
            kind: .users, order: params.order, filter: prefix.map { .text($0) } ?? .none)
        try core.page(
            list, list.page(params.cursor, params.limit, for: viewer), call, into: &page
        ) { tx, lend in
            let slice = try list.slice(params.cursor, params.limit)
            return try tx.users(slice, prefix: prefix, lend)
        } digest: { (user: UserRow, digest) in
            user.digest(for: viewer, into: &digest)
        } encode: { (user: UserRow, page) in
            user.view(for: viewer).encode(into: &page)
        }
    }
}
