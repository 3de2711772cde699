// The rules' room: `users.set_role`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension UsersHandlers {
    /// Gives a user a role, which holds at once; tokens say so from the next on. The last admin
    /// stays one.
    func setRole(_ params: UsersSetRoleParams, _ call: Call) async throws(RPCError) -> User {
        guard let role = StoredRole(params.role) else {
            throw core.shared.incident("a role that the decoder should have refused")
        }
        let (user, caller) = try await core.write(call, params, needs: .admin) { w in
            guard let user = try w.tx.user(params.id) else { throw RPCError.notFound() }
            if role != .admin { try w.checkNotLastAdmin(user) }
            try w.tx.setRole(user.id, role)
            return [user.id]
        } answer: { w, ids in
            (try w.user(ids), w.caller.user)
        }
        audit(call, by: caller, subject: user.id, role: params.role)
        return user
    }
}
