// The rules' room: `admin.create_user`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension AdminHandlers {
    /// Makes an account of any role: the first admin too.
    func createUser(_ params: AdminCreateUserParams, _ call: Call) async throws(RPCError) -> User {
        try checkOperator(call)
        let broken = PasswordRules.broken(by: params.password.utf8.span, username: params.username)
        guard broken.isEmpty else { throw RPCError.weakPassword(rules: broken.map(\.rawValue)) }
        let role = params.role.flatMap(StoredRole.init) ?? .user
        let hash = try await core.hash(params.password)
        let user = try await core.transact(call) { tx -> User in
            guard
                let id = try tx.insertUser(
                    username: params.username, displayName: params.displayName,
                    email: params.email, role: role),
                let user = try tx.user(id)
            else { throw RPCError.alreadyExists(field: "username") }
            try tx.setPassword(of: id, hash: hash)
            return user.whole
        }
        audit("admin.create_user", user.username)
        return user
    }
}
