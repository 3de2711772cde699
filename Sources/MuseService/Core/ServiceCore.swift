// The rules' room: what all handlers of a worker share: who is calling, reads, and the translation
// of the store's errors. One a worker, confined to it.
package import MentalMuseProtocol
package import MuseBase
internal import MuseCrypto
package import MuseRPC
internal import MuseSQL
package import MuseStore

/// A caller whose session was live when it was judged.
package struct Viewer: Sendable, Equatable {
    package let user: UUIDv7
    package let session: UUIDv7
    package let role: Role
    package let expiresAt: Timestamp

    /// Whether it may do what moderators may.
    package var isModerator: Bool { role == .moderator || role == .admin }
    package var isAdmin: Bool { role == .admin }

    /// Who calls over the operator's socket without a token: no account, an admin's rights.
    static let theOperator = Viewer(
        user: UUIDv7(high: 0, low: 0), session: UUIDv7(high: 0, low: 0), role: .admin,
        expiresAt: Timestamp(milliseconds: .max))
}

/// What the handlers of one worker share.
package final class ServiceCore {
    package let shared: ServiceShared
    package let store: Store
    let tokens = TokenCache()
    private var keys = KnownKeys()
    var pages = KnownPages()
    /// Sessions that were live when a snapshot of this epoch was taken.
    private var sessions: [UUIDv7: SessionOwner] = [:]
    private var sessionsEpoch: UInt64 = 0
    /// A name that somebody had lately: looked up where a log-in's is unknown, which is to take as
    /// long.
    var knownName = ""

    /// How many sessions a worker remembers.
    private static let sessionsMax = 16_384

    package init(shared: ServiceShared, store: Store) {
        self.shared = shared
        self.store = store
        shared.watch(tokens.counters)
    }

    /// Ends the snapshot that the reads of this pass shared.
    package func endPass() {
        store.endSnapshot()
    }

    // MARK: Who is calling

    /// The caller; nil where nobody is. A token that does not hold is refused.
    /// - Throws: 1001 where even reads want a caller, 1002 to 1004, 1601.
    package func viewer(_ call: Call) throws(RPCError) -> Viewer? {
        guard let claims = try claims(call) else {
            guard shared.configuration.isPrivate else { return nil }
            throw RPCError.unauthenticated()
        }
        return try judge(claims)
    }

    /// The caller.
    /// - Throws: 1001 where nobody is calling, 1002 to 1004, 1601.
    package func caller(_ call: Call) throws(RPCError) -> Viewer {
        guard let claims = try claims(call) else { throw RPCError.unauthenticated() }
        return try judge(claims)
    }

    /// The caller; the operator, who has no account, counts as an admin where no token is given.
    /// - Throws: 1001 where nobody is calling, 1002 to 1004, 1601.
    func callerOrOperator(_ call: Call) throws(RPCError) -> Viewer {
        guard let claims = try claims(call) else {
            guard call.peer.isOperator else { throw RPCError.unauthenticated() }
            return .theOperator
        }
        return try judge(claims)
    }

    /// What the call's token says, or the bound one's; signature and time are checked, the session
    /// is not.
    /// - Throws: 1002, 1003.
    func claims(_ call: Call) throws(RPCError) -> AccessClaims? {
        if let token = call.meta.accessToken { return try verify(access: token) }
        guard let bound = call.peer.bound else { return nil }
        if shared.wallClock.now() >= bound.expiresAt { throw RPCError.tokenExpired() }
        guard keys.holds(bound.keyID, shared) else { throw RPCError.tokenInvalid() }
        return bound
    }

    /// Judges claims by the snapshot of this pass.
    /// - Throws: 1004 where the session has ended, 1601.
    func judge(_ claims: AccessClaims) throws(RPCError) -> Viewer {
        let owner = try owner(of: claims.session)
        guard let owner, owner.user == claims.user else { throw RPCError.tokenRevoked() }
        return Viewer(
            user: owner.user, session: claims.session, role: owner.role.word,
            expiresAt: claims.expiresAt)
    }

    private func owner(of session: UUIDv7) throws(RPCError) -> SessionOwner? {
        // Read before the snapshot is taken: whatever ends in between makes what is kept void
        // again.
        let epoch = store.epochs.sessions
        if sessionsEpoch != epoch {
            sessions.removeAll(keepingCapacity: true)
            sessionsEpoch = epoch
        }
        let now = shared.wallClock.now()
        if let owner = sessions[session] { return owner.endsAt > now ? owner : nil }
        guard let owner = try read({ try $0.sessionOwner(session) }), owner.endsAt > now else {
            return nil
        }
        if sessions.count >= Self.sessionsMax { sessions.removeAll(keepingCapacity: true) }
        sessions[session] = owner
        return owner
    }

    // MARK: Reading

    /// Runs a read on the snapshot of this pass.
    /// - Throws: what `body` throws as RPCError, 1601 for the store's own failures.
    package func read<R>(_ body: (StoreTransaction) throws -> R) throws(RPCError) -> R {
        do {
            return try store.read(body)
        } catch {
            throw shared.translate(error)
        }
    }

    /// Verifies an access token.
    /// - Throws: 1002, 1003.
    func verify(access token: String) throws(RPCError) -> AccessClaims {
        do throws(TokenError) {
            let verified = try tokens.verify(
                token.utf8.span, ring: shared.keys, policy: shared.configuration.tokens,
                now: shared.wallClock.now())
            return AccessClaims(
                user: verified.claims.subject, session: verified.claims.session,
                expiresAt: Timestamp(seconds: verified.claims.expiresAt), keyID: verified.keyID)
        } catch .expired {
            throw RPCError.tokenExpired()
        } catch {
            throw RPCError.tokenInvalid()
        }
    }
}

extension StoredRole {
    /// The word of the contract.
    package var word: Role {
        switch self {
        case .user: .user
        case .moderator: .moderator
        case .admin: .admin
        }
    }

    package init?(_ role: Role) {
        switch role {
        case .user: self = .user
        case .moderator: self = .moderator
        case .admin: self = .admin
        default: return nil
        }
    }
}

/// The ids of the keys that hold, as a worker knows them.
private struct KnownKeys {
    private var epoch: UInt64 = 0
    private var ids: [String] = []

    mutating func holds(_ keyID: String, _ shared: ServiceShared) -> Bool {
        let now = shared.wallClock.now()
        if shared.keys.epoch(now: now) != epoch {
            let snapshot = shared.keys.snapshot(now: now)
            epoch = snapshot.epoch
            ids = snapshot.keys.verifying.map(\.keyID)
        }
        return ids.contains(keyID)
    }
}
