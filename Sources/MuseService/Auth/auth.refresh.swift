// The rules' room: `auth.refresh`: rotation, the lost answer, and reuse.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseRPC
internal import MuseStore

extension AuthHandlers {
    /// Swaps an unspent refresh token for a new pair. Its idempotency key belongs to the session:
    /// the same token with the same key gets the same pair again; any other second use ends the
    /// session, in the transaction that finds it.
    func refresh(_ params: AuthRefreshParams, _ call: Call) async throws(RPCError) -> Grant {
        let claims = try verifyRefresh(params.refreshToken)
        let memory = shared.memory(call, params, owner: .session(claims.session), isGrant: true)
        let grace = Int64(shared.configuration.refreshGraceSeconds) * 1_000
        let outcome = try await core.transact(call) { tx -> RefreshOutcome in
            guard let session = try tx.session(claims.session), session.user == claims.subject,
                session.endsAt > tx.now
            else { throw RPCError.tokenRevoked() }
            if let memory, let known = try memory.recall(tx), let ids = GrantIDs(ids: known.ids) {
                if known.ids.last == claims.id { return .granted(try Self.draft(ids, in: tx)) }
                if claims.id == session.refreshID { throw RPCError.idempotencyMismatch() }
            } else if claims.id == session.refreshID {
                return .granted(try Self.rotate(session, memory, in: tx))
            } else if claims.id == session.previousRefreshID, let spent = session.previousSpentAt,
                grace > 0, tx.now < spent + grace
            {
                return .granted(try Self.draft(Self.current(session), in: tx))
            }
            try tx.endSession(session.id)
            return .reused
        }
        switch outcome {
        case .granted(let draft): return try grant(draft, call, attach: params.attach)
        case .reused: throw RPCError.tokenReused()
        }
    }

    private enum RefreshOutcome: Sendable {
        case granted(GrantDraft)
        /// The session has been ended.
        case reused
    }

    private static func current(_ session: SessionRow) -> GrantIDs {
        GrantIDs(
            user: session.user, session: session.id, access: session.accessID,
            refresh: session.refreshID, issuedAt: session.issuedAt)
    }

    /// Gives a session its next pair of tokens.
    /// - Parameter forgetting: whether no time of grace is due to the token that is replaced.
    static func rotate(
        _ session: SessionRow, _ memory: CallMemory?, forgetting: Bool = false,
        in tx: StoreTransaction
    ) throws -> GrantDraft {
        let ids = GrantIDs(
            user: session.user, session: session.id, access: tx.newID(), refresh: tx.newID(),
            issuedAt: tx.now)
        guard
            try tx.rotateSession(
                session.id, spent: session.refreshID, refreshID: ids.refresh, accessID: ids.access,
                at: tx.now, forgetting: forgetting)
        else { throw RPCError.tokenRevoked() }
        try memory?.remember(ids.ids + [session.refreshID], in: tx)
        return try draft(ids, in: tx)
    }

    /// What a refresh token says.
    /// - Throws: 1003 for what is not ours, 1004 for one whose time is over.
    private func verifyRefresh(_ token: String) throws(RPCError) -> RefreshTokenClaims {
        do throws(TokenError) {
            return try JWT.verifyRefresh(
                token.utf8.span, keys: shared.currentKeys, policy: shared.configuration.tokens,
                now: shared.wallClock.now())
        } catch .expired {
            throw RPCError.tokenRevoked()
        } catch {
            throw RPCError.tokenInvalid()
        }
    }
}
