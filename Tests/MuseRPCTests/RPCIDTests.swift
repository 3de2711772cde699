// Tests of the RPC room: ids are bytes.
internal import MuseRPC
internal import Testing

struct RPCIDTests {
    @Test(arguments: [
        ("1", "1.0"), ("1", "\"1\""), ("10", "1e1"), ("\"a\"", "\"\\u0061\""),
        ("\"é\"", "\"e\u{301}\""),
        ("\"K\"", "\"\u{212A}\""), ("\"a\"", "\"A\""), ("null", "\"null\""), ("0", "-0"),
    ])
    func `ids are equal by their bytes alone`(one: String, other: String) {
        #expect(RPCID(text: one) == RPCID(text: one))
        #expect(RPCID(text: one) != RPCID(text: other))
        #expect(Set([RPCID(text: one), RPCID(text: other), RPCID(text: one)]).count == 2)
    }

    @Test func `no id, a null id and an empty text are three things`() {
        #expect(RPCID.absent != RPCID.null)
        #expect(RPCID.absent != RPCID(text: ""))
        #expect(RPCID.absent.isAbsent && !RPCID.null.isAbsent)
        #expect(RPCID.null == RPCID(text: "null"))
    }

    @Test func `an id is read from its range, long ones too`() {
        for length in [1, 13, 14, 15, 16, 200] {
            let id = "\"" + String(repeating: "x", count: length) + "\""
            let bytes = Array("[\(id)]".utf8)
            #expect(RPCID(bytes.span, 1..<(bytes.count - 1)).text == id)
        }
    }
}
