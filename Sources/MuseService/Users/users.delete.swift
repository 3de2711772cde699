// The rules' room: `users.delete`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension UsersHandlers {
    /// Deletes the caller's account: name, password and sessions at once; posts, comments and likes
    /// are hidden at once and removed in slices. Said again, it is 1004: the caller has gone.
    func delete(_ params: UsersDeleteParams, _ call: Call) async throws(RPCError) -> Empty {
        try await core.write(call, params, password: params.currentPassword) { w in
            guard let user = try w.tx.user(w.caller.user) else { throw RPCError.tokenRevoked() }
            try w.check(current: user.revision) { w.digest(ofCaller: user) }
        } body: { w in
            guard let user = try w.tx.user(w.caller.user) else { throw RPCError.tokenRevoked() }
            try w.checkNotLastAdmin(user)
            try w.tx.deleteUser(user.id, username: user.username)
            return []
        } answer: { _, _ in
            Empty()
        }
    }
}
