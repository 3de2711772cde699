// The model: params, as the contract lists them, and everything that can be wrong with them.
internal import MuseJSON

/// What a member of the params may be.
enum ParamKind {
    case id, username, email, password, secret, bool
    /// A text of one line, or of several, of so many Unicode scalars at most.
    case line(Int), lines(Int)
    case integer(Int, Int)
    case word([String])
}

struct Param {
    let name: String
    let kind: ParamKind
    var isRequired = false
    /// A null by name clears.
    var isClearable = false
    /// Not compared between calls of one key.
    var isCompared = true

    static func must(_ name: String, _ kind: ParamKind) -> Param {
        Param(name: name, kind: kind, isRequired: true, isCompared: !kind.isSecret)
    }

    static func may(_ name: String, _ kind: ParamKind) -> Param {
        Param(name: name, kind: kind, isCompared: !kind.isSecret && name != "attach")
    }

    static func clearable(_ name: String, _ kind: ParamKind) -> Param {
        Param(name: name, kind: kind, isClearable: true)
    }

    private static let list: [Param] = [
        may("limit", .integer(1, 100)), may("cursor", .secret),
        may("order", .word(["newest", "oldest"])),
    ]
    private static let role = ParamKind.word(["user", "moderator", "admin"])
    private static let revision = may("revision", .integer(1, 9_007_199_254_740_991))

    /// Every method that the model knows, its params in their order.
    static let table: [String: [Param]] = [
        "auth.register": [
            must("username", .username), must("password", .password), may("email", .email),
            may("display_name", .line(50)), may("attach", .bool),
        ],
        "auth.login": [
            must("username", .secret), must("password", .secret), may("device", .line(100)),
            may("attach", .bool),
        ],
        "auth.refresh": [must("refresh_token", .secret), may("attach", .bool)],
        "auth.logout": [may("refresh_token", .secret), may("all", .bool)],
        "auth.attach": [must("access_token", .secret)],
        "auth.detach": [], "auth.whoami": [],
        "auth.change_password": [
            must("current_password", .secret), must("new_password", .password),
        ],
        "auth.sessions": list,
        "auth.end_session": [must("session_id", .id)],
        "users.get": [may("id", .id), may("username", .username)],
        "users.list": list + [may("query", .line(30))],
        "users.update": [
            clearable("display_name", .line(50)), clearable("bio", .lines(500)),
            clearable("email", .email), may("current_password", .secret), revision,
        ],
        "users.delete": [must("current_password", .secret)],
        "users.set_role": [must("id", .id), must("role", role)],
        "users.ban": [must("id", .id), must("reason", .line(500))],
        "users.unban": [must("id", .id)],
        "posts.create": [must("body", .lines(5_000))],
        "posts.get": [must("id", .id)],
        "posts.list": list + [may("author_id", .id)],
        "posts.update": [must("id", .id), must("body", .lines(5_000)), revision],
        "posts.delete": [must("id", .id)],
        "posts.like": [must("id", .id)], "posts.unlike": [must("id", .id)],
        "posts.likers": [must("id", .id)] + list,
        "comments.create": [must("post_id", .id), must("body", .lines(2_000))],
        "comments.get": [must("id", .id)],
        "comments.list": [must("post_id", .id)] + list,
        "comments.update": [must("id", .id), must("body", .lines(2_000)), revision],
        "comments.delete": [must("id", .id)],
        "server.ping": [], "server.metrics": [],
        "admin.create_user": [
            must("username", .username), must("password", .password), may("role", role),
            may("email", .email), may("display_name", .line(50)),
        ],
        "admin.set_password": [must("username", .username), must("password", .password)],
    ]
}

/// Params that have been read.
struct ReadParams {
    /// What was given; a null stands where something is cleared.
    var values: [String: JSONValue] = [:]
    /// What counts when calls of one key are compared.
    var compared: [String: JSONValue] = [:]

    func text(_ name: String) -> String? { values[name]?.string }
    func must(_ name: String) -> String { values[name]?.string ?? "" }
    func int(_ name: String) -> Int? { values[name]?.double.map { Int($0) } }
    func flag(_ name: String) -> Bool { values[name]?.bool ?? false }
    /// nil: absent; a null in it: cleared.
    func change(_ name: String) -> String?? { values[name].map(\.string) }
}

extension ReadParams {
    /// Reads the params of a call; the offences where there are any.
    static func read(_ call: ModelCall) throws(Refusal) -> ReadParams {
        let table = Param.table[call.method] ?? []
        var offences: [Offence] = []
        var read = ReadParams()
        var given: [(param: Param, value: JSONValue)] = []
        if case .array(let values) = call.params {
            for (index, value) in values.enumerated() {
                if index < table.count {
                    given.append((table[index], value))
                } else {
                    offences.append(Offence(path: "/\(index)", rule: "maxItems"))
                }
            }
        }
        for member in call.params.members ?? [] {
            let token = member.name.replacing("~", with: "~0").replacing("/", with: "~1")
            guard let param = table.first(where: { sameBytes($0.name, member.name) }) else {
                offences.append(Offence(path: "/" + token, rule: "additionalProperties"))
                continue
            }
            if given.contains(where: { $0.param.name == param.name }) {
                offences.append(Offence(path: "/" + token, rule: "uniqueNames"))
                continue
            }
            given.append((param, member.value))
        }
        let isByName = call.params.members != nil
        for (param, value) in given {
            let clears = param.isClearable && isByName
            if value.isNull, !param.isRequired, !clears { continue }
            if !(value.isNull && clears) { offences += param.offences(value) }
            read.values[param.name] = param.canonical(value)
        }
        for param in table
        where param.isRequired && !given.contains(where: { $0.0.name == param.name }) {
            offences.append(Offence(path: "/" + param.name, rule: "required"))
        }
        if call.method == "users.get",
            (read.values["id"] == nil) == (read.values["username"] == nil)
        {
            offences.append(Offence(path: "", rule: "oneOf"))
        }
        if call.method == "users.update", read.values["email"] != nil,
            read.values["current_password"] == nil
        {
            offences.append(Offence(path: "/current_password", rule: "required"))
        }
        offences += call.metaOffences
        guard offences.isEmpty else { throw Refusal.invalidParams(offences) }
        for param in table where param.isCompared {
            read.compared[param.name] = read.values[param.name]
        }
        return read
    }
}

extension ParamKind {
    var isSecret: Bool {
        switch self {
        case .secret, .password: true
        default: false
        }
    }
}

extension Param {
    /// The value that is meant, however it is written.
    func canonical(_ value: JSONValue) -> JSONValue {
        switch kind {
        case .username: value.string.map { .string(foldedASCII($0)) } ?? value
        case .integer: value.double.map { .number(String(Int(exactly: $0) ?? 0)) } ?? value
        default: value
        }
    }

    func offences(_ value: JSONValue) -> [Offence] {
        rules(value).map { Offence(path: "/" + name, rule: $0) }
    }

    /// The JSON Schema keywords that a value breaks.
    private func rules(_ value: JSONValue) -> [String] {
        switch kind {
        case .bool: return value.bool == nil ? ["type"] : []
        case .integer(let least, let most):
            guard let number = value.double, number.rounded() == number else { return ["type"] }
            if number < Double(least) { return ["minimum"] }
            return number > Double(most) ? ["maximum"] : []
        default: break
        }
        guard let text = value.string else { return ["type"] }
        let count = text.unicodeScalars.count
        func length(_ least: Int, _ most: Int) -> [String] {
            count < least ? ["minLength"] : count > most ? ["maxLength"] : []
        }
        func pattern(_ holds: Bool) -> [String] { holds ? [] : ["pattern"] }
        switch kind {
        case .id:
            return pattern(
                text.wholeMatch(
                    of: /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/)
                    != nil)
        case .username:
            return length(3, 30) + pattern(text.unicodeScalars.allSatisfy(Self.isWord))
        case .email: return length(3, 254) + pattern(Self.isEmail(text))
        case .password:
            let bytes = text.utf8.count
            return length(3, 256) + (bytes < 10 ? ["x-min-bytes"] : [])
                + (bytes > 256 ? ["x-max-bytes"] : [])
        case .line(let most): return length(1, most) + pattern(Self.isText(text, lines: false))
        case .lines(let most): return length(1, most) + pattern(Self.isText(text, lines: true))
        case .word(let words): return words.contains(text) ? [] : ["enum"]
        case .secret, .bool, .integer: return []
        }
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_": true
        default: false
        }
    }

    private static func isEmail(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        return scalars.allSatisfy { $0.value > 0x20 && $0.value < 0x7F }
            && scalars.count { $0 == "@" } == 1 && scalars.first != "@" && scalars.last != "@"
    }

    /// No control character but line feed and tab (neither in one line), and something to see.
    private static func isText(_ text: String, lines: Bool) -> Bool {
        let scalars = text.unicodeScalars
        let isClean = scalars.allSatisfy {
            $0.properties.generalCategory != .control || (lines && ($0 == "\n" || $0 == "\t"))
        }
        return isClean
            && scalars.contains {
                !$0.properties.isWhitespace && $0.properties.generalCategory != .control
                    && $0.properties.generalCategory != .format
            }
    }
}
