// The model: a call as it stands in a line, its names filled in, and its way through the rules.
internal import MuseJSON

/// One call.
struct ModelCall {
    /// The operator's connection.
    static let theOperator = -1

    let connection: Int
    /// Where the connection comes from.
    let address: String
    let method: String
    /// An object, or an array, without `_meta`.
    let params: JSONValue
    var token: String?
    var key: String?
    /// Further members of `_meta`.
    var moreMeta: [JSONValue.Member] = []

    /// Whether it asks to attach, whatever else is wrong with it.
    var binds: Bool {
        if method == "auth.attach" || method == "auth.detach" { return true }
        guard let index = Param.table[method]?.firstIndex(where: { $0.name == "attach" }) else {
            return false
        }
        return (params["attach"] ?? params[index])?.bool == true
    }

    /// What is wrong with `_meta`.
    var metaOffences: [Offence] {
        var offences: [Offence] = []
        if let key {
            let scalars = key.unicodeScalars
            let isVisible = scalars.allSatisfy { $0.value > 0x20 && $0.value < 0x7F }
            let rules = [
                scalars.isEmpty ? "minLength" : nil, scalars.count > 128 ? "maxLength" : nil,
                isVisible ? nil : "pattern",
            ]
            offences += rules.compactMap { $0 }.map {
                Offence(path: "/_meta/idempotency_key", rule: $0)
            }
        }
        for member in moreMeta {
            switch member.name {
            case "traceparent": break
            case "access_token": offences.append(Offence(path: "/_meta/access_token", rule: "type"))
            case "deadline_ms":
                guard (member.value.double ?? 0) < 1 else { break }
                offences.append(Offence(path: "/_meta/deadline_ms", rule: "minimum"))
            default:
                offences.append(
                    Offence(path: "/_meta/" + member.name, rule: "additionalProperties"))
            }
        }
        return offences
    }
}

/// What the answer to a call must be.
enum Verdict {
    case result(Expected)
    case refusal(Refusal)

    /// What is different in an answer; nil: nothing.
    func difference(_ answer: Answer) -> String? {
        switch (self, answer) {
        case (.result(let expected), .result(let value)):
            return expected.difference(value, "result")
        case (.refusal(let refusal), .refusal(let error)):
            return refusal.expected.difference(error, "error")
        case (.result, .refusal(let error)): return "refused: \(error.brief), but it is allowed"
        case (.refusal(let refusal), .result(let value)):
            return "\(value.brief), but it is to be refused: \(refusal.name)"
        }
    }
}

extension Model {
    /// What the answer to a call must be, and what the call does. The service's answer is looked at
    /// for what it alone can know: new ids, the bytes of tokens and cursors, how long a page is.
    mutating func judge(_ call: ModelCall, _ answer: Answer) -> Verdict {
        var observed: JSONValue?
        if case .result(let value) = answer { observed = value }
        do throws(Refusal) {
            let params = try ReadParams.read(call)
            return .result(try run(call, params, observed))
        } catch {
            if call.binds, holds(.refusedAttachUnbinds) { bound[call.connection] = nil }
            return .refusal(error)
        }
    }

    private mutating func run(
        _ call: ModelCall, _ params: ReadParams, _ observed: JSONValue?
    ) throws(Refusal) -> Expected {
        switch call.method {
        case "auth.register": try register(call, params, observed)
        case "auth.login": try login(call, params, observed)
        case "auth.refresh": try refresh(call, params, observed)
        case "auth.logout": try logout(call, params)
        case "auth.attach": try attach(call, params)
        case "auth.detach": detach(call)
        case "auth.whoami": shown(try caller(call))
        case "auth.change_password": try changePassword(call, params, observed)
        case "auth.sessions": try listSessions(call, params, observed)
        case "auth.end_session": try endSession(call, params)
        case "users.get": try getUser(call, params)
        case "users.list": try listUsers(call, params, observed)
        case "users.update": try updateUser(call, params)
        case "users.delete": try deleteUser(call, params)
        case "users.set_role": try setRole(call, params)
        case "users.ban": try ban(call, params)
        case "users.unban": try unban(call, params)
        case "posts.create": try createPost(call, params, observed)
        case "posts.get": try getPost(call, params)
        case "posts.list": try listPosts(call, params, observed)
        case "posts.update": try updatePost(call, params)
        case "posts.delete": try deletePost(call, params)
        case "posts.like": try like(call, params)
        case "posts.unlike": try unlike(call, params)
        case "posts.likers": try listLikers(call, params, observed)
        case "comments.create": try createComment(call, params, observed)
        case "comments.get": try getComment(call, params)
        case "comments.list": try listComments(call, params, observed)
        case "comments.update": try updateComment(call, params)
        case "comments.delete": try deleteComment(call, params)
        case "server.ping": .text("pong")
        case "server.metrics": try metrics(call)
        case "admin.create_user": try createUser(call, params, observed)
        case "admin.set_password": try setPassword(call, params)
        default: throw Refusal("(a method that the model knows)")
        }
    }

    private func metrics(_ call: ModelCall) throws(Refusal) -> Expected {
        let isOperator = call.connection == ModelCall.theOperator
        if isOperator, call.token == nil, bound[call.connection] == nil { return .anything }
        guard try caller(call).isAdmin else { throw Refusal.permissionDenied }
        return .anything
    }

    // MARK: Who is calling

    /// Who calls; nil: nobody. A token that does not hold is refused, whoever else might be meant.
    func viewer(_ call: ModelCall) throws(Refusal) -> Viewer? {
        let token: Token
        if let text = call.token {
            guard let known = tokens[text], known.isAccess else { throw Refusal.tokenInvalid }
            token = known
        } else if let known = bound[call.connection] {
            token = known
        } else if settings.isPrivate {
            throw Refusal.unauthenticated
        } else {
            return nil
        }
        return try viewer(token)
    }

    func caller(_ call: ModelCall) throws(Refusal) -> Viewer {
        guard let viewer = try viewer(call) else { throw Refusal.unauthenticated }
        return viewer
    }

    /// Whose a token is. That it is expired is told before that its session has ended.
    func viewer(_ token: Token) throws(Refusal) -> Viewer {
        let isExpired = isOver(token.expiresAt) && holds(.tokensExpire)
        if isExpired, holds(.expiredBeforeRevoked) { throw Refusal.tokenExpired }
        guard let session = live(token.session), let user = users[token.user] else {
            throw Refusal.tokenRevoked
        }
        if isExpired { throw Refusal.tokenExpired }
        return Viewer(user: user, session: session, expiresAt: token.expiresAt)
    }

    func live(_ session: String) -> Session? {
        guard let session = sessions[session], !isOver(session.endsAt) else { return nil }
        return session
    }

    // MARK: Exactly once

    /// What the key of a call was used for; nil: it is free.
    func recall(
        _ owner: String, _ call: ModelCall, _ params: ReadParams
    ) throws(Refusal) -> Memory? {
        guard holds(.keyRepeats), let key = call.key, let memory = memories[owner + "\n" + key],
            !(isOver(memory.expiresAt) && holds(.keyExpires))
        else { return nil }
        let isSame =
            memory.method == call.method && memory.params.count == params.compared.count
            && memory.params.allSatisfy { name, value in
                params.compared[name].map { sameBytes($0.text(), value.text()) } ?? false
            }
        guard isSame || !holds(.keyOfAnotherCall) else { throw Refusal.mismatch }
        return memory
    }

    /// A write has succeeded: it counts, and its key is remembered.
    mutating func remember(
        _ owner: String, _ call: ModelCall, _ params: ReadParams, id: String = "", pair: Int = -1,
        spent: Int = -1
    ) {
        writes[owner, default: []].append(monotonic)
        guard let key = call.key else { return }
        let kept: Int64 = pair >= 0 ? 600_000 : 86_400_000
        memories[owner + "\n" + key] = Memory(
            method: call.method, params: params.compared, expiresAt: now + kept, id: id, pair: pair,
            spent: spent)
    }
}
