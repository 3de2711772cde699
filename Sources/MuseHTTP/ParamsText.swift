// The HTTP room: a request's params become the object that a line would have had, and the very
// decoder of lines reads it. So both styles have the same rules and the same offences.
internal import MentalMuseProtocol
internal import MuseJSON
internal import MuseRPC

/// Writes params together from path, query, body and head.
struct ParamsText: ~Copyable {
    private var text = JSONWriter()
    private var issues: ParamIssues
    private let issuesMax: Int
    private var isFirst = true

    init(issuesMax: Int) {
        self.issuesMax = issuesMax
        issues = ParamIssues(max: issuesMax)
    }

    /// Reads the params of an operation.
    /// - Throws: -32700, -32050 for a body that is no JSON or too deep, -32602 with every offence.
    mutating func decode(
        _ operation: Operation, values: [String], target: Target, head: borrowing Head,
        body: Span<UInt8>, nestingMax: Int
    ) throws(RPCError) -> Decoded {
        text.byte(UInt8(ascii: "{"))
        addMeta(head)
        for (name, value) in zip(operation.inPath, values) {
            add(name)
            text.string(value)
        }
        for item in target.query { take(item, operation) }
        if body.count > 0 { try take(body, operation, nestingMax) }
        text.byte(UInt8(ascii: "}"))
        let decoded = unsafe text.withBytes { bytes in
            let span = unsafe Span<UInt8>(_unsafeBytes: bytes)
            return Invocation.decode(
                method: operation.method, bytes: span, params: 0..<span.count,
                issuesMax: issuesMax)
        }
        guard issues.isEmpty, decoded.issues.isEmpty else {
            let told = (issues.issues + decoded.issues.issues).prefix(issuesMax)
            throw .invalidParams(told)
        }
        return decoded
    }

    private mutating func add(_ name: String) {
        if !isFirst { text.byte(UInt8(ascii: ",")) }
        isFirst = false
        text.string(name)
        text.byte(UInt8(ascii: ":"))
    }

    private mutating func addMeta(_ head: borrowing Head) {
        guard head.idempotencyKey != nil || head.traceparent != nil else { return }
        add("_meta")
        text.byte(UInt8(ascii: "{"))
        isFirst = true
        add("idempotency_key", head.idempotencyKey)
        add("traceparent", head.traceparent)
        text.byte(UInt8(ascii: "}"))
        isFirst = false
    }

    private mutating func add(_ name: String, _ value: String?) {
        guard let value else { return }
        add(name)
        text.string(value)
    }

    /// Notes a name that has no place here; true if it is one.
    private mutating func isForeign(_ name: String, _ operation: Operation) -> Bool {
        guard
            name == "_meta" || operation.inPath.contains(name) || operation.withheld.contains(name)
        else { return false }
        note(name)
        return true
    }

    private mutating func note(_ name: String) {
        issues.add(
            path: ParamIssues.pointer("", name), rule: "additionalProperties", expected: "false")
    }

    private mutating func take(_ item: Target.Item, _ operation: Operation) {
        // Only what is read has params in its address.
        guard operation.verb == .get else { return note(item.name) }
        guard !isForeign(item.name, operation) else { return }
        add(item.name)
        if operation.numbers.contains(item.name), Self.isNumber(item.value) {
            text.raw(text: item.value)
        } else {
            text.string(item.value)
        }
    }

    /// Whether a text is a number as JSON writes it.
    private static func isNumber(_ value: String) -> Bool {
        let bytes = value.utf8.span
        var reader = JSONReader(position: 0, end: bytes.count)
        do throws(JSONError) {
            guard bytes.count <= 32, try reader.kind(bytes) == .number else { return false }
            _ = try reader.number(bytes)
            return reader.position == bytes.count
        } catch {
            return false
        }
    }

    private mutating func take(
        _ body: Span<UInt8>, _ operation: Operation, _ nestingMax: Int
    ) throws(RPCError) {
        var reader = JSONReader(position: 0, end: body.count, depthMax: nestingMax)
        do throws(JSONError) {
            reader.skipSpace(body)
            guard try reader.kind(body) == .object else {
                try reader.skipValue(body)
                try reader.expectEnd(body)
                return issues.add(path: "", rule: "type", expected: "\"object\"")
            }
            var isFirst = true
            try reader.beginObject(body)
            while let key = try reader.nextMember(body, isFirst: &isFirst) {
                reader.skipSpace(body)
                let start = reader.position
                try reader.skipValue(body)
                let name = key.string(body)
                guard !isForeign(name, operation) else { continue }
                add(name)
                text.raw(body.extracting(start..<reader.position))
            }
            try reader.expectEnd(body)
        } catch {
            throw error.reason == .tooDeep
                ? .messageTooLarge(limit: nestingMax)
                : .parseError(offset: error.offset, reason: error.reason.rawValue)
        }
    }
}

/// The field `Authorization`.
package enum Authorization {
    /// The bearer's token (RFC 6750 section 2.1); what is no bearer's counts as a token that does
    /// not hold.
    package static func token(_ field: String?) -> String? {
        guard let field else { return nil }
        let scheme: StaticString = "bearer "
        let length = scheme.utf8CodeUnitCount
        let bytes = field.utf8.span
        guard bytes.count > length, Head.equals(bytes.extracting(first: length), scheme) else {
            return field
        }
        return String(Substring(field.utf8.dropFirst(length).drop { $0 == UInt8(ascii: " ") }))
    }
}
