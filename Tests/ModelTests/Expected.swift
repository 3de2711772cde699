// The model: what an answer must be: JSON, with places of which only a rule is known, and the
// comparison.
internal import MuseBase
internal import MuseJSON

/// What a value of an answer must be.
indirect enum Expected {
    case null
    case bool(Bool)
    case int(Int)
    case text(String)
    case someText
    case object([(String, Expected)])
    case list([Expected])
    /// The same items, in any order.
    case anyOrder([Expected])
    case between(Int, Int)
    case time(Moment)
    case token(TokenRule)
    /// The cursor of a page's end: whether there must be one, or must be none.
    case cursor(Bool?)
    case anything
    /// The model could not follow: what it wanted instead.
    case never(String)

    static func optional(_ text: String?) -> Expected { text.map(Expected.text) ?? .null }

    /// What is different, and where; nil: nothing.
    func difference(_ actual: JSONValue, _ path: String = "") -> String? {
        func unless(_ holds: Bool, _ what: String) -> String? {
            holds ? nil : "\(path): \(actual.brief), not \(what)"
        }
        switch self {
        case .anything: return nil
        case .never(let what): return "\(path): \(actual.brief), not \(what)"
        case .null: return unless(actual.isNull, "null")
        case .bool(let flag): return unless(actual.bool == flag, "\(flag)")
        case .int(let number): return unless(actual.int == number, "\(number)")
        case .text(let text):
            return unless(actual.string.map { sameBytes($0, text) } ?? false, "\"\(text)\"")
        case .someText: return unless(actual.string?.isEmpty == false, "a text")
        case .between(let least, let most):
            let number = actual.int ?? .min
            return unless(number >= least && number <= most, "\(least) to \(most)")
        case .time(let moment):
            let time = actual.string.flatMap { Timestamp($0) }
            let milliseconds = time?.milliseconds ?? .min
            return unless(moment.contains(milliseconds), Self.said(moment))
        case .cursor(let wanted):
            if wanted == true { return unless(actual.string?.isEmpty == false, "a cursor") }
            if wanted == false { return unless(actual.isNull, "null") }
            return unless(actual.isNull || actual.string != nil, "a cursor or null")
        case .token(let rule): return rule.difference(actual.string ?? "", path)
        case .object(let members): return Self.compare(members, actual, path)
        case .list(let items): return Self.compare(items, actual, path)
        case .anyOrder(let items): return Self.compareSet(items, actual, path)
        }
    }

    private static func said(_ moment: Moment) -> String {
        let from = Timestamp(milliseconds: moment.lowerBound)
        let to = Timestamp(milliseconds: moment.upperBound)
        return from == to ? "\(from)" : "\(from) to \(to)"
    }

    private static func compare(
        _ members: [(String, Expected)], _ actual: JSONValue, _ path: String
    ) -> String? {
        guard let there = actual.members else { return "\(path): \(actual.brief), no object" }
        for (name, expected) in members {
            guard let value = actual[name] else { return "\(path)/\(name) is missing" }
            if let found = expected.difference(value, "\(path)/\(name)") { return found }
        }
        for member in there where !members.contains(where: { $0.0 == member.name }) {
            return "\(path)/\(member.name) should not be there"
        }
        return there.count == members.count ? nil : "\(path): a member is there twice"
    }

    private static func compare(
        _ items: [Expected], _ actual: JSONValue, _ path: String
    ) -> String? {
        guard let there = actual.array else { return "\(path): \(actual.brief), no list" }
        for (index, pair) in zip(items, there).enumerated() {
            if let found = pair.0.difference(pair.1, "\(path)/\(index)") { return found }
        }
        return there.count == items.count
            ? nil : "\(path): \(there.count) items, not \(items.count)"
    }

    private static func compareSet(
        _ items: [Expected], _ actual: JSONValue, _ path: String
    ) -> String? {
        guard let there = actual.array else { return "\(path): \(actual.brief), no list" }
        for item in there where !items.contains(where: { $0.difference(item) == nil }) {
            return "\(path): \(item.brief) was not expected"
        }
        for item in items where !there.contains(where: { item.difference($0) == nil }) {
            return "\(path): \(item) is missing in \(actual.brief)"
        }
        return there.count == items.count ? nil : "\(path): \(there.count), not \(items.count)"
    }
}

/// What a token says (its signature is the service's own matter).
struct TokenRule {
    let type: String
    let subject: String
    let session: String
    /// The token's own id, where it has been seen before.
    let id: String
    let role: String?
    let issuedAt: Moment
    let expiresAt: Moment

    func difference(_ token: String, _ path: String) -> String? {
        guard let head = Self.part(token, 0), let body = Self.part(token, 1) else {
            return "\(path): no token"
        }
        let header = Expected.object([
            ("alg", .text("EdDSA")), ("typ", .text(type)), ("kid", .someText),
        ])
        func seconds(_ moment: Moment) -> Expected {
            .between(Int(moment.lowerBound / 1_000), Int(moment.upperBound / 1_000))
        }
        var claims: [(String, Expected)] = [
            ("iss", .text("mentalmuse")), ("aud", .text("mentalmuse")), ("sub", .text(subject)),
            ("sid", .text(session)), ("iat", seconds(issuedAt)), ("exp", seconds(expiresAt)),
            ("jti", .text(id)),
        ]
        if let role { claims += [("client_id", .text("mentalmuse")), ("role", .text(role))] }
        return header.difference(head, path + "/header")
            ?? Expected.object(claims).difference(body, path + "/claims")
    }

    /// A segment of a token, read.
    static func part(_ token: String, _ index: Int) -> JSONValue? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = Base64URL.decode(String(parts[index]).utf8.span) else {
            return nil
        }
        return try? JSONValue(bytes.span)
    }

    /// The id that a token says it has.
    static func id(_ token: JSONValue?) -> String {
        token?.string.flatMap { part($0, 1) }?["jti"]?.string ?? ""
    }
}

extension JSONValue {
    /// Its text, shortened for people: tokens and long texts to their ends.
    var brief: String {
        let text = text().replacing(/[^"]{60,}/) {
            $0.output.prefix(8) + "…" + $0.output.suffix(12)
        }
        return text.count > 400 ? text.prefix(400) + "…" : text
    }
}
