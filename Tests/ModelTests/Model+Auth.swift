// The model: sessions and their tokens, by role and not by bytes.
internal import MuseJSON

extension Model {
    static let accessLife: Int64 = 15 * 60_000
    static let refreshLife: Int64 = 30 * 86_400_000
    static let sessionLife: Int64 = 180 * 86_400_000
    static let sessionsMax = 100

    // MARK: Grants

    /// A pair of tokens that is made now, its ids taken from the answer.
    private mutating func newPair(
        _ user: String, _ session: String, endsAt: Moment, _ observed: JSONValue?
    ) -> Int {
        pairs.append(
            Pair(
                user: user, session: session, issuedAt: now, sessionEndsAt: endsAt,
                accessID: TokenRule.id(observed?["access_token"]),
                refreshID: TokenRule.id(observed?["refresh_token"])))
        return pairs.count - 1
    }

    /// The answer that gives a pair, now or again: user and role as they are now.
    mutating func grant(_ number: Int, _ observed: JSONValue?) throws(Refusal) -> Expected {
        let pair = pairs[number]
        guard let user = users[pair.user] else { throw Refusal.tokenRevoked }
        let issued = wholeSeconds(pair.issuedAt)
        let accessEnd = wholeSeconds(pair.issuedAt + Self.accessLife)
        let refreshEnd = wholeSeconds(earlier(pair.issuedAt + Self.refreshLife, pair.sessionEndsAt))
        if let text = observed?["access_token"]?.string {
            tokens[text] = Token(
                isAccess: true, pair: number, user: user.id, session: pair.session,
                expiresAt: accessEnd)
        }
        if let text = observed?["refresh_token"]?.string {
            tokens[text] = Token(
                isAccess: false, pair: number, user: user.id, session: pair.session,
                expiresAt: refreshEnd)
        }
        let access = TokenRule(
            type: "at+jwt", subject: user.id, session: pair.session, id: pair.accessID,
            role: user.role, issuedAt: issued, expiresAt: accessEnd)
        let refresh = TokenRule(
            type: "rt+jwt", subject: user.id, session: pair.session, id: pair.refreshID, role: nil,
            issuedAt: issued, expiresAt: refreshEnd)
        return .object([
            ("user", whole(user)), ("session_id", .text(pair.session)),
            ("token_type", .text("Bearer")), ("access_token", .token(access)),
            ("access_expires_at", .time(accessEnd)), ("refresh_token", .token(refresh)),
            ("refresh_expires_at", .time(refreshEnd)),
        ])
    }

    private func earlier(_ a: Moment, _ b: Moment) -> Moment {
        min(a.lowerBound, b.lowerBound)...min(a.upperBound, b.upperBound)
    }

    /// A new session; of a hundred the oldest by log-in ends.
    mutating func openSession(
        _ user: String, device: String?, _ call: ModelCall, _ observed: JSONValue?
    ) throws(Refusal) -> Int {
        let id = try adopt(observed?["session_id"])
        let older = sessions.values.filter { $0.user == user }.map(\.id).sorted()
        for session in older.dropLast(Self.sessionsMax - 1) { sessions[session] = nil }
        let pair = newPair(user, id, endsAt: now + Self.sessionLife, observed)
        sessions[id] = Session(
            id: id, user: user, device: device, address: call.address, lastUsedAt: now,
            endsAt: now + Self.sessionLife, pair: pair)
        return pair
    }

    /// The session's next pair; the refresh token before counts as spent.
    private mutating func rotate(_ session: Session, _ observed: JSONValue?) -> Int {
        let pair = newPair(session.user, session.id, endsAt: session.endsAt, observed)
        var session = session
        session.previous = (session.pair, now)
        session.pair = pair
        session.lastUsedAt = now
        sessions[session.id] = session
        return pair
    }

    private mutating func bind(_ call: ModelCall, _ params: ReadParams, _ observed: JSONValue?) {
        guard params.flag("attach"), let text = observed?["access_token"]?.string else { return }
        bound[call.connection] = tokens[text]
    }

    mutating func endSessions(of user: String, but kept: String? = nil) {
        sessions = sessions.filter { $0.value.user != user || $0.key == kept }
    }

    // MARK: Passwords

    /// Compares a password; at the limit the next is refused unlooked-at, right or wrong.
    mutating func checkPassword(
        _ given: String, of user: User?, name: String, _ call: ModelCall
    ) throws(Refusal) {
        let byName = foldedASCII(name) + "\n" + call.address
        let window = settings.failureWindowMilliseconds
        try checkLimit(failures[byName], settings.failuresOfName, window, "account")
        try checkLimit(failures[call.address], settings.failuresOfAddress, window, "address")
        if let user, sameBytes(user.password, given) { return }
        failures[byName, default: []].append(monotonic)
        failures[call.address, default: []].append(monotonic)
        throw Refusal.badCredentials
    }

    /// Refuses whoever has written as often as may be.
    func checkWrites(_ caller: Viewer) throws(Refusal) {
        guard settings.writesPerMinute > 0, caller.user.id != Self.operatorID else { return }
        try checkLimit(
            writes["user " + caller.user.id], settings.writesPerMinute, 60_000, "caller")
    }

    private func checkLimit(
        _ times: [Int64]?, _ limit: Int, _ window: Int, _ scope: String
    ) throws(Refusal) {
        let counted = (times ?? []).filter { monotonic - $0 < Int64(window) }
        guard counted.count >= limit, holds(.failuresAreLimited) else { return }
        let freed = counted[counted.count - limit]
        throw Refusal(
            "rate_limited",
            [
                ("retry_after_ms", .int(max(1, window - Int(monotonic - freed)))),
                ("limit", .int(limit)), ("window_ms", .int(window)), ("scope", .text(scope)),
            ])
    }

    static let commonPasswords = ["1234567890", "qwertyuiop"]

    func checkStrength(_ password: String, _ username: String) throws(Refusal) {
        let folded = foldedASCII(password)
        var rules: [String] = []
        if Self.commonPasswords.contains(folded) { rules.append("common") }
        if folded.contains(username) { rules.append("username") }
        guard rules.isEmpty else { throw Refusal.weakPassword(rules) }
    }

    // MARK: Methods

    mutating func register(
        _ call: ModelCall, _ params: ReadParams, _ observed: JSONValue?
    ) throws(Refusal) -> Expected {
        let name = params.must("username")
        let owner = "name " + name
        if let memory = try recall(owner, call, params) {
            let holder = users.values.first { $0.username == name }
            try checkPassword(params.must("password"), of: holder, name: name, call)
            guard live(pairs[memory.pair].session) != nil else { throw Refusal.tokenRevoked }
            let answer = try grant(memory.pair, observed)
            bind(call, params, observed)
            return answer
        }
        guard settings.isRegistrationOpen else { throw Refusal.registrationClosed }
        let user = try newUser(params, role: "user", observed?["user"]?["id"])
        let pair = try openSession(user.id, device: nil, call, observed)
        remember(owner, call, params, pair: pair)
        let answer = try grant(pair, observed)
        bind(call, params, observed)
        return answer
    }

    /// A user with a name that nobody has.
    mutating func newUser(
        _ params: ReadParams, role: String, _ id: JSONValue?
    ) throws(Refusal) -> User {
        let name = params.must("username")
        try checkStrength(params.must("password"), name)
        guard !users.values.contains(where: { $0.username == name }) else {
            throw Refusal.nameTaken
        }
        let user = User(
            id: try adopt(id), username: name, displayName: params.text("display_name"),
            email: params.text("email"), role: role, password: params.must("password"))
        users[user.id] = user
        return user
    }

    mutating func login(
        _ call: ModelCall, _ params: ReadParams, _ observed: JSONValue?
    ) throws(Refusal) -> Expected {
        let given = params.must("username")
        let user = users.values.first { sameBytes($0.username, foldedASCII(given)) }
        try checkPassword(params.must("password"), of: user, name: given, call)
        guard let user else { throw Refusal.badCredentials }
        guard user.ban == nil else { throw Refusal.accountDisabled }
        let pair = try openSession(user.id, device: params.text("device"), call, observed)
        let answer = try grant(pair, observed)
        bind(call, params, observed)
        return answer
    }

    mutating func refresh(
        _ call: ModelCall, _ params: ReadParams, _ observed: JSONValue?
    ) throws(Refusal) -> Expected {
        guard let token = tokens[params.must("refresh_token")], !token.isAccess else {
            throw Refusal.tokenInvalid
        }
        guard !isOver(token.expiresAt), let session = live(token.session) else {
            throw Refusal.tokenRevoked
        }
        let owner = "session " + session.id
        var pair: Int?
        if let memory = try recall(owner, call, params) {
            if memory.spent == token.pair {
                pair = memory.pair
            } else if token.pair == session.pair {
                throw Refusal.mismatch
            }
        } else if token.pair == session.pair {
            pair = rotate(session, observed)
            remember(owner, call, params, pair: pair ?? -1, spent: token.pair)
        } else if settings.graceMilliseconds > 0, let previous = session.previous,
            previous.pair == token.pair, !isOver(previous.spentAt + settings.graceMilliseconds)
        {
            pair = session.pair
        }
        guard let pair else {
            if holds(.reusedRefreshEndsSession) { sessions[session.id] = nil }
            throw Refusal.tokenReused
        }
        let answer = try grant(pair, observed)
        bind(call, params, observed)
        return answer
    }

    mutating func logout(_ call: ModelCall, _ params: ReadParams) throws(Refusal) -> Expected {
        let all = params.flag("all")
        let token: Token
        if let text = params.text("refresh_token") {
            guard let known = tokens[text], !known.isAccess else {
                if all { throw Refusal.tokenInvalid } else { return .object([]) }
            }
            token = known
        } else if let text = call.token {
            guard let known = tokens[text], known.isAccess else {
                if all { throw Refusal.tokenInvalid } else { return .object([]) }
            }
            token = known
        } else if let known = bound[call.connection] {
            token = known
        } else {
            throw Refusal.unauthenticated
        }
        guard all else {
            sessions[token.session] = nil
            return .object([])
        }
        let viewer = try viewer(token)
        guard token.isAccess || token.pair == viewer.session.pair else {
            throw Refusal.tokenRevoked
        }
        if holds(.logoutAllEndsAll) {
            endSessions(of: token.user)
        } else {
            sessions[token.session] = nil
        }
        return .object([])
    }

    mutating func attach(_ call: ModelCall, _ params: ReadParams) throws(Refusal) -> Expected {
        guard let token = tokens[params.must("access_token")], token.isAccess else {
            throw Refusal.tokenInvalid
        }
        let viewer = try viewer(token)
        bound[call.connection] = token
        return shown(viewer)
    }

    mutating func detach(_ call: ModelCall) -> Expected {
        bound[call.connection] = nil
        return .object([])
    }

    mutating func changePassword(
        _ call: ModelCall, _ params: ReadParams, _ observed: JSONValue?
    ) throws(Refusal) -> Expected {
        let caller = try caller(call)
        let owner = "user " + caller.user.id
        let name = caller.user.username
        if let memory = try recall(owner, call, params) {
            try checkPassword(params.must("new_password"), of: caller.user, name: name, call)
            guard live(pairs[memory.pair].session) != nil else { throw Refusal.tokenRevoked }
            return try grant(memory.pair, observed)
        }
        try checkWrites(caller)
        try checkPassword(params.must("current_password"), of: caller.user, name: name, call)
        try checkStrength(params.must("new_password"), name)
        users[caller.user.id]?.password = params.must("new_password")
        if holds(.passwordChangeEndsOthers) {
            endSessions(of: caller.user.id, but: caller.session.id)
        }
        let pair = rotate(caller.session, observed)
        // No time of grace is due to the token that it replaces.
        sessions[caller.session.id]?.previous = nil
        remember(owner, call, params, pair: pair)
        return try grant(pair, observed)
    }

    mutating func endSession(_ call: ModelCall, _ params: ReadParams) throws(Refusal) -> Expected {
        let caller = try caller(call)
        let owner = "user " + caller.user.id
        if try recall(owner, call, params) != nil { return .object([]) }
        guard let session = live(params.must("session_id")), session.user == caller.user.id else {
            throw Refusal.notFound
        }
        try checkWrites(caller)
        sessions[session.id] = nil
        remember(owner, call, params)
        return .object([])
    }
}
