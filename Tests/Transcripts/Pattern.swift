// Transcripts: comparing answers with patterns, exactly. What a pattern may say is told in
// Protocol/transcripts/README.md.
package import MuseJSON

/// Compares answers with patterns, and keeps what they name.
package final class Pattern {
    let schema: SchemaTypes
    var variables: [String: JSONValue]

    package init(_ schema: SchemaTypes, _ variables: [String: JSONValue]) {
        self.schema = schema
        self.variables = variables
    }

    // MARK: Variables

    func lookup(_ name: String) throws -> JSONValue {
        guard let value = variables[name] else { throw Differs("no variable \(name)") }
        return value
    }

    func text(_ name: String) throws -> String {
        guard let text = try lookup(name).string else { throw Differs("\(name) is no string") }
        return text
    }

    /// Replaces `{name}` and `{repeat:text:count}` in every string.
    func fill(_ value: JSONValue) throws -> JSONValue {
        switch value {
        case .string(let text):
            if text.hasPrefix("{"), text.hasSuffix("}") {
                let name = String(text.dropFirst().dropLast())
                if Self.isName(name) { return try lookup(name) }
            }
            return .string(try fill(text))
        case .array(let items): return .array(try items.map(fill))
        case .object(let members):
            return .object(try members.map { .init(try fill($0.name), try fill($0.value)) })
        default: return value
        }
    }

    func fill(_ text: String) throws -> String {
        var result = ""
        var rest = text.unicodeScalars[...]
        while let open = rest.firstIndex(of: "{") {
            result.unicodeScalars += rest[..<open]
            let after = rest[rest.index(after: open)...]
            guard let close = after.firstIndex(where: { $0 == "}" || $0 == "{" }),
                after[close] == "}", let value = try expand(String(after[..<close]))
            else {
                result.unicodeScalars.append("{")
                rest = after
                continue
            }
            result += value
            rest = after[after.index(after: close)...]
        }
        result.unicodeScalars += rest
        return result
    }

    /// What stands for what was in braces; nil if that is no variable.
    private func expand(_ inner: String) throws -> String? {
        if inner.hasPrefix("repeat:") {
            let body = inner.dropFirst(7)
            guard let colon = body.lastIndex(of: ":"),
                let count = Int(body[body.index(after: colon)...])
            else { return nil }
            return String(repeating: String(body[..<colon]), count: count)
        }
        guard Self.isName(inner) else { return nil }
        let value = try lookup(inner)
        return value.string ?? value.text()
    }

    private static func isName(_ text: String) -> Bool {
        let isLetter = { (byte: UInt8) in
            byte | 32 >= UInt8(ascii: "a") && byte | 32 <= UInt8(ascii: "z")
        }
        guard let first = text.utf8.first, isLetter(first) else { return false }
        return text.utf8.allSatisfy {
            isLetter($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
                || ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9"))
        }
    }

    // MARK: Comparing

    /// - Throws: Differs, where `value` does not fit.
    package func check(_ pattern: JSONValue, _ value: JSONValue, _ place: String = "") throws {
        switch pattern {
        case .string(let word) where word.hasPrefix("$"): try check(word: word, value, place)
        case .object: try check(object: pattern, value, place)
        case .array(let items):
            guard let given = value.array, given.count == items.count else {
                throw Differs("\(place): \(value.brief) instead of \(items.count) items")
            }
            for (index, item) in items.enumerated() {
                try check(item, given[index], "\(place)/\(index)")
            }
        default:
            let wanted = try fill(pattern)
            guard wanted.equals(value) else {
                throw Differs("\(place): \(value.brief) instead of \(wanted.brief)")
            }
        }
    }

    private func check(word: String, _ value: JSONValue, _ place: String) throws {
        let parts = word.dropFirst().split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let kind = String(parts[0])
        let name = parts.count > 1 ? String(parts[1]) : nil
        let fits: Bool
        if word.hasPrefix("$$") {
            fits = try value.string == fill(String(word.dropFirst()))
        } else if kind == "other", let name {
            let other = try text(name)
            fits = value.string.map { $0 != other } ?? false
        } else if kind == "above", let name {
            let other = try text(name)
            fits = value.string.map { $0 > other } ?? false
        } else if let isOfKind = Kinds.named[kind] {
            fits = isOfKind(value)
            if fits, let name { variables[name] = value }
        } else if schema.has(kind) {
            try schema.check(type: kind, value, place, naming: [])
            fits = true
            if let name { variables[name] = value }
        } else {
            throw Differs("no matcher \(word)")
        }
        guard fits else { throw Differs("\(place): \(value.brief) instead of \(word)") }
    }

    private func check(object pattern: JSONValue, _ value: JSONValue, _ place: String) throws {
        if pattern["$error"] != nil { return try check(error: pattern, value, place) }
        if let each = pattern["$each"] {
            guard let items = value.array else {
                throw Differs("\(place): \(value.brief) is no list")
            }
            if let count = pattern["count"] { try check(count, .number(items.count), place) }
            for (index, item) in items.enumerated() { try check(each, item, "\(place)/\(index)") }
            return
        }
        if let wanted = pattern["$contains"] {
            for item in value.array ?? [] where (try? check(wanted, item, place)) != nil { return }
            throw Differs("\(place): nothing in \(value.brief) fits \(wanted.brief)")
        }
        guard let given = value.members else {
            throw Differs("\(place): \(value.brief) is no object")
        }
        let wanted = pattern.without(["$", "..."])
        if let type = pattern["$"]?.string {
            try schema.check(type: type, value, place, naming: Set(wanted.map(\.name)))
        } else if pattern["..."] == nil, Set(wanted.map(\.name)) != Set(given.map(\.name)) {
            throw Differs("\(place): \(value.brief) instead of \(pattern.brief)")
        }
        for member in wanted {
            guard let item = value[member.name] else {
                throw Differs("\(place): lacks \(member.name)")
            }
            try check(member.value, item, "\(place)/\(member.name)")
        }
    }

    // MARK: Errors

    private func check(error pattern: JSONValue, _ value: JSONValue, _ place: String) throws {
        let name = pattern["$error"]?.string ?? ""
        guard let stated = schema.error(name) else { throw Differs("no error \(name)") }
        guard Set((value.members ?? []).map(\.name)) == ["code", "message", "data"],
            let code = value["code"], let wanted = stated["code"], code.equals(wanted),
            let data = value["data"]
        else { throw Differs("\(place): \(value.brief) instead of \(name)") }
        guard value["message"]?.string?.isEmpty == false else {
            throw Differs("\(place): no message")
        }
        let given = pattern.without(["$error", "offences"])
        try schema.check(data: data, of: name, place + "/data", naming: Set(given.map(\.name)))
        for member in given {
            guard let item = data[member.name] else {
                throw Differs("\(place)/data: lacks \(member.name)")
            }
            try check(member.value, item, "\(place)/data/\(member.name)")
        }
        if let offences = pattern["offences"]?.array {
            try check(offences: offences, data["errors"]?.array ?? [], place)
        }
    }

    private func check(offences: [JSONValue], _ told: [JSONValue], _ place: String) throws {
        var rest = told
        for offence in offences {
            let path = try offence[0].map(fill)?.string
            let found = rest.firstIndex {
                $0["path"]?.string == path && $0["rule"]?.string == offence[1]?.string
            }
            guard let found else {
                throw Differs("\(place): lacks \(offence.brief) in \(JSONValue.array(told).brief)")
            }
            let item = rest.remove(at: found)
            if let wanted = offence[2] { try check(wanted, item["expected"] ?? .null, place) }
        }
        guard rest.isEmpty else {
            throw Differs("\(place): also tells \(JSONValue.array(rest).brief)")
        }
    }
}
