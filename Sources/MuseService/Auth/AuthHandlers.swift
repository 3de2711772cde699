// The rules' room: `auth.*`. What its methods share: passwords on the hash pool, throttled, and
// grants.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseRPC
internal import MuseStore

/// The handlers of `auth.*`, a file a method.
struct AuthHandlers: AuthMethods {
    let core: ServiceCore

    var shared: ServiceShared { core.shared }
}

/// The ids of a pair of tokens, from which it is signed, and signed again for a repeat.
struct GrantIDs: Sendable, Equatable {
    var user: UUIDv7
    var session: UUIDv7
    var access: UUIDv7
    var refresh: UUIDv7
    var issuedAt: Timestamp

    /// As a remembered call keeps them; the last one is a time.
    var ids: [UUIDv7] {
        [user, session, access, refresh, UUIDv7(high: UInt64(issuedAt.milliseconds), low: 0)]
    }

    init(user: UUIDv7, session: UUIDv7, access: UUIDv7, refresh: UUIDv7, issuedAt: Timestamp) {
        self.user = user
        self.session = session
        self.access = access
        self.refresh = refresh
        self.issuedAt = issuedAt
    }

    init?(ids: [UUIDv7]) {
        guard ids.count >= 5 else { return nil }
        self.init(
            user: ids[0], session: ids[1], access: ids[2], refresh: ids[3],
            issuedAt: Timestamp(milliseconds: Int64(truncatingIfNeeded: ids[4].high)))
    }
}

/// A grant before it is signed: what the transaction found.
struct GrantDraft: Sendable {
    let ids: GrantIDs
    let user: User
    let sessionEndsAt: Timestamp
}

/// How long tokens and sessions live, in milliseconds.
enum TokenLife {
    static let refresh: Int64 = 30 * 86_400_000
    static let session: Int64 = 180 * 86_400_000
    /// The most sessions of a user; the oldest by log-in ends.
    static let sessionsMax = 100
}

extension AuthHandlers {
    // MARK: Grants

    /// A new session and its first pair of tokens, in the transaction.
    static func openSession(
        _ user: UUIDv7, device: String?, address: String, in tx: StoreTransaction
    ) throws -> GrantIDs {
        try tx.endSessions(of: user, keeping: TokenLife.sessionsMax - 1)
        let ids = GrantIDs(
            user: user, session: tx.newID(), access: tx.newID(), refresh: tx.newID(),
            issuedAt: tx.now)
        try tx.insertSession(
            SessionRow(
                id: ids.session, user: user, device: device, address: address, lastUsedAt: tx.now,
                endsAt: tx.now + TokenLife.session, refreshID: ids.refresh, accessID: ids.access,
                issuedAt: tx.now))
        return ids
    }

    /// What a grant of those ids says now.
    /// - Throws: 1004 where the session has ended.
    static func draft(_ ids: GrantIDs, in tx: StoreTransaction) throws -> GrantDraft {
        guard let session = try tx.session(ids.session), session.endsAt > tx.now,
            let user = try tx.user(ids.user)
        else { throw RPCError.tokenRevoked() }
        return GrantDraft(
            ids: ids, user: user.whole, sessionEndsAt: session.endsAt)
    }

    /// Signs a grant, and attaches the connection to it where that was asked for.
    func grant(_ draft: GrantDraft, _ call: Call, attach: Bool?) throws(RPCError) -> Grant {
        let ids = draft.ids
        let issued = ids.issuedAt.seconds
        let accessExpiry = issued + shared.configuration.accessSeconds
        let refreshExpiry = min(
            (ids.issuedAt + TokenLife.refresh).seconds, draft.sessionEndsAt.seconds)
        guard let key = shared.currentKeys.signing else {
            throw shared.incident("there is no signing key")
        }
        let policy = shared.configuration.tokens
        let access = JWT.sign(
            AccessTokenClaims(
                subject: ids.user, session: ids.session, id: ids.access,
                role: draft.user.role.rawValue, issuedAt: issued, expiresAt: accessExpiry),
            policy: policy, key: key)
        let refresh = JWT.sign(
            RefreshTokenClaims(
                subject: ids.user, session: ids.session, id: ids.refresh, issuedAt: issued,
                expiresAt: refreshExpiry), policy: policy, key: key)
        if attach == true {
            call.peer.bound = AccessClaims(
                user: ids.user, session: ids.session, expiresAt: Timestamp(seconds: accessExpiry),
                keyID: key.keyID)
        }
        return Grant(
            user: draft.user, sessionID: ids.session, tokenType: "Bearer", accessToken: access,
            accessExpiresAt: Timestamp(seconds: accessExpiry), refreshToken: refresh,
            refreshExpiresAt: Timestamp(seconds: refreshExpiry))
    }
}
