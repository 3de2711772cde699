// The client's side: the sessions of a person on this machine, one a server, in one file (0600)
// that all processes share under a lock.
internal import Glibc
internal import MuseBase
internal import MuseJSON

/// What is kept of a log-in.
struct StoredSession: Equatable {
    var username: String
    var sessionID: String
    var accessToken: String
    var refreshToken: String
    /// The idempotency key with which the refresh token is being spent: kept before the call goes
    /// out, so that a call whose answer was lost is repeated, and not taken for theft.
    var refreshKey: String?

    /// From a Grant.
    init?(grant: JSONValue) {
        guard let username = grant["user"]?["username"]?.string,
            let sessionID = grant["session_id"]?.string,
            let accessToken = grant["access_token"]?.string,
            let refreshToken = grant["refresh_token"]?.string
        else { return nil }
        self.username = username
        self.sessionID = sessionID
        self.accessToken = accessToken
        self.refreshToken = refreshToken
    }

    /// From the file.
    init?(stored: JSONValue) {
        guard let username = stored["username"]?.string,
            let sessionID = stored["session_id"]?.string,
            let accessToken = stored["access_token"]?.string,
            let refreshToken = stored["refresh_token"]?.string
        else { return nil }
        self.username = username
        self.sessionID = sessionID
        self.accessToken = accessToken
        self.refreshToken = refreshToken
        refreshKey = stored["refresh_key"]?.string
    }

    var json: JSONValue {
        var value: [JSONValue.Member] = [
            .init("username", .string(username)), .init("session_id", .string(sessionID)),
            .init("access_token", .string(accessToken)),
            .init("refresh_token", .string(refreshToken)),
        ]
        if let refreshKey { value.append(.init("refresh_key", .string(refreshKey))) }
        return .object(value)
    }
}

/// The file of sessions: `{"tcp://127.0.0.1:6873": {…}}`.
struct SessionStore {
    let path: String
    private let key: String

    /// The store for one server; nil where the user has no home.
    init?(_ endpoint: Endpoint) {
        guard let folder = Self.folder() else { return nil }
        path = folder + "/session.json"
        key = Self.absolute(endpoint).description
    }

    /// Where the program keeps what is a person's own; nil where the user has no home.
    static func folder() -> String? {
        if let state = Environment.value("XDG_STATE_HOME"), state.hasPrefix("/") {
            return state + "/mentalmuse"
        }
        return Environment.value("HOME").map { $0 + "/.local/state/mentalmuse" }
    }

    /// The session of this server; nil for none.
    /// - Throws: a file that cannot be read or is none of ours.
    func load() throws(CommandFailure) -> StoredSession? {
        try all().first { $0.name == key }.flatMap { StoredSession(stored: $0.value) }
    }

    /// Runs `body` while no other process changes the file.
    func withLock<R>(_ body: () throws(CommandFailure) -> R) throws(CommandFailure) -> R {
        let lock = try takeLock()
        let result = try body()
        lock.release()
        return result
    }

    private func takeLock() throws(CommandFailure) -> FileLock {
        do throws(SystemError) {
            try Files.makeFolder(Files.parent(path))
            guard let lock = try FileLock.take(path + ".lock", waits: true) else {
                throw SystemError("lock \(path)", code: EWOULDBLOCK)
            }
            return lock
        } catch {
            throw CommandFailure(error.message)
        }
    }

    /// Stores a session, or none, for this server. Only under the lock.
    func save(_ session: StoredSession?) throws(CommandFailure) {
        var members = try all().filter { $0.name != key }
        if let session { members.append(JSONValue.Member(key, session.json)) }
        do throws(SystemError) {
            try Files.replace(path, with: Array((JSONValue.object(members).text() + "\n").utf8))
        } catch {
            throw CommandFailure(error.message)
        }
    }

    /// A relative path of a socket means another server in another folder.
    private static func absolute(_ endpoint: Endpoint) -> Endpoint {
        guard case .unix(let path) = endpoint, !path.hasPrefix("/") else { return endpoint }
        return .unix(path: (Files.workingFolder() ?? "") + "/" + path)
    }

    private func all() throws(CommandFailure) -> [JSONValue.Member] {
        do throws(SystemError) {
            guard let status = try Files.status(path) else { return [] }
            guard status.owner == geteuid() else {
                throw SystemError("use \(path)", code: EPERM)
            }
            let bytes = try Files.read(path)
            guard let members = (try? JSONValue(bytes.span))?.members else {
                throw SystemError("use \(path)", code: EINVAL)
            }
            return members
        } catch {
            throw CommandFailure(error.message)
        }
    }
}
