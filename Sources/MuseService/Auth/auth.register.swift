// The rules' room: `auth.register`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseRPC
internal import MuseStore

extension AuthHandlers {
    /// Makes an account and logs in to it. Its idempotency key belongs to the name asked for; a
    /// repeat is answered to whoever knows the password.
    func register(_ params: AuthRegisterParams, _ call: Call) async throws(RPCError) -> Grant {
        let memory = shared.memory(call, params, owner: .username(params.username), isGrant: true)
        let username = params.username
        let (known, isTaken) = try await core.look(call) { tx in
            (try memory?.recall(tx), try tx.credential(username: username) != nil)
        }
        if let known { return try await registerAgain(known, params, call) }
        guard shared.configuration.isRegistrationOpen else { throw RPCError.registrationClosed() }
        try shared.countRegistration(from: call.address)
        let broken = PasswordRules.broken(by: params.password, username: params.username)
        guard broken.isEmpty else { throw RPCError.weakPassword(rules: broken.map(\.rawValue)) }
        if isTaken { throw RPCError.alreadyExists(field: "username") }
        let hash = try await core.hash(params.password)
        let address = call.address.text
        let outcome = try await core.transact(call) { tx -> RegisterOutcome in
            if let memory, let known = try memory.recall(tx) { return .known(known) }
            guard
                let user = try tx.insertUser(
                    username: params.username, displayName: params.displayName,
                    email: params.email, role: .user)
            else { throw RPCError.alreadyExists(field: "username") }
            try tx.setPassword(of: user, hash: hash)
            let ids = try Self.openSession(user, device: nil, address: address, in: tx)
            try memory?.remember(ids.ids, in: tx)
            return .made(try Self.draft(ids, in: tx))
        }
        switch outcome {
        case .made(let draft): return try grant(draft, call, attach: params.attach)
        case .known(let known): return try await registerAgain(known, params, call)
        }
    }

    private enum RegisterOutcome: Sendable {
        case made(GrantDraft)
        case known(RememberedCall)
    }

    private func registerAgain(
        _ known: RememberedCall, _ params: AuthRegisterParams, _ call: Call
    ) async throws(RPCError) -> Grant {
        let username = params.username
        let credential = try await core.look(call) { try $0.credential(username: username) }
        guard
            try await core.isPassword(params.password, of: credential, name: params.username, call)
        else { throw RPCError.badCredentials() }
        guard let ids = GrantIDs(ids: known.ids) else {
            throw shared.incident("a remembered grant without its ids")
        }
        return try grant(try core.read { try Self.draft(ids, in: $0) }, call, attach: params.attach)
    }
}
