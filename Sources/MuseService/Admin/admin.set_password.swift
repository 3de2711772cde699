// The rules' room: `admin.set_password`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension AdminHandlers {
    /// Sets a password without knowing the old one; all sessions of the user end.
    func setPassword(_ params: AdminSetPasswordParams, _ call: Call) async throws(RPCError) -> Empty
    {
        try checkOperator(call)
        let memory = memory(call, params)
        let isRepeat = try await core.look(call) { tx in
            if try memory?.recall(tx) != nil { return true }
            guard try tx.credential(username: params.username) != nil else {
                throw RPCError.notFound()
            }
            return false
        }
        if isRepeat { return Empty() }
        let broken = PasswordRules.broken(by: params.password, username: params.username)
        guard broken.isEmpty else { throw RPCError.weakPassword(rules: broken.map(\.rawValue)) }
        let hash = try await core.hash(params.password)
        try await core.transact(call) { tx in
            if try memory?.recall(tx) != nil { return }
            guard let credential = try tx.credential(username: params.username) else {
                throw RPCError.notFound()
            }
            try tx.setPassword(of: credential.user, hash: hash)
            try tx.endSessions(of: credential.user)
            try memory?.remember([credential.user], in: tx)
        }
        audit("admin.set_password", params.username)
        return Empty()
    }
}
