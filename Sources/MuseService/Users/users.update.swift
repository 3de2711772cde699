// The rules' room: `users.update`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseRPC
internal import MuseStore

extension UsersHandlers {
    /// Changes the caller's own profile: what is absent stays, a null by name clears. The e-mail
    /// address wants the password again; for anything else it is not looked at.
    func update(_ params: UsersUpdateParams, _ call: Call) async throws(RPCError) -> User {
        let judge: @Sendable (WriteContext) throws -> Void = { w in
            guard let user = try w.tx.user(w.caller.user) else { throw RPCError.notFound() }
            if let revision = params.revision, revision != user.revision {
                throw RPCError.staleRevision(current: user.revision)
            }
            try w.check(current: user.revision) { w.digest(ofCaller: user) }
        }
        let body: @Sendable (WriteContext) throws -> [UUIDv7] = { w in
            try Self.apply(params, to: w.caller.user, in: w.tx)
            return [w.caller.user]
        }
        guard params.email != .absent else {
            return try await core.write(call, params) { w in
                try judge(w)
                return try body(w)
            } answer: { w, ids in
                try w.me(ids)
            }
        }
        guard let password = params.currentPassword else {
            throw RPCError.invalidParams(errors: [
                Offence(path: "/current_password", rule: "required", expected: "true")
            ])
        }
        return try await core.write(
            call, params, password: password, judge: judge, body: body,
            answer: { w, ids in try w.me(ids) })
    }

    private static func apply(
        _ params: UsersUpdateParams, to user: UUIDv7, in tx: StoreTransaction
    ) throws {
        if let change = params.displayName.change { try tx.setDisplayName(user, change.text) }
        if let change = params.bio.change { try tx.setBio(user, change.text) }
        if let change = params.email.change { try tx.setEmail(user, change.text) }
        try tx.countUserUpdate(user)
    }
}

extension Clearable<String> {
    /// What is to stand there; nil where it stays as it is.
    fileprivate var change: (text: String?, Void)? {
        switch self {
        case .absent: nil
        case .clear: (nil, ())
        case .set(let text): (text, ())
        }
    }
}
