// The rules' room: `users.get`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension UsersHandlers {
    /// One user, by id or by username; e-mail address and ban are its owner's and the admins' to
    /// see.
    func get(_ params: UsersGetParams, _ call: Call) async throws(RPCError) -> User {
        let viewer = try core.viewer(call)
        let user = try core.read { tx -> UserRecord? in
            if let id = params.id { return try tx.user(id) }
            guard let username = params.username else { return nil }
            return try tx.user(username: username)
        }
        guard let user else { throw RPCError.notFound() }
        call.peer.validator?.note(revision: user.revision) { user.digest(for: viewer, into: &$0) }
        return user.seen(by: viewer)
    }
}
