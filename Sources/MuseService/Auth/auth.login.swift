// The rules' room: `auth.login`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseRPC
internal import MuseStore

extension AuthHandlers {
    /// Opens a session. An unknown name costs the time of a wrong password, and gets its answer;
    /// that an account is banned is told after the right password alone.
    func login(_ params: AuthLoginParams, _ call: Call) async throws(RPCError) -> Grant {
        let username = folded(params.username)
        let known = core.knownName
        let credential = try await core.look(call) { tx in
            let found = try tx.credential(username: username)
            // A row that is found costs some microseconds more than none: here one is found and one
            // is not, whoever is asked for.
            _ = try tx.credential(username: found == nil ? known : "")
            return found
        }
        if credential != nil { core.knownName = username }
        guard
            try await core.isPassword(params.password, of: credential, name: params.username, call),
            let credential
        else { throw RPCError.badCredentials() }
        if credential.isBanned { throw RPCError.accountDisabled() }
        let renewed =
            PasswordHash.needsRehash(
                credential.passwordHash, parameters: shared.configuration.passwords)
            ? try await core.hash(params.password) : nil
        let address = call.address.text
        let draft = try await core.transact(call) { tx -> GrantDraft in
            // The password may have been changed, or the account banned, since it was compared.
            guard let now = try tx.credential(user: credential.user),
                now.passwordHash == credential.passwordHash
            else { throw RPCError.badCredentials() }
            if now.isBanned { throw RPCError.accountDisabled() }
            if let renewed {
                try tx.renewHash(of: now.user, old: now.passwordHash, new: renewed)
            }
            let ids = try Self.openSession(
                now.user, device: params.device, address: address, in: tx)
            return try Self.draft(ids, in: tx)
        }
        return try grant(draft, call, attach: params.attach)
    }
}
