// Tests of the RPC room: what section 7 of the JSON-RPC 2.0 specification shows, over a toy
// dispatcher made of this room's parts alone.
internal import MuseJSON
internal import MuseRPC
internal import Testing

/// The specification's methods, and the way from a line to its answer.
private struct Toy {
    private static func refusal(_ code: Int) -> RPCError {
        RPCError(code: code, name: "e", message: "m", status: "s", retry: "never")
    }

    /// The answer to a line; nil where nothing may be said.
    func answer(_ text: String) -> JSONValue? {
        let bytes = Array(text.utf8)
        var writer = JSONWriter()
        switch Line.parse(bytes.span, 0..<bytes.count, depthMax: 32) {
        case .blank: break
        case .unparsable: writer.refuse(.null, Self.refusal(-32700))
        case .emptyBatch: writer.refuse(.null, Self.refusal(-32600))
        case .single(let envelope):
            if let answer = self.answer(envelope, bytes) { writer.raw(answer.span) }
        case .batch(let count, var members):
            let answers = BatchAnswers(count: count, bytesMax: 1 << 20)
            var index = 0
            while let envelope = members.next(bytes.span) {
                let isLast = answers.finish(index, self.answer(envelope, bytes))
                index += 1
                #expect(isLast == (index == count))
            }
            _ = answers.write(into: &writer)
        }
        return try? JSONValue(writer.string())
    }

    private func answer(_ envelope: Envelope, _ bytes: [UInt8]) -> [UInt8]? {
        let id = envelope.ownedID(bytes.span)
        var writer = JSONWriter()
        switch envelope.kind {
        case .response: return nil
        case .invalid: writer.refuse(id, Self.refusal(-32600))
        case .request:
            guard !envelope.isNotification else { return nil }
            let params = envelope.params.flatMap { try? JSONValue(Array(bytes[$0]).span) }
            if let result = run(envelope.method.string(bytes.span), params ?? .array([])) {
                writer.beginAnswer(id)
                result.write(into: &writer)
                writer.endAnswer()
            } else {
                writer.refuse(id, Self.refusal(-32601))
            }
        }
        return Array(writer.string().utf8)
    }

    private func run(_ method: String, _ params: JSONValue) -> JSONValue? {
        switch method {
        case "subtract":
            let from = params["minuend"]?.int ?? params[0]?.int ?? 0
            let what = params["subtrahend"]?.int ?? params[1]?.int ?? 0
            return .number(String(from - what))
        case "sum": return .number(String((params.array ?? []).compactMap(\.int).reduce(0, +)))
        case "get_data": return ["hello", 5]
        case "update", "notify_hello", "notify_sum": return .null
        default: return nil
        }
    }
}

struct SpecificationTests {
    private static func result(_ value: String, _ id: String) -> String {
        "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"result\":\(value)}"
    }

    private static func refused(_ code: Int, _ id: String) -> String {
        "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"error\":\(code)}"
    }

    private static func call(_ method: String, _ params: String, _ id: String? = nil) -> String {
        let tail = id.map { ",\"id\":\($0)" } ?? ""
        return "{\"jsonrpc\":\"2.0\",\"method\":\"\(method)\",\"params\":\(params)\(tail)}"
    }

    /// What is sent, and what must come back; nil for nothing.
    private static let cases: [(String, String, String?)] = [
        ("params by position", call("subtract", "[42,23]", "1"), result("19", "1")),
        ("by position, the other way round", call("subtract", "[23,42]", "2"), result("-19", "2")),
        (
            "params by name", call("subtract", "{\"subtrahend\":23,\"minuend\":42}", "3"),
            result("19", "3")
        ),
        (
            "names in either order", call("subtract", "{\"minuend\":42,\"subtrahend\":23}", "4"),
            result("19", "4")
        ),
        ("a notification", call("update", "[1,2,3,4,5]"), nil),
        ("a notification without params", "{\"jsonrpc\":\"2.0\",\"method\":\"foobar\"}", nil),
        (
            "a method that is not there",
            "{\"jsonrpc\":\"2.0\",\"method\":\"foobar\",\"id\":\"1\"}",
            refused(-32601, "\"1\"")
        ),
        (
            "a line that is no JSON",
            "{\"jsonrpc\": \"2.0\", \"method\": \"foobar, \"params\": \"bar\", \"baz]",
            refused(-32700, "null")
        ),
        (
            "an object that is no request",
            "{\"jsonrpc\": \"2.0\", \"method\": 1, \"params\": \"bar\"}", refused(-32600, "null")
        ),
        (
            "a batch that is no JSON",
            "[{\"jsonrpc\":\"2.0\",\"method\":\"sum\",\"params\":[1,2,4],\"id\":\"1\"},{\"jsonrpc\":\"2.0\",\"method\"]",
            refused(-32700, "null")
        ),
        ("an empty batch", "[]", refused(-32600, "null")),
        ("a batch of one thing that is no request", "[1]", "[\(refused(-32600, "null"))]"),
        (
            "a batch of three things that are no requests", "[1,2,3]",
            "[\(Array(repeating: refused(-32600, "null"), count: 3).joined(separator: ","))]"
        ),
        (
            "a batch of everything",
            "["
                + [
                    call("sum", "[1,2,4]", "\"1\""), call("notify_hello", "[7]"),
                    call("subtract", "[42,23]", "\"2\""), "{\"foo\": \"boo\"}",
                    call("foo.get", "{\"name\":\"myself\"}", "\"5\""),
                    "{\"jsonrpc\":\"2.0\",\"method\":\"get_data\",\"id\":\"9\"}",
                ].joined(separator: ",") + "]",
            "["
                + [
                    result("7", "\"1\""), result("19", "\"2\""), refused(-32600, "null"),
                    refused(-32601, "\"5\""), result("[\"hello\",5]", "\"9\""),
                ].joined(separator: ",") + "]"
        ),
        (
            "a batch of notifications alone",
            "[\(call("notify_sum", "[1,2,4]")),\(call("notify_hello", "[7]"))]", nil
        ),
    ]

    @Test(arguments: cases.indices)
    func `section 7 is answered as the specification shows`(index: Int) throws {
        let (name, sent, wanted) = Self.cases[index]
        let answer = Toy().answer(sent).map(Self.withCodes)
        #expect(answer == (try wanted.map { try JSONValue($0) }), "\(name)")
    }

    /// The answer with each error object as its code alone: the words are each server's own.
    private static func withCodes(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements): return .array(elements.map(withCodes))
        case .object(let members):
            return .object(
                members.map { member in
                    guard member.name == "error", let code = member.value["code"] else {
                        return member
                    }
                    return JSONValue.Member("error", code)
                })
        default: return value
        }
    }
}
