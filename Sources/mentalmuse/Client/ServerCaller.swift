// The client's side: calls over one connection, as the person whose session is stored.
internal import MuseBase
internal import MuseJSON
internal import MuseOptions

/// How a call ended.
enum CallAnswer {
    case result(JSONValue)
    /// The error object.
    case refusal(JSONValue)
    /// It was a notification.
    case none
}

/// Makes calls of one server: connects when it must, sends the stored session's token, refreshes
/// it, gives writes a key and repeats what may be repeated.
final class ServerCaller {
    let endpoint: Endpoint
    private let seconds: Int
    private let trust: ServerTrust
    private let sessions: SessionStore?
    private(set) var connection: LineConnection?
    private var lastID = 0
    /// Is given the server's notifications.
    var onNotification: (JSONValue) -> Void = { _ in }

    /// From the options of a command.
    init(_ settings: Settings) throws(CommandFailure) {
        do throws(Endpoint.Malformed) {
            endpoint = try Endpoint(settings.text(ClientOptions.url) ?? "")
        } catch {
            throw CommandFailure(
                UsageError("\(settings.origin(ClientOptions.url)): \(error.description)"))
        }
        seconds = settings.int(ClientOptions.timeout)
        trust = settings.text(ClientOptions.tlsCA).map { .file($0) } ?? .system
        sessions = settings.isOn(ClientOptions.anonymous) ? nil : SessionStore(endpoint)
    }

    /// For the operator's socket: nobody's session.
    init(socket path: String, seconds: Int) {
        endpoint = .unix(path: path)
        self.seconds = seconds
        trust = .system
        sessions = nil
    }

    /// The name of the person whose session is stored; nil for nobody.
    func username() -> String? {
        (try? sessions?.load())?.username
    }

    /// Makes a call.
    /// - Parameter method: nil where the schema does not know it.
    /// - Throws: no connection; a session file that cannot be used.
    func call(
        _ name: String, _ method: MethodInfo?, _ given: CallParams
    ) throws(CommandFailure) -> CallAnswer {
        var params = given
        let session = try sessionFor(method, params)
        if session != nil, let method { params.name(by: method) }
        let isKeyed = method.map { $0.effect == "write" && $0.name != "auth.login" } ?? false
        if isKeyed { params.setMeta("idempotency_key", .string(Self.newKey())) }
        let mayRepeat =
            isKeyed && params.value?["_meta"]?["idempotency_key"] != nil
            || method?.effect == "read" || method?.effect == "none"
        var sent = params
        if let session { sent.setMeta("access_token", .string(session.accessToken)) }
        var answer = try exchange(name, sent.value, method?.hasResult ?? true, mayRepeat)
        let usesStored = session.map {
            sent.value?["_meta"]?["access_token"]?.string == $0.accessToken
        }
        if case .refusal(let error) = answer, let session, usesStored == true {
            switch error["code"]?.int {
            case 1002:
                switch try refreshed(session) {
                case .success(let fresh):
                    sent = params
                    sent.setMeta("access_token", .string(fresh.accessToken))
                    answer = try exchange(name, sent.value, true, mayRepeat)
                case .failure(let refusal):
                    return .refusal(refusal.error)
                }
            case 1003, 1004: try forget(session)
            default: break
            }
        }
        if case .result(let result) = answer { try keep(result, of: name, sent.value) }
        return answer
    }

    // MARK: Sessions

    private func sessionFor(
        _ method: MethodInfo?, _ params: CallParams
    ) throws(CommandFailure) -> StoredSession? {
        guard let method, let sessions else { return nil }
        if method.name == "auth.logout" {
            guard params.value?["refresh_token"] == nil else { return nil }
        } else if !method.looksAtToken {
            return nil
        }
        return try sessions.load()
    }

    private struct RefreshRefused: Error {
        let error: JSONValue
    }

    /// A live token in place of one that has expired: another process's, or a new one.
    private func refreshed(
        _ spent: StoredSession
    ) throws(CommandFailure) -> Result<StoredSession, RefreshRefused> {
        guard let sessions else { preconditionFailure("a session came from no store") }
        return try sessions.withLock { () throws(CommandFailure) in
            guard var stored = try sessions.load() else {
                throw CommandFailure("the stored session has been logged out by another process")
            }
            if stored.accessToken != spent.accessToken { return .success(stored) }
            let key = stored.refreshKey ?? Self.newKey()
            stored.refreshKey = key
            try sessions.save(stored)
            let params: JSONValue = [
                "refresh_token": .string(stored.refreshToken),
                "_meta": ["idempotency_key": .string(key)],
            ]
            switch try exchange("auth.refresh", params, true, true) {
            case .result(let grant):
                guard let fresh = StoredSession(grant: grant) else {
                    throw CommandFailure("the server's answer to auth.refresh is no grant")
                }
                try sessions.save(fresh)
                return .success(fresh)
            case .refusal(let error):
                if [1003, 1004, 1005].contains(error["code"]?.int) { try sessions.save(nil) }
                return .failure(RefreshRefused(error: error))
            case .none:
                throw CommandFailure("no answer to auth.refresh", status: ExitStatus.connection)
            }
        }
    }

    private func forget(_ session: StoredSession) throws(CommandFailure) {
        guard let sessions else { return }
        try sessions.withLock { () throws(CommandFailure) in
            if try sessions.load()?.sessionID == session.sessionID { try sessions.save(nil) }
        }
    }

    /// What a success means for the stored session.
    private func keep(
        _ result: JSONValue, of name: String, _ params: JSONValue?
    ) throws(CommandFailure) {
        guard let sessions else { return }
        switch name {
        case "auth.register", "auth.login", "auth.refresh", "auth.change_password":
            guard let session = StoredSession(grant: result) else { return }
            try sessions.withLock { () throws(CommandFailure) in try sessions.save(session) }
        case "auth.logout":
            let refreshToken = params?["refresh_token"]?.string
            let accessToken = params?["_meta"]?["access_token"]?.string
            try sessions.withLock { () throws(CommandFailure) in
                guard let stored = try sessions.load() else { return }
                if refreshToken == stored.refreshToken || accessToken == stored.accessToken {
                    try sessions.save(nil)
                }
            }
        case "users.delete":
            guard let stored = try sessions.load(),
                params?["_meta"]?["access_token"]?.string == stored.accessToken
            else { return }
            try forget(stored)
        default: break
        }
    }

    // MARK: The wire

    /// Sends a call and waits for its answer; once more over a new connection where that is
    /// harmless.
    private func exchange(
        _ name: String, _ params: JSONValue?, _ hasResult: Bool, _ mayRepeat: Bool
    ) throws(CommandFailure) -> CallAnswer {
        let isFresh = connection == nil
        do throws(ConnectionError) {
            return try exchangeOnce(name, params, hasResult)
        } catch {
            connection = nil
            guard mayRepeat, !(isFresh && error.isUnreached) else {
                throw CommandFailure(error.message, status: ExitStatus.connection)
            }
        }
        do throws(ConnectionError) {
            return try exchangeOnce(name, params, hasResult)
        } catch {
            connection = nil
            throw CommandFailure(error.message, status: ExitStatus.connection)
        }
    }

    private func exchangeOnce(
        _ name: String, _ params: JSONValue?, _ hasResult: Bool
    ) throws(ConnectionError) -> CallAnswer {
        let connection = try connected()
        lastID += 1
        let id = JSONValue.number(String(lastID))
        var members: [JSONValue.Member] = [.init("jsonrpc", "2.0"), .init("method", .string(name))]
        if let params { members.append(.init("params", params)) }
        if hasResult { members.append(.init("id", id)) }
        try connection.send(JSONValue.object(members).text(), seconds: seconds)
        guard hasResult else { return .none }
        while let line = try connection.receive(seconds: seconds) {
            guard let message = try? JSONValue(line, depthMax: 512) else {
                throw ConnectionError(message: "\(endpoint) answers with what is no JSON")
            }
            if message["method"] != nil {
                onNotification(message)
            } else if let error = message["error"], message["id"] == id || message["id"] == .null {
                return .refusal(error)
            } else if let result = message["result"], message["id"] == id {
                return .result(result)
            }
        }
        throw ConnectionError(message: "\(endpoint) closed the connection without an answer")
    }

    /// The connection; a new one where there is none, or where the server has closed it.
    func connected() throws(ConnectionError) -> LineConnection {
        if let connection, !connection.hasEnded { return connection }
        let made = try LineConnection(endpoint, seconds: seconds, trust: trust)
        connection = made
        return made
    }

    /// Lets the connection go, once what was sent has been taken.
    func finish() {
        guard let connection else { return }
        connection.finish()
        while (try? connection.receive(seconds: seconds)) ?? nil != nil {}
        self.connection = nil
    }

    /// A key that nobody else has.
    static func newKey() -> String {
        let random = RandomSource.system
        var bytes: [UInt8] = []
        for word in [random.uint64(), random.uint64()] {
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
        }
        return Hex.encode(bytes.span)
    }
}
