// Tests of the RPC room: the error as the wire shows it, and the offences in params.
internal import MuseJSON
internal import MuseRPC
internal import Testing

struct RPCErrorTests {
    private let plain = RPCError(
        code: 1201, name: "not_found", message: "There is no \"such\" thing.", status: "not_found",
        retry: "never")

    @Test func `an error has its code, message and data, and further members after them`() {
        var writer = JSONWriter()
        plain.with("limit") { $0.int(7) }.with("scope") { $0.string("é\"") }.write(into: &writer)
        let text = writer.string()
        #expect(
            text == "{\"code\":1201,\"message\":\"There is no \\\"such\\\" thing.\",\"data\":"
                + "{\"name\":\"not_found\",\"status\":\"not_found\",\"retry\":\"never\",\"limit\":7,"
                + "\"scope\":\"é\\\"\"}}")
    }

    @Test func `the private cause is kept and never written`() {
        let error = plain.because("SELECT secret")
        #expect(error.cause == "SELECT secret")
        var writer = JSONWriter()
        writer.refuse(RPCID(text: "\"a\""), error)
        let text = writer.string()
        #expect(!text.contains("secret"))
        #expect(text.hasPrefix("{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"error\":{\"code\":1201,"))
        #expect((try? JSONValue(text)) != nil)
    }

    @Test func `a refusal of what had no id says null`() {
        var writer = JSONWriter()
        writer.refuse(.absent, plain)
        let text = writer.string()
        #expect((try? JSONValue(text))?["id"] == .null)
    }
}

struct ParamIssuesTests {
    @Test func `the first offences are kept and all are counted`() {
        var issues = ParamIssues(max: 3)
        #expect(issues.isEmpty)
        for index in 0..<10 { issues.add(path: "/\(index)", rule: "type", expected: "\"string\"") }
        #expect(issues.count == 10 && !issues.isEmpty)
        #expect(issues.issues.map(\.path) == ["/0", "/1", "/2"])
    }

    @Test(arguments: [("a", "/a"), ("", "/"), ("a/b", "/a~1b"), ("m~n", "/m~0n"), ("~1", "/~01")])
    func `a member's name becomes a token of a JSON pointer`(member: String, pointer: String) {
        #expect(ParamIssues.pointer("", member) == pointer)
        #expect(ParamIssues.pointer("/p", member) == "/p" + pointer)
    }
}
