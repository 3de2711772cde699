// Tests of the vocabulary room: params by name and by position, and each offence with its path.
internal import MentalMuseProtocol
internal import MuseJSON
internal import MuseRPC
internal import Testing

/// What the decoder makes of a method's params.
struct Outcome {
    let decoded: Decoded
    /// The typed params as JSON; nil where there is an offence.
    var encoded: String?

    init(_ method: MethodID, _ json: String?, issuesMax: Int = 32) {
        let bytes = Array((json ?? "").utf8)
        decoded = Invocation.decode(
            method: method, bytes: bytes.span, params: json.map { _ in 0..<bytes.count },
            issuesMax: issuesMax)
        guard let invocation = decoded.invocation,
            let params = Mirror(reflecting: invocation).children.first?.value as? any CallParams
        else { return }
        var writer = JSONWriter()
        params.encode(into: &writer)
        encoded = writer.string()
    }

    /// `path rule` of each offence.
    var offences: [String] { decoded.issues.issues.map { "\($0.path) \($0.rule)" } }
}

struct ParamsTests {
    private static let id = "01936b2f-5a12-7c3e-9f00-0a1b2c3d4e53"

    /// A method, its params, and what they mean, by name.
    static let taken: [(MethodID, String, String)] = [
        (.postsCreate, "{\"body\":\"Hello\"}", "{\"body\":\"Hello\"}"),
        (.postsCreate, "[\"Hello\"]", "{\"body\":\"Hello\"}"),
        (.postsCreate, "{\"b\\u006fdy\":\"H\\u00e9\"}", "{\"body\":\"Hé\"}"),
        (.postsGet, "{\"id\":\"\(id)\"}", "{\"id\":\"\(id)\"}"),
        (.postsList, "{}", "{}"), (.postsList, "[]", "{}"),
        (.postsList, "{\"limit\":20.0}", "{\"limit\":20}"), (.postsList, "[2e1]", "{\"limit\":20}"),
        (.postsList, "{\"limit\":null,\"cursor\":null,\"order\":null}", "{}"),
        (.postsList, "[null,null,\"oldest\"]", "{\"order\":\"oldest\"}"),
        (.usersGet, "{\"id\":null,\"username\":\"Ada\"}", "{\"username\":\"ada\"}"),
        (.usersGet, "[null,\"ADA_9\"]", "{\"username\":\"ada_9\"}"),
        (.usersUpdate, "{\"bio\":null}", "{\"bio\":null}"),
        (.usersUpdate, "[null,null,null]", "{}"),
        (.serverPing, "{}", "{}"), (.serverPing, "[]", "{}"),
        (.serverPing, "{\"_meta\":{}}", "{}"), (.serverPing, "{\"_meta\":null}", "{}"),
    ]

    @Test(arguments: taken)
    func `params mean the same by name and by position`(
        method: MethodID, json: String, meaning: String
    ) {
        let outcome = Outcome(method, json)
        #expect(outcome.offences == [])
        #expect(outcome.encoded == meaning)
    }

    @Test func `a method without params may be called without any`() {
        #expect(Outcome(.serverPing, nil).encoded == "{}")
        #expect(Outcome(.postsList, nil).encoded == "{}")
        #expect(Outcome(.postsCreate, nil).offences == ["/body required"])
    }

    /// A method, its params, and every offence in them.
    static let refused: [(MethodID, String, [String])] = [
        (.postsCreate, "{}", ["/body required"]), (.postsCreate, "[]", ["/body required"]),
        (.postsCreate, "{\"body\":1}", ["/body type"]),
        (.postsCreate, "{\"body\":null}", ["/body type"]),
        (.postsCreate, "{\"body\":\"a\",\"x\":1}", ["/x additionalProperties"]),
        (.postsCreate, "{\"body\":\"a\",\"b~/\":1}", ["/b~0~1 additionalProperties"]),
        (.postsCreate, "{\"Body\":\"a\"}", ["/Body additionalProperties", "/body required"]),
        (.postsCreate, "{\"body\":\"a\",\"body\":\"a\"}", ["/body uniqueNames"]),
        (.postsCreate, "{\"body\":\"a\",\"bod\\u0079\":\"a\"}", ["/body uniqueNames"]),
        (.postsCreate, "[\"a\",\"b\",\"c\"]", ["/1 maxItems", "/2 maxItems"]),
        (.postsCreate, "[\"a\",{\"_meta\":{}}]", ["/1 maxItems"]),
        (.postsCreate, "{\"body\":\"\\u0000\"}", ["/body pattern"]),
        (.postsGet, "{\"id\":\"\(id.uppercased())\"}", ["/id pattern"]),
        (.postsGet, "{\"id\":\"01936b2f-5a12-4c3e-9f00-0a1b2c3d4e53\"}", ["/id pattern"]),
        (.postsGet, "[7]", ["/id type"]), (.postsGet, "[\"\"]", ["/id pattern"]),
        (.postsList, "{\"limit\":0}", ["/limit minimum"]),
        (.postsList, "{\"limit\":101}", ["/limit maximum"]),
        (.postsList, "{\"limit\":-1e400}", ["/limit minimum"]),
        (.postsList, "{\"limit\":1e400}", ["/limit maximum"]),
        (.postsList, "{\"limit\":20.5}", ["/limit type"]),
        (.postsList, "{\"limit\":\"20\"}", ["/limit type"]),
        (.postsList, "{\"order\":\"latest\"}", ["/order enum"]),
        (.postsList, "{\"limit\":0,\"order\":1}", ["/limit minimum", "/order type"]),
        (.usersGet, "{}", [" oneOf"]),
        (.usersGet, "{\"id\":\"\(id)\",\"username\":\"ada\"}", [" oneOf"]),
        (.authRegister, "[\"ad\",\"0123456789\"]", ["/username minLength"]),
        (.authRegister, "[\"a b\",\"0123456789\"]", ["/username pattern"]),
        (.authRegister, "[\"adé\",\"0123456789\"]", ["/username pattern"]),
        (.authRegister, "[\"ada\",\"012345678\"]", ["/password x-min-bytes"]),
        (
            .authRegister, "{\"password\":1,\"x\":2}",
            ["/password type", "/x additionalProperties", "/username required"]
        ),
        (.authRegister, "[\"ada\",\"0123456789\",\"a@b@c\"]", ["/email pattern"]),
        (.serverPing, "{\"_meta\":1}", ["/_meta type"]),
        (.serverPing, "{\"_meta\":{},\"_meta\":{}}", ["/_meta uniqueNames"]),
        (.serverPing, "{\"_meta\":{\"x\":1}}", ["/_meta/x additionalProperties"]),
        (.serverPing, "{\"_meta\":{\"access_token\":null}}", ["/_meta/access_token type"]),
        (.serverPing, "{\"_meta\":{\"deadline_ms\":0}}", ["/_meta/deadline_ms minimum"]),
        (.serverPing, "{\"_meta\":{\"deadline_ms\":3600001}}", ["/_meta/deadline_ms maximum"]),
        (
            .serverPing, "{\"_meta\":{\"idempotency_key\":\"a b\"}}",
            ["/_meta/idempotency_key pattern"]
        ),
        (.serverPing, "[1]", ["/0 maxItems"]),
    ]

    @Test(arguments: refused)
    func `every offence is told by its path and its rule`(
        method: MethodID, json: String, offences: [String]
    ) {
        let outcome = Outcome(method, json)
        #expect(outcome.offences.sorted() == offences.sorted())
        #expect(outcome.decoded.invocation == nil)
        for issue in outcome.decoded.issues.issues {
            #expect((try? JSONValue(issue.expected)) != nil, "expected is JSON: \(issue.expected)")
        }
    }

    @Test func `offences beyond the limit are counted and not kept`() {
        let members = (0..<40).map { "\"x\($0)\":1" }.joined(separator: ",")
        let outcome = Outcome(.serverPing, "{\(members)}", issuesMax: 32)
        #expect(outcome.decoded.issues.count == 40)
        #expect(
            outcome.offences.count == 32 && outcome.offences.first == "/x0 additionalProperties")
    }

    @Test func `lengths are told to the character and to the byte`() {
        func post(_ count: Int) -> [String] {
            Outcome(.postsCreate, "[\"\(String(repeating: "😀", count: count))\"]").offences
        }
        #expect(post(5_000) == [] && post(5_001) == ["/body maxLength"])
        func password(_ text: String) -> [String] {
            Outcome(.authRegister, "[\"ada\",\"\(text)\"]").offences
        }
        #expect(password(String(repeating: "é", count: 5)) == [])
        #expect(password(String(repeating: "é", count: 128)) == [])
        #expect(password(String(repeating: "é", count: 128) + "x") == ["/password x-max-bytes"])
        func key(_ count: Int) -> [String] {
            let key = String(repeating: "k", count: count)
            return Outcome(.serverPing, "{\"_meta\":{\"idempotency_key\":\"\(key)\"}}").offences
        }
        #expect(key(1) == [] && key(128) == [] && key(129) == ["/_meta/idempotency_key maxLength"])
    }

    @Test func `whether a call attaches is known whatever else is wrong with it`() {
        #expect(Outcome(.authLogin, "{\"username\":1,\"attach\":true}").decoded.binds)
        #expect(Outcome(.authLogin, "[\"ada\",\"p\",null,true]").decoded.binds)
        #expect(!Outcome(.authLogin, "{\"username\":\"ada\",\"password\":\"p\"}").decoded.binds)
        #expect(
            !Outcome(.authLogin, "{\"username\":\"a\",\"password\":\"p\",\"attach\":false}").decoded
                .binds)
    }

    @Test func `meta is read beside the params, and what traces is never refused`() {
        let outcome = Outcome(
            .postsCreate,
            "{\"_meta\":{\"access_token\":\"t\",\"deadline_ms\":5e1,\"idempotency_key\":\"k\","
                + "\"client_address\":\"::1\",\"traceparent\":{\"odd\":[1]}},\"body\":\"a\"}")
        #expect(outcome.offences == [])
        let meta = outcome.decoded.meta
        #expect(meta.accessToken == "t" && meta.deadlineMs == 50 && meta.idempotencyKey == "k")
        #expect(meta.clientAddress == "::1")
        #expect(meta.traceparent == "{\"odd\":[1]}")
    }

    @Test func `the fingerprint of a call leaves out secrets, attaching and meta`() {
        let bytes = Array(
            "{\"username\":\"Ada\",\"password\":\"0123456789\",\"attach\":true,\"_meta\":{\"idempotency_key\":\"k\"}}"
                .utf8)
        let decoded = Invocation.decode(
            method: .authRegister, bytes: bytes.span, params: 0..<bytes.count, issuesMax: 32)
        guard case .authRegister(let params)? = decoded.invocation else {
            Issue.record("not read")
            return
        }
        var writer = JSONWriter()
        params.fingerprint(into: &writer)
        let text = writer.string()
        #expect(!text.contains("0123456789") && !text.contains("attach") && !text.contains("_meta"))
        #expect(text.contains("\"ada\""))
    }
}

struct MethodsTests {
    @Test func `every method is found by its name, with escapes and without, and no other name is`()
    {
        func found(_ name: String) -> MethodID? {
            let bytes = Array("\"\(name)\"".utf8)
            var reader = JSONReader(position: 0, end: bytes.count)
            guard let text = try? reader.string(bytes.span) else { return nil }
            return MethodID.lookup(bytes.span, text)
        }
        for method in MethodID.allCases {
            #expect(found(method.name) == method)
            let first = method.name.unicodeScalars.first.map {
                "\\u00" + String($0.value, radix: 16)
            }
            #expect(found((first ?? "") + method.name.dropFirst()) == method)
            #expect(found(method.name + "x") == nil)
            #expect(found(String(method.name.dropLast())) == nil)
            #expect(found(method.name.uppercased()) == nil)
        }
        #expect(found("") == nil)
    }
}
