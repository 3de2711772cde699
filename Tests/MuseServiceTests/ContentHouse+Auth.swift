// What the tests of `auth.*`, `admin.*` and `server.*` ask of the house: calls by token, a clock of
// the test's own, and errors whole.
internal import Foundation
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseJSON
internal import MuseRPC
internal import MuseService
internal import MuseStore

/// A time that stands still until the test moves it.
final class TestClock: Sendable {
    private let milliseconds = Lock<Int64>(0)

    /// Some morning of 2026, at the full second.
    private static let start: Int64 = 1_790_000_000_000

    var wall: WallClock {
        let milliseconds = milliseconds
        return WallClock {
            Timestamp(milliseconds: Self.start + milliseconds.withLock { $0 })
        }
    }

    var monotonic: MonotonicClock {
        let milliseconds = milliseconds
        return MonotonicClock {
            UInt64(1_000 + milliseconds.withLock { $0 }) * 1_000_000
        }
    }

    var now: Timestamp { wall.now() }

    func pass(seconds: Int) { milliseconds.withLock { $0 += Int64(seconds) * 1_000 } }
    func pass(minutes: Int) { pass(seconds: minutes * 60) }
    func pass(days: Int) { pass(seconds: days * 86_400) }
}

/// The password of everybody here, and the one that some change to.
let rightPassword = "the right password"
let newPassword = "another fine word 8"

extension ContentHouse {
    var auth: any AuthMethods { service.methods.auth }
    var server: any ServerMethods { service.methods.server }

    /// The end of a connection, to which nobody is attached.
    static func peer(
        _ address: NetworkAddress = .ipv4(0x7F00_0001), _ transport: Transport = .tcp
    ) -> Peer {
        Peer(id: 3, transport: transport, address: address)
    }

    /// A call on a connection, with a token in its `_meta`.
    func call(
        _ method: MethodID, on peer: Peer, token: String? = nil, key: String? = nil,
        observer: (any CallObserver)? = nil, from address: String? = nil
    ) -> Call {
        service.endPass()
        var meta = Meta()
        meta.clientAddress = address
        meta.accessToken = token
        meta.idempotencyKey = key
        return Call(method: method, peer: peer, meta: meta, arrivedAt: 0, observer: observer)
    }

    /// A call with a token, on a connection of its own.
    func call(_ method: MethodID, token: String?, key: String? = nil) -> Call {
        call(method, on: Self.peer(), token: token, key: key)
    }

    // MARK: Sessions

    func register(
        _ name: String, _ password: String = rightPassword, key: String? = nil,
        on peer: Peer = peer()
    ) async throws -> Grant {
        try await auth.register(
            AuthRegisterParams(username: name, password: password),
            call(.authRegister, on: peer, key: key))
    }

    func login(
        _ name: String, _ password: String = rightPassword, on peer: Peer = peer(),
        attach: Bool? = nil
    ) async throws -> Grant {
        try await auth.login(
            AuthLoginParams(username: name, password: password, attach: attach),
            call(.authLogin, on: peer))
    }

    func refresh(_ token: String, key: String? = nil) async throws -> Grant {
        try await auth.refresh(
            AuthRefreshParams(refreshToken: token), call(.authRefresh, token: nil, key: key))
    }

    func changePassword(
        _ token: String?, from old: String = rightPassword, to new: String = newPassword,
        key: String? = nil
    ) async throws -> Grant {
        try await auth.changePassword(
            AuthChangePasswordParams(currentPassword: old, newPassword: new),
            call(.authChangePassword, token: token, key: key))
    }

    func whoami(_ token: String?) async throws -> Caller {
        try await auth.whoami(AuthWhoamiParams(), call(.authWhoami, token: token))
    }

    /// Who the connection is.
    func whoami(on peer: Peer) async throws -> Caller {
        try await auth.whoami(AuthWhoamiParams(), call(.authWhoami, on: peer))
    }

    func logout(
        _ token: String?, refresh: String? = nil, all: Bool? = nil
    ) async throws -> Empty {
        try await auth.logout(
            AuthLogoutParams(refreshToken: refresh, all: all), call(.authLogout, token: token))
    }

    func sessions(
        _ token: String?, _ params: AuthSessionsParams = AuthSessionsParams(limit: 100)
    ) async throws -> SessionPage {
        var page = JSONWriter()
        try await auth.sessions(params, call(.authSessions, token: token), into: &page)
        let text = page.string()
        let bytes = text.utf8.span
        var reader = JSONReader(position: 0, end: bytes.count)
        return try SessionPage(bytes, &reader)
    }

    // MARK: Looking inside

    /// How many passwords have been hashed, those that asking this costs left out.
    func hashesDone(_ asked: inout Int) async -> Int {
        let pool = shared.hashes
        let done = await pool.run { pool.hashes } ?? 0
        defer { asked += 1 }
        return done - asked
    }

    func credential(_ name: String) throws -> CredentialRow? {
        try writer.writeNow { try $0.credential(username: name) }
    }

    /// What an access token says.
    func claims(_ token: String) throws -> VerifiedAccessToken {
        try JWT.verifyAccess(
            token.utf8.span, keys: shared.keys.snapshot(now: shared.wallClock.now()).keys,
            policy: TokenPolicy(), now: shared.wallClock.now(), acceptingExpired: true)
    }
}

/// The same token with another signature.
func forged(_ token: String) -> String {
    var characters = Array(token)
    let index = characters.count - 20
    characters[index] = characters[index] == "A" ? "B" : "A"
    return String(characters)
}

/// The error that a call is refused with.
func refusalWhole<R>(_ body: () async throws -> R) async -> RPCError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? RPCError
    }
}

extension RPCError {
    /// The further members of `data`, as text.
    var members: String { String(decoding: extra, as: UTF8.self) }
}

/// The JSON text of a result, as it goes over the wire.
func wire(_ grant: Grant) -> String {
    var writer = JSONWriter()
    grant.encode(into: &writer)
    return writer.string()
}
