// The rules' room: `auth.logout`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseRPC
internal import MuseStore

extension AuthHandlers {
    /// Ends a session: that of a refresh token, spent or expired too; else the caller's, for which
    /// an expired access token will do. `all` takes a token that is live, and ends all of that
    /// user's.
    func logout(_ params: AuthLogoutParams, _ call: Call) async throws(RPCError) -> Empty {
        let all = params.all == true
        guard let owner = try owner(params, call, live: all) else { return Empty() }
        try await core.transact(call) { tx in
            guard all else {
                try tx.endSession(owner.session)
                return
            }
            guard let session = try tx.sessionOwner(owner.session), session.user == owner.user,
                session.endsAt > tx.now
            else { throw RPCError.tokenRevoked() }
            if let refresh = owner.refresh {
                guard let row = try tx.session(owner.session), row.refreshID == refresh else {
                    throw RPCError.tokenRevoked()
                }
            }
            try tx.endSessions(of: owner.user)
        }
        return Empty()
    }

    private struct Owner: Sendable {
        let user: UUIDv7
        let session: UUIDv7
        /// The refresh token that was given.
        var refresh: UUIDv7?
    }

    /// Whose session is meant; nil where the token is none of ours, for then there is nothing to
    /// end. `live`: a token that is unknown, or whose time is over, will not do.
    /// - Throws: 1001 where there is no token at all, 1002, 1003.
    private func owner(
        _ params: AuthLogoutParams, _ call: Call, live: Bool
    ) throws(RPCError) -> Owner? {
        let now = shared.wallClock.now()
        let policy = shared.configuration.tokens
        do throws(TokenError) {
            if let token = params.refreshToken {
                let claims = try JWT.verifyRefresh(
                    token.utf8.span, keys: shared.currentKeys, policy: policy, now: now,
                    acceptingExpired: !live)
                return Owner(user: claims.subject, session: claims.session, refresh: claims.id)
            }
            if let token = call.meta.accessToken {
                let verified = try JWT.verifyAccess(
                    token.utf8.span, keys: shared.currentKeys, policy: policy, now: now,
                    acceptingExpired: !live)
                return Owner(user: verified.claims.subject, session: verified.claims.session)
            }
        } catch .expired {
            throw RPCError.tokenExpired()
        } catch {
            guard live else { return nil }
            throw RPCError.tokenInvalid()
        }
        guard let bound = call.peer.bound else { throw RPCError.unauthenticated() }
        if live, bound.expiresAt <= now { throw RPCError.tokenExpired() }
        // A key that is retired at once takes its tokens along, the bound ones too.
        guard shared.currentKeys.key(id: bound.keyID) != nil else {
            guard live else { return nil }
            throw RPCError.tokenInvalid()
        }
        return Owner(user: bound.user, session: bound.session)
    }
}
