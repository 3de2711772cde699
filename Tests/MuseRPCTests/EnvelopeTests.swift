// Tests of the RPC room: what a line is, member by member.
internal import MuseJSON
internal import MuseRPC
internal import Testing

struct EnvelopeTests {
    @Test func `a request tells its method, id and params as ranges of the line`() throws {
        let reading = try #require(
            single(
                " {\"jsonrpc\":\"2.0\", \"method\":\"a.b\",\"params\": {\"x\":[1]} ,\"id\": 7 } "))
        #expect(reading.kind == .request)
        #expect(reading.id == "7" && reading.answerID == "7")
        #expect(reading.method == "a.b")
        #expect(reading.params == "{\"x\":[1]}" && reading.byName)
        let positional = try #require(
            single("{\"params\":[1,{}],\"id\":\"q\",\"method\":\"m\",\"jsonrpc\":\"2.0\"}"))
        #expect(positional.params == "[1,{}]" && !positional.byName)
    }

    @Test(arguments: [
        "1", "1.0", "-0", "1e2", "18446744073709551616", "0.10", "1E+400", "null", "\"\"", "\"1\"",
        "\"\\u0031\"", "\"é\"", "\"e\u{301}\"", "\"\\ud83d\\ude00\"", "\"a\\/b\"", "\" \"",
    ])
    func `an id is answered with the very bytes in which it was written`(id: String) throws {
        let text = "{\"id\": \(id) ,\"jsonrpc\":\"2.0\",\"method\":\"m\"}"
        let reading = try #require(single(text))
        #expect(reading.kind == .request)
        #expect(reading.answerID.map { Array($0.utf8) } == Array(id.utf8))
        var writer = JSONWriter()
        writer.beginAnswer(RPCID(text: reading.answerID))
        writer.null()
        writer.endAnswer()
        let answer = writer.string()
        #expect(
            Array(answer.utf8) == Array("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"result\":null}".utf8))
    }

    @Test func `a request without id is a notification, one with a null id is not`() throws {
        let notification = try #require(single("{\"jsonrpc\":\"2.0\",\"method\":\"m\"}"))
        #expect(notification.kind == .request && notification.id == nil)
        #expect(notification.answerID == nil)
        let request = try #require(single("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":null}"))
        #expect(request.id == "null" && request.answerID == "null")
    }

    /// A line that is JSON and no request: why, and the id of its answer.
    static let invalid: [(String, InvalidRequest, String)] = [
        ("1", .notAnObject, "null"), ("null", .notAnObject, "null"),
        ("\"x\"", .notAnObject, "null"),
        ("true", .notAnObject, "null"), ("-1.5e3", .notAnObject, "null"),
        ("{}", .version, "null"), ("{\"foo\":\"boo\"}", .version, "null"),
        ("{\"method\":\"m\",\"id\":1}", .version, "1"),
        ("{\"jsonrpc\":2.0,\"method\":\"m\",\"id\":1}", .version, "1"),
        ("{\"jsonrpc\":\"2.1\",\"method\":\"m\",\"id\":1}", .version, "1"),
        ("{\"jsonrpc\":\"2\",\"method\":\"m\",\"id\":1}", .version, "1"),
        ("{\"jsonrpc\":null,\"method\":\"m\",\"id\":1}", .version, "1"),
        ("{\"JSONRPC\":\"2.0\",\"method\":\"m\",\"id\":1}", .version, "1"),
        ("{\"jsonrpc\":\"2.0\",\"id\":1}", .methodMissing, "1"),
        ("{\"jsonrpc\":\"2.0\",\"Method\":\"m\",\"id\":1}", .methodMissing, "1"),
        ("{\"jsonrpc\":\"2.0\"}", .methodMissing, "null"),
        ("{\"jsonrpc\":\"2.0\",\"method\":1}", .methodType, "null"),
        ("{\"jsonrpc\":\"2.0\",\"method\":null,\"id\":\"a\"}", .methodType, "\"a\""),
        ("{\"jsonrpc\":\"2.0\",\"method\":[\"m\"],\"id\":\"a\"}", .methodType, "\"a\""),
        ("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":null,\"id\":3}", .paramsNull, "3"),
        ("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":1,\"id\":3}", .paramsType, "3"),
        ("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":\"x\"}", .paramsType, "null"),
        ("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":true,\"id\":3}", .paramsType, "3"),
        ("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":{}}", .idType, "null"),
        ("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":[1]}", .idType, "null"),
        ("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":false}", .idType, "null"),
    ]

    @Test(arguments: invalid)
    func `what is no request says why, and is answered by its id where one can be read`(
        text: String, reason: InvalidRequest, answerID: String
    ) throws {
        let reading = try #require(single(text))
        #expect(reading.kind == .invalid(reason))
        #expect(reading.answerID == answerID)
        // A member of a batch is judged no differently.
        let member = try #require(members("[\(text)]")?.first)
        #expect(member.kind == reading.kind && member.answerID == reading.answerID)
    }

    static let repeated: [(String, String)] = [
        ("{\"jsonrpc\":\"2.0\",\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1}", "1"),
        ("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"method\":\"m\",\"id\":1}", "1"),
        ("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1,\"params\":[],\"params\":[]}", "1"),
        ("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1,\"id\":1}", "null"),
        ("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1,\"id\":2}", "null"),
        ("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1,\"\\u0069d\":2}", "null"),
        ("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"\\u006dethod\":\"n\",\"id\":4}", "4"),
        ("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"method\":\"m\"}", "null"),
    ]

    @Test(arguments: repeated)
    func `a repeated member is no request, and a repeated id cannot be read`(
        text: String, answerID: String
    ) throws {
        let reading = try #require(single(text))
        #expect(reading.kind == .invalid(.repeatedMember))
        #expect(reading.answerID == answerID)
    }

    @Test func `unknown members are ignored, repeated ones and nested look-alikes too`() throws {
        let reading = try #require(
            single(
                "{\"x\":{\"id\":1,\"id\":2},\"jsonrpc\":\"2.0\",\"x\":[],\"method\":\"m\",\"ID\":9,\"id\":5}"
            ))
        #expect(reading.kind == .request && reading.answerID == "5")
    }

    @Test func `names of members may be written with escapes`() throws {
        let reading = try #require(
            single(
                "{\"\\u006asonrpc\":\"\\u0032.0\",\"metho\\u0064\":\"\\u006d\",\"i\\u0064\":1,\"par\\u0061ms\":{}}"
            ))
        #expect(reading.kind == .request)
        #expect(reading.method == "m" && reading.id == "1" && reading.params == "{}")
    }

    @Test(arguments: [
        "{\"jsonrpc\":\"2.0\",\"result\":1,\"id\":1}", "{\"error\":{},\"id\":1}",
        "{\"result\":null}",
        "{\"id\":[],\"result\":1}", "{\"result\":1,\"result\":2,\"id\":1,\"id\":1}",
        "{\"r\\u0065sult\":1,\"id\":1}",
    ])
    func `an answer is recognised and no request`(text: String) throws {
        #expect(try #require(single(text)).kind == .response)
        #expect(try #require(members("[\(text)]")).map(\.kind) == [.response])
    }

    @Test func `a method beside a result makes a request`() throws {
        let text = "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"result\":1,\"id\":1}"
        #expect(try #require(single(text)).kind == .request)
    }

    @Test func `broken JSON counts before whatever else is wrong with a request`() {
        #expect(parseError("{\"jsonrpc\":1,\"id\":{},\"method\":2,\"params\":tru}")?.offset == 44)
        #expect(
            parseError("{\"id\":1,\"id\":2} x") == JSONError(offset: 16, reason: .trailingBytes))
        #expect(parseError("{\"method\":\"\\ud800\"}")?.reason == .loneSurrogate)
        #expect(parseError("[1,{\"a\":]")?.reason == .unexpectedByte)
        #expect(parseError("[]]") == JSONError(offset: 2, reason: .trailingBytes))
    }

    @Test func `white space alone is nothing`() {
        for text in ["", " ", "\t \r", "\r"] {
            guard case .blank = parse(text) else {
                Issue.record("\(Array(text.utf8)) is not blank")
                continue
            }
        }
        #expect(parseError("\u{FEFF}") == JSONError(offset: 0, reason: .byteOrderMark))
        #expect(parseError("\u{C}")?.reason == .unexpectedByte)
    }

    @Test func `nesting is counted from the outermost, the batch included`() {
        func request(_ levels: Int) -> String {
            let value =
                String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
            return "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":\(value),\"id\":1}"
        }
        #expect(parseError(request(31)) == nil)
        #expect(parseError(request(32))?.reason == .tooDeep)
        #expect(parseError("[\(request(30))]") == nil)
        #expect(parseError("[\(request(31))]")?.reason == .tooDeep)
        #expect(parseError(request(99), depthMax: 100) == nil)
    }

    @Test func `a line within more bytes is read as if it stood alone`() {
        let text = "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1}"
        let bytes = Array("xx\(text)yy".utf8)
        guard
            case .single(let envelope) = Line.parse(bytes.span, 2..<(bytes.count - 2), depthMax: 32)
        else {
            Issue.record("no request")
            return
        }
        #expect(Reading(envelope, bytes).id == "1")
        #expect(envelope.end == bytes.count - 2)
    }

    @Test func `a batch gives each member in turn with its own judgement`() throws {
        let readings = try #require(
            members(
                " [ {\"jsonrpc\":\"2.0\",\"method\":\"a\",\"id\":1} , [1] , 2, {\"jsonrpc\":\"2.0\",\"method\":\"b\"},{}] "
            ))
        #expect(
            readings.map(\.kind) == [
                .request, .invalid(.notAnObject), .invalid(.notAnObject), .request,
                .invalid(.version),
            ])
        #expect(readings.map(\.method) == ["a", "", "", "b", ""])
        #expect(readings.map(\.answerID) == ["1", "null", "null", nil, "null"])
    }

    @Test func `an empty array is an empty batch however it is spaced`() {
        for text in ["[]", " [ ] ", "[\t]\r"] {
            guard case .emptyBatch = parse(text) else {
                Issue.record("\(text) is no empty batch")
                continue
            }
        }
    }

    @Test func `a long batch is counted to its last member`() throws {
        for count in [1, 2, 99, 100, 101, 5_000] {
            let text = "[" + Array(repeating: "1", count: count).joined(separator: " , ") + "]"
            #expect(try #require(members(text)).count == count)
        }
    }

    @Test func `a request altered at any byte is parsed soundly or refused`() {
        let texts = [
            "{\"jsonrpc\":\"2.0\",\"method\":\"a.b\",\"params\":{\"x\":[1,\"\\u00e9\"]},\"id\":\"é-1\"}",
            "[{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"id\":1},{\"result\":0},[],7]",
        ]
        for text in texts {
            let whole = Array(text.utf8)
            for at in whole.indices {
                for other in [UInt8(0), 0x20, 0x22, 0x2C, 0x5B, 0x5D, 0x5C, 0x7B, 0x7D, 0x80, 0xFF]
                {
                    var bytes = whole
                    bytes[at] = other
                    check(bytes)
                }
                check(Array(whole.prefix(at)))
            }
        }
    }

    /// The line is parsed exactly where the JSON room reads it, and every range lies within.
    private func check(_ bytes: [UInt8]) {
        let isJSON = (try? JSONValue(bytes.span, depthMax: 32)) != nil
        switch Line.parse(bytes.span, 0..<bytes.count, depthMax: 32) {
        case .blank: #expect(bytes.allSatisfy { $0 == 0x20 })
        case .unparsable(let error):
            #expect(!isJSON)
            #expect(error.offset <= bytes.count)
        case .emptyBatch: #expect(isJSON)
        case .single(let envelope):
            #expect(isJSON)
            check(envelope, bytes.count)
        case .batch(let count, var members):
            #expect(isJSON)
            var seen = 0
            while let envelope = members.next(bytes.span) {
                seen += 1
                check(envelope, bytes.count)
            }
            #expect(seen == count)
        }
    }

    private func check(_ envelope: Envelope, _ count: Int) {
        let whole = 0..<count
        #expect(envelope.id.map { $0.clamped(to: whole) == $0 } ?? true)
        #expect(envelope.params.map { $0.clamped(to: whole) == $0 } ?? true)
        #expect(envelope.end <= count)
    }
}
