// The vocabulary room: strict reading of params, by name or by position, every offence noted with
// its path. Called by the generated decoders. The line has been validated as JSON before.
internal import MuseBase
internal import MuseJSON
internal import MuseRPC

/// Walks over the params of one call. The bytes are passed to every call.
package struct ParamsCursor {
    private enum Style { case none, byName, byPosition }

    private var reader: JSONReader
    private let style: Style
    /// Comes before each path: empty, or that of `_meta`.
    private let prefix: String
    private var position = 0
    private var isFirst = true
    /// One bit a member: named, and given with something else than null.
    private var named: UInt64 = 0
    private var present: UInt64 = 0
    private var current = 0
    private var meta: Range<Int>?
    private let issuesMax: Int
    private(set) var issues: ParamIssues
    /// Whether the call asks to attach.
    var binds = false

    /// `params`: an array or an object in `bytes`, nil where there are none.
    init(_ bytes: Span<UInt8>, _ params: Range<Int>?, issuesMax: Int, prefix: String = "") {
        let range = params ?? 0..<0
        reader = JSONReader(
            position: range.lowerBound, end: range.upperBound, depthMax: JSONReader.depthLimit)
        self.prefix = prefix
        self.issuesMax = issuesMax
        issues = ParamIssues(max: issuesMax)
        switch reader.peek(bytes) {
        case UInt8(ascii: "{"): style = .byName
        case UInt8(ascii: "["): style = .byPosition
        default: style = .none
        }
        if style != .none {
            reader.position += 1
            reader.depth = 1
        }
    }

    /// Whether nothing was wrong so far.
    var isClean: Bool { issues.isEmpty }

    // MARK: Walking

    /// The index of the next member that is known, the cursor then at its value; nil after the
    /// last. `find` gives a name's index.
    mutating func next(
        _ bytes: Span<UInt8>, count: Int, _ find: (Span<UInt8>, JSONText) -> Int?
    ) -> Int? {
        switch style {
        case .none: return nil
        case .byPosition: return nextPosition(bytes, count)
        case .byName: return nextName(bytes, find)
        }
    }

    private mutating func nextPosition(_ bytes: Span<UInt8>, _ count: Int) -> Int? {
        while (try? reader.nextElement(bytes, isFirst: &isFirst)) ?? false {
            current = position
            position += 1
            if current < count {
                named |= 1 << UInt64(current)
                present |= 1 << UInt64(current)
                return current
            }
            issues.add(path: "\(prefix)/\(current)", rule: "maxItems", expected: String(count))
            skip(bytes)
        }
        return nil
    }

    private mutating func nextName(
        _ bytes: Span<UInt8>, _ find: (Span<UInt8>, JSONText) -> Int?
    ) -> Int? {
        while let key = (try? reader.nextMember(bytes, isFirst: &isFirst)) ?? nil {
            if prefix.isEmpty, key.equals(bytes, "_meta") {
                noteMeta(bytes)
            } else if let index = find(bytes, key) {
                let bit = UInt64(1) << UInt64(index)
                if named & bit == 0 {
                    named |= bit
                    present |= bit
                    current = index
                    return index
                }
                issues.add(
                    path: ParamIssues.pointer(prefix, key.string(bytes)), rule: "uniqueNames",
                    expected: "true")
                skip(bytes)
            } else {
                issues.add(
                    path: ParamIssues.pointer(prefix, key.string(bytes)),
                    rule: "additionalProperties", expected: "false")
                skip(bytes)
            }
        }
        return nil
    }

    private mutating func noteMeta(_ bytes: Span<UInt8>) {
        reader.skipSpace(bytes)
        let start = reader.position
        skip(bytes)
        if meta != nil { issues.add(path: "/_meta", rule: "uniqueNames", expected: "true") }
        meta = start..<reader.position
    }

    private mutating func skip(_ bytes: Span<UInt8>) {
        do throws(JSONError) {
            try reader.skipValue(bytes)
        } catch {
            preconditionFailure("params were not validated before they were read")
        }
    }

    // MARK: Values

    private mutating func kind(_ bytes: Span<UInt8>) -> JSONKind? { try? reader.kind(bytes) }

    /// Passes a null that stands for absence.
    private mutating func isAbsent(_ bytes: Span<UInt8>, _ optional: Bool) -> Bool {
        guard optional, kind(bytes) == .null else { return false }
        skip(bytes)
        present &= ~(1 << UInt64(current))
        return true
    }

    /// Whether a value of that kind stands here; notes the offence and passes it if not.
    private mutating func expect(
        _ wanted: JSONKind, _ bytes: Span<UInt8>, _ path: String, _ optional: Bool, _ name: String
    ) -> Bool {
        if isAbsent(bytes, optional) { return false }
        guard kind(bytes) == wanted else {
            note(path, "type", name)
            skip(bytes)
            return false
        }
        return true
    }

    private mutating func note(_ path: String, _ rule: String, _ expected: String) {
        issues.add(path: prefix + path, rule: rule, expected: expected)
    }

    mutating func text(
        _ bytes: Span<UInt8>, _ path: String, _ rule: TextRule, optional: Bool
    ) -> String? {
        guard expect(.string, bytes, path, optional, "\"string\""),
            let token = try? reader.string(bytes)
        else { return nil }
        let before = issues.count
        if rule.min != nil || rule.max != nil {
            let scalars = token.scalarCount(bytes)
            if let min = rule.min, scalars < min { note(path, "minLength", String(min)) }
            if let max = rule.max, scalars > max { note(path, "maxLength", String(max)) }
        }
        if rule.minBytes != nil || rule.maxBytes != nil {
            let count = token.utf8Count(bytes)
            if let min = rule.minBytes, count < min { note(path, "x-min-bytes", String(min)) }
            if let max = rule.maxBytes, count > max { note(path, "x-max-bytes", String(max)) }
        }
        let text = token.string(bytes)
        if !rule.admits(text.utf8) { note(path, "pattern", quoted(rule.pattern)) }
        guard issues.count == before else { return nil }
        return rule.check == .username ? folded(text) : text
    }

    private func quoted(_ text: String) -> String {
        var writer = JSONWriter()
        writer.string(text)
        return writer.string()
    }

    mutating func id(_ bytes: Span<UInt8>, _ path: String, optional: Bool) -> UUIDv7? {
        guard expect(.string, bytes, path, optional, "\"string\"") else { return nil }
        let start = reader.position
        if let id = try? reader.id(bytes) { return id }
        reader.position = start
        skip(bytes)
        note(path, "pattern", quoted(Rules.idPattern))
        return nil
    }

    mutating func integer(
        _ bytes: Span<UInt8>, _ path: String, min: Int?, max: Int?, optional: Bool
    ) -> Int? {
        guard expect(.number, bytes, path, optional, "\"integer\""),
            let number = try? reader.number(bytes)
        else { return nil }
        guard number.isInteger(bytes) else {
            note(path, "type", "\"integer\"")
            return nil
        }
        let value = number.int64(bytes) ?? (number.isNegative(bytes) ? .min : .max)
        if let min, value < min {
            note(path, "minimum", String(min))
            return nil
        }
        if let max, value > max {
            note(path, "maximum", String(max))
            return nil
        }
        return Int(value)
    }

    mutating func boolean(_ bytes: Span<UInt8>, _ path: String, optional: Bool) -> Bool? {
        guard expect(.boolean, bytes, path, optional, "\"boolean\"") else { return nil }
        return try? reader.boolean(bytes)
    }

    mutating func choice(
        _ bytes: Span<UInt8>, _ path: String, _ words: [String], optional: Bool
    ) -> String? {
        guard expect(.string, bytes, path, optional, "\"string\""),
            let text = try? reader.string(bytes).string(bytes)
        else { return nil }
        guard words.contains(text) else {
            note(path, "enum", "[" + words.map(quoted).joined(separator: ",") + "]")
            return nil
        }
        return text
    }

    /// Any value's JSON text; never an offence.
    mutating func anything(_ bytes: Span<UInt8>) -> String? { try? reader.rawValue(bytes) }

    /// A null by name clears; by position it is absence.
    mutating func clearable<Value>(
        _ bytes: Span<UInt8>, _ read: (inout ParamsCursor) -> Value?
    ) -> Clearable<Value> {
        guard kind(bytes) == .null else { return read(&self).map(Clearable.set) ?? .absent }
        skip(bytes)
        if style == .byName { return .clear }
        present &= ~(1 << UInt64(current))
        return .absent
    }

    // MARK: The whole

    /// A member that has to be there.
    mutating func require(_ index: Int, _ path: String) {
        if named >> UInt64(index) & 1 == 0 { note(path, "required", "true") }
    }

    /// A member that has to come along with another.
    mutating func require(_ index: Int, _ path: String, with other: Int) {
        guard present >> UInt64(other) & 1 == 1, present >> UInt64(index) & 1 == 0 else { return }
        note(path, "required", "true")
    }

    /// One of the members, and no more, has to be there.
    mutating func exactlyOne(_ indices: [Int], _ names: String) {
        let given = indices.count { present >> UInt64($0) & 1 == 1 }
        if given != 1 { note("", "oneOf", names) }
    }

    /// What came out, `_meta` included.
    mutating func decoded(_ bytes: Span<UInt8>, _ invocation: Invocation?) -> Decoded {
        var read = Meta()
        if let meta { read = decodeMeta(bytes, meta) ?? Meta() }
        return Decoded(
            invocation: isClean ? invocation : nil, meta: read, binds: binds, issues: issues)
    }

    private mutating func decodeMeta(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Meta? {
        switch bytes[range.lowerBound] {
        case UInt8(ascii: "n"): return nil
        case UInt8(ascii: "{"):
            var cursor = ParamsCursor(bytes, range, issuesMax: issuesMax, prefix: "/_meta")
            let meta = Meta.decode(bytes, &cursor)
            for issue in cursor.issues.issues {
                issues.add(path: issue.path, rule: issue.rule, expected: issue.expected)
            }
            return meta
        default:
            issues.add(path: "/_meta", rule: "type", expected: "\"object\"")
            return nil
        }
    }
}

/// A-Z folded to a-z; nothing else is.
package func folded(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 >= 65 && $0 <= 90 }) else { return text }
    return String(decoding: text.utf8.map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }, as: UTF8.self)
}
