// The rules' room: `users.ban`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension UsersHandlers {
    /// Bans a user: all its sessions end, its posts stay. Of one who is banned the reason is
    /// replaced, and the ban's time stays. The last admin is not banned.
    func ban(_ params: UsersBanParams, _ call: Call) async throws(RPCError) -> User {
        let (user, caller) = try await core.write(call, params, needs: .admin) { w in
            guard let user = try w.tx.user(params.id) else { throw RPCError.notFound() }
            try w.checkNotLastAdmin(user)
            try w.tx.ban(user.id, reason: params.reason)
            return [user.id]
        } answer: { w, ids in
            (try w.user(ids), w.caller.user)
        }
        audit(call, by: caller, subject: user.id)
        return user
    }
}
