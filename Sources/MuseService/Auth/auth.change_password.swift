// The rules' room: `auth.change_password`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseRPC
internal import MuseStore

extension AuthHandlers {
    /// The calling session goes on under its id with a new pair of tokens; all others end. A repeat
    /// is answered to whoever knows the new password.
    func changePassword(
        _ params: AuthChangePasswordParams, _ call: Call
    ) async throws(RPCError) -> Grant {
        guard let claims = try core.claims(call) else { throw RPCError.unauthenticated() }
        let shared = shared
        let memory = shared.memory(call, params, owner: .user(claims.user), isGrant: true)
        let (caller, known) = try await core.look(call) { tx -> (Viewer, RememberedCall?) in
            let caller = try shared.judge(claims, in: tx)
            let known = try memory?.recall(tx)
            if known == nil { try shared.checkWrites(of: claims.user) }
            return (caller, known)
        }
        if let known { return try await changeAgain(known, params, caller, call) }
        let old = try await core.checkPassword(call, caller, params.currentPassword)
        let broken = PasswordRules.broken(by: params.newPassword, username: old.username)
        guard broken.isEmpty else { throw RPCError.weakPassword(rules: broken.map(\.rawValue)) }
        let hash = try await core.hash(params.newPassword)
        let draft = try await core.transact(call) { tx -> GrantDraft? in
            let caller = try shared.judge(claims, in: tx)
            if let memory, try memory.recall(tx) != nil { return nil }
            guard let now = try tx.credential(user: caller.user),
                now.passwordHash == old.passwordHash
            else { throw RPCError.badCredentials() }
            guard let session = try tx.session(caller.session) else {
                throw RPCError.tokenRevoked()
            }
            try shared.countWrite(of: caller.user)
            try tx.setPassword(of: caller.user, hash: hash)
            try tx.endSessions(of: caller.user, except: caller.session)
            return try Self.rotate(session, memory, forgetting: true, in: tx)
        }
        if let draft { return try grant(draft, call, attach: nil) }
        guard let memory, let again = try await core.look(call, { try memory.recall($0) }) else {
            throw shared.incident("a remembered call has gone within a moment")
        }
        return try await changeAgain(again, params, caller, call)
    }

    private func changeAgain(
        _ known: RememberedCall, _ params: AuthChangePasswordParams, _ caller: Viewer, _ call: Call
    ) async throws(RPCError) -> Grant {
        try await core.checkPassword(call, caller, params.newPassword)
        guard let ids = GrantIDs(ids: known.ids) else {
            throw shared.incident("a remembered grant without its ids")
        }
        return try grant(try core.read { try Self.draft(ids, in: $0) }, call, attach: nil)
    }
}
