// The rules' room: `users.unban`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension UsersHandlers {
    /// Lifts a ban; of one who is not banned, nothing changes.
    func unban(_ params: UsersUnbanParams, _ call: Call) async throws(RPCError) -> User {
        let (user, caller) = try await core.write(call, params, needs: .admin) { w in
            guard try w.tx.userExists(params.id) else { throw RPCError.notFound() }
            try w.tx.unban(params.id)
            return [params.id]
        } answer: { w, ids in
            (try w.user(ids), w.caller.user)
        }
        audit(call, by: caller, subject: user.id)
        return user
    }
}
