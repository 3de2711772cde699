// The client's test double: the rules of the service, as far as a client can see them, over arrays
// in memory.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseRPC

/// The service in memory. Confined to its double's lock.
struct DoubleService {
    struct Account {
        var user: User
        var password: String
    }

    struct Login {
        let id: UUIDv7
        let user: UUIDv7
        let device: String?
        let createdAt: Timestamp
        var accessToken: String
        var isExpired = false
        var refreshToken: String
        /// The refresh token that was used last, and the key under which it was.
        var spent: (token: String, key: String?)?
    }

    struct PostRow {
        let id: UUIDv7
        let author: UUIDv7
        var body: String
        let createdAt: Timestamp
        var updatedAt: Timestamp
        var revision = 1
        /// Who likes it, in the order of the likes.
        var likes: [UUIDv7] = []
    }

    struct CommentRow {
        let id: UUIDv7
        let post: UUIDv7
        let author: UUIDv7
        var body: String
        let createdAt: Timestamp
        var updatedAt: Timestamp
        var revision = 1
    }

    /// All in the order of their ids, as they were made.
    var accounts: [Account] = []
    var logins: [Login] = []
    var posts: [PostRow] = []
    var comments: [CommentRow] = []
    /// Tokens of sessions that have ended.
    var revoked: Set<String> = []
    /// What connections are attached with.
    var bound: [Int: String] = [:]
    /// What writes under a key have made: the id, by caller and key.
    var keys: [String: UUIDv7] = [:]
    private var generator = UUIDv7Generator()
    private var tokens = 0

    var now: Timestamp { WallClock.system.now() }

    mutating func newID() -> UUIDv7 { generator.next(now: now, random: .system) }

    // MARK: What the double's tests say

    mutating func expireAccessTokens() {
        for index in logins.indices { logins[index].isExpired = true }
    }

    mutating func endSessions() {
        end { _ in true }
    }

    mutating func setRole(of username: String, to role: Role) {
        guard let index = accounts.firstIndex(where: { $0.user.username == username }) else {
            return
        }
        accounts[index].user.role = role
    }

    mutating func forget(_ connection: Int) { bound[connection] = nil }

    mutating func end(_ holds: (Login) -> Bool) {
        for login in logins where holds(login) {
            revoked.formUnion([login.accessToken, login.refreshToken])
        }
        logins.removeAll(where: holds)
    }

    // MARK: One call

    /// Runs a call and appends its result.
    mutating func run(
        _ method: MethodID?, _ bytes: Span<UInt8>, _ params: Range<Int>?, _ connection: Int,
        into writer: inout JSONWriter
    ) throws(RPCError) {
        guard let method else { throw .methodNotFound(didYouMean: nil) }
        let decoded = Invocation.decode(
            method: method, bytes: bytes, params: params, issuesMax: 32)
        guard let invocation = decoded.invocation else {
            throw .invalidParams(
                errors: decoded.issues.issues.map {
                    Offence(path: $0.path, rule: $0.rule, expected: $0.expected)
                })
        }
        let token = decoded.meta.accessToken ?? bound[connection]
        let caller =
            method.looksAtToken
            ? try token.map { (token) throws(RPCError) in try login(token) } : nil
        if method.looksAtToken, method.access != .nobody, caller == nil { throw .unauthenticated() }
        let call = DoubleCall(
            connection: connection, caller: caller, token: token,
            key: decoded.meta.idempotencyKey)
        if try session(invocation, call, into: &writer) { return }
        if try people(invocation, call, into: &writer) { return }
        if try content(invocation, call, into: &writer) { return }
        if try talk(invocation, call, into: &writer) { return }
        guard case .serverPing = invocation else { throw .methodNotFound(didYouMean: nil) }
        writer.string("pong")
    }

    /// The session of an access token.
    func login(_ token: String) throws(RPCError) -> Login {
        guard let login = logins.first(where: { $0.accessToken == token }) else {
            if revoked.contains(token) { throw .tokenRevoked() }
            // A token that was replaced has expired; others were never given.
            throw token.hasPrefix("double-access-") ? .tokenExpired() : .tokenInvalid()
        }
        if login.isExpired { throw .tokenExpired() }
        return login
    }

    func account(_ id: UUIDv7) throws(RPCError) -> Account {
        guard let account = accounts.first(where: { $0.user.id == id }) else { throw .notFound() }
        return account
    }

    mutating func newTokens() -> (access: String, refresh: String) {
        tokens += 1
        return ("double-access-\(tokens)", "double-refresh-\(tokens)")
    }

    // MARK: Pages

    /// A page of rows that stand in the order of their making.
    func page<Row>(
        _ rows: [Row], _ limit: Int?, _ cursor: String?, _ order: Order?,
        id: (Row) -> UUIDv7, into writer: inout JSONWriter,
        _ write: (Row, inout JSONWriter) -> Void
    ) throws(RPCError) {
        var rest = (order ?? .newest) == .newest ? rows.reversed()[...] : rows[...]
        if let cursor {
            guard let last = UUIDv7(cursor) else { throw .cursorInvalid() }
            let isNewest = (order ?? .newest) == .newest
            rest = rest.drop { isNewest ? id($0) >= last : id($0) <= last }
        }
        let items = rest.prefix(limit ?? 20)
        writer.beginPage()
        for (index, row) in items.enumerated() {
            if index > 0 { writer.byte(UInt8(ascii: ",")) }
            write(row, &writer)
        }
        let hasMore = rest.count > items.count
        writer.endPage(nextCursor: hasMore ? items.last.map { id($0).description } : nil)
    }
}

/// What the double knows of a call besides its params.
struct DoubleCall {
    let connection: Int
    let caller: DoubleService.Login?
    let token: String?
    let key: String?

    /// Under which what it makes is remembered.
    var memory: String? {
        guard let key, let caller else { return nil }
        return caller.user.description + " " + key
    }

    func user() throws(RPCError) -> UUIDv7 {
        guard let caller else { throw .unauthenticated() }
        return caller.user
    }
}
