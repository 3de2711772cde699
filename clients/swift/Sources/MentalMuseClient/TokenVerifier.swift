// The client: access tokens verified without asking the server about each, for a service beside it.
// What a token must be stands in AccessToken.swift, which keys are trusted in VerifierKeys.swift.
public import MentalMuseProtocol
public import MuseBase

/// Verifies access tokens by the server's public keys, which it fetches and keeps.
///
///     let verifier = TokenVerifier(client)
///     let caller = try await verifier.verify(token)
///
/// The keys are fetched with the first token, again every five minutes, and at once for a key that
/// is not known, but never more often than every ten seconds, whatever tokens come. Whether a
/// session has ended since its token was made only the server knows: `auth.whoami` with the token
/// asks it.
public final class TokenVerifier: Sendable {
    /// Who is calling, by a token that holds.
    public struct Caller: Sendable, Equatable {
        public let userID: UUIDv7
        public let sessionID: UUIDv7
        /// The user's role when the token was made.
        public let role: Role
        public let clientID: String
        public let tokenID: UUIDv7
        public let issuedAt: Timestamp
        /// From then on it does not hold.
        public let expiresAt: Timestamp
    }

    /// How long a fetch of the keys may take.
    private static let fetchDeadline: Duration = .seconds(10)

    private struct State {
        var keys = VerifierKeys()
        /// The fetch that is under way: one, however many tokens wait for it.
        var fetch: Task<Void, Never>?
        /// Why the latest fetch failed, if it did.
        var failure: ClientError?
    }

    private let client: MentalMuseClient
    private let issuer: String
    private let audience: String
    private let clock: WallClock
    private let state = Lock(State())

    /// A verifier of the tokens of a client's server.
    /// - Parameters:
    ///   - issuer: whose tokens are trusted, as `server.info` tells it.
    ///   - audience: for whom they must be made, as `server.info` tells it.
    public convenience init(
        _ client: MentalMuseClient, issuer: String = "mentalmuse", audience: String = "mentalmuse"
    ) {
        self.init(client, issuer: issuer, audience: audience, clock: .system)
    }

    /// A verifier that goes by a clock of the caller's own, for tests.
    package init(
        _ client: MentalMuseClient, issuer: String = "mentalmuse",
        audience: String = "mentalmuse", clock: WallClock
    ) {
        self.client = client
        self.issuer = issuer
        self.audience = audience
        self.clock = clock
    }

    /// Who is calling.
    /// - Throws: `tokenInvalid` for whatever is not an access token of this server, `tokenExpired`
    ///   for one that is right in everything but its time; where keys are needed and cannot be
    ///   fetched, what the call of `auth.jwks` throws.
    public func verify(_ token: String) async throws(ClientError) -> Caller {
        guard let parts = AccessToken(token) else { throw .tokenInvalid }
        let key = try await key(parts.keyID)
        guard parts.isSigned(by: key) else { throw .tokenInvalid }
        return try parts.caller(issuer: issuer, audience: audience, now: clock.now())
    }

    /// The key of that id.
    private func key(_ id: String) async throws(ClientError) -> [UInt8] {
        let (known, fetch) = state.withLock { state in
            let now = client.time.now()
            if state.fetch == nil, state.keys.wantsFetch(for: id, now) {
                state.keys.tried(now)
                state.fetch = Task { await self.fetch() }
            }
            return (state.keys.key(id, now), state.fetch)
        }
        // A key that is known does not wait for news of it.
        if let known { return known }
        await fetch?.value
        return try state.withLock { state throws(ClientError) in
            let now = client.time.now()
            if let key = state.keys.key(id, now) { return key }
            // Without keys nothing can be said of the token.
            guard !state.keys.areTrusted(now), let failure = state.failure else {
                throw .tokenInvalid
            }
            throw failure
        }
    }

    /// Fetches the keys; where that fails, the old ones stay for a while.
    private func fetch() async {
        var failure: ClientError?
        var keys: JWKSet?
        do throws(ClientError) {
            keys = try await client.auth.jwks(options: CallOptions(deadline: Self.fetchDeadline))
        } catch {
            failure = error
        }
        state.withLock { state in
            if let keys { state.keys.replace(keys, client.time.now()) }
            state.failure = failure
            state.fetch = nil
        }
    }
}
