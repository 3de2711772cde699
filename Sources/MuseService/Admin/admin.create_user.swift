// The rules' room: `admin.create_user`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension AdminHandlers {
    /// Makes an account of any role: the first admin too.
    func createUser(_ params: AdminCreateUserParams, _ call: Call) async throws(RPCError) -> User {
        try checkOperator(call)
        let memory = memory(call, params)
        let known = try await core.look(call) { try Self.repeated(memory, in: $0) }
        if let known { return known }
        let broken = PasswordRules.broken(by: params.password, username: params.username)
        guard broken.isEmpty else { throw RPCError.weakPassword(rules: broken.map(\.rawValue)) }
        let role = params.role.flatMap(StoredRole.init) ?? .user
        let hash = try await core.hash(params.password)
        let user = try await core.transact(call) { tx -> User in
            if let known = try Self.repeated(memory, in: tx) { return known }
            guard
                let id = try tx.insertUser(
                    username: params.username, displayName: params.displayName,
                    email: params.email, role: role),
                let user = try tx.user(id)
            else { throw RPCError.alreadyExists(field: "username") }
            try tx.setPassword(of: id, hash: hash)
            try memory?.remember([id], in: tx)
            return user.whole
        }
        audit("admin.create_user", user.username)
        return user
    }

    /// The user that the first of these calls made, as it is now; nil: this is the first.
    /// - Throws: 1303, 1201 where it has gone since.
    private static func repeated(
        _ memory: CallMemory?, in tx: StoreTransaction
    ) throws -> User? {
        guard let known = try memory?.recall(tx) else { return nil }
        guard let id = known.ids.first, let user = try tx.user(id) else {
            throw RPCError.notFound()
        }
        return user.whole
    }
}
