// The client: a session that outlives the process, and where it is kept.
internal import MentalMuseProtocol
public import MuseBase

/// A session as it is kept: who, and the tokens. Secret.
public struct StoredSession: Sendable, Equatable {
    public var userID: UUIDv7
    public var username: String
    public var sessionID: UUIDv7
    public var accessToken: String
    public var accessExpiresAt: Timestamp
    /// nil for an access token that was made elsewhere.
    public var refreshToken: String?
    public var refreshExpiresAt: Timestamp?
    /// The idempotency key under which the refresh token will be used: whoever uses it again after
    /// an answer was lost must use this key, or the server ends the session.
    public var refreshKey: String

    /// A session of these parts.
    public init(
        userID: UUIDv7, username: String, sessionID: UUIDv7, accessToken: String,
        accessExpiresAt: Timestamp, refreshToken: String?, refreshExpiresAt: Timestamp?,
        refreshKey: String
    ) {
        self.userID = userID
        self.username = username
        self.sessionID = sessionID
        self.accessToken = accessToken
        self.accessExpiresAt = accessExpiresAt
        self.refreshToken = refreshToken
        self.refreshExpiresAt = refreshExpiresAt
        self.refreshKey = refreshKey
    }

    /// What the server granted. `refreshKey`: new and random.
    init(_ grant: Grant, refreshKey: String) {
        self.init(
            userID: grant.user.id, username: grant.user.username, sessionID: grant.sessionID,
            accessToken: grant.accessToken, accessExpiresAt: grant.accessExpiresAt,
            refreshToken: grant.refreshToken, refreshExpiresAt: grant.refreshExpiresAt,
            refreshKey: refreshKey)
    }
}

/// Where a session is kept: memory, a file, a key chain.
///
/// Several processes may share a store. Then `exclusively` must keep them apart: a refresh token
/// may be used once, and the client swaps it within `exclusively`, after it has looked whether
/// another was faster.
public protocol SessionStore: Sendable {
    /// The session that is kept; nil if there is none.
    func load() async throws -> StoredSession?

    /// Keeps a session; nil for none.
    func save(_ session: StoredSession?) async throws

    /// Runs `body` while no other user of the store is within it.
    func exclusively<R: Sendable>(_ body: @Sendable () async -> R) async throws -> R
}

extension SessionStore {
    /// For stores that nobody shares.
    public func exclusively<R: Sendable>(_ body: @Sendable () async -> R) async throws -> R {
        await body()
    }
}

/// Keeps the session as long as the process runs.
public final class MemorySessionStore: SessionStore {
    private let session: Lock<StoredSession?>

    /// A store that holds `session`.
    public init(_ session: StoredSession? = nil) {
        self.session = Lock(session)
    }

    public func load() async -> StoredSession? { session.withLock { $0 } }

    public func save(_ session: StoredSession?) async { self.session.withLock { $0 = session } }
}

/// What becomes of the client's session.
public enum SessionEvent: Sendable, Equatable {
    /// Somebody logged in or registered, or a kept session was found.
    case signedIn(userID: UUIDv7)
    /// There are new tokens.
    case refreshed
    /// Nobody is logged in any more.
    case ended(Ending)
    /// The tokens could not be kept; they hold in memory.
    case notKept(String)

    /// Why a session ended.
    public enum Ending: Sendable, Equatable {
        /// By this client, or by another process that shares the store.
        case loggedOut
        /// The server says that it has ended or its tokens do not hold: log in again.
        case refused(ClientError)
    }
}
