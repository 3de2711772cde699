// Conformance tests: the replayer itself. With what it looks at taken away or altered, it has to
// say so.
internal import MuseJSON
internal import Testing
internal import Transcripts

struct ControlTests {
    private static func pattern() throws -> Pattern {
        try Pattern(Corpus.schema.get(), ["name": .string("ada"), "number": .number("7")])
    }

    private static let id = "01936b2f-5a20-7c3e-9f00-0a1b2c3d4e61"
    private static let author = "{\"id\":\"\(id)\",\"username\":\"ada\",\"display_name\":null}"
    private static let user = """
        {"id":"\(id)","username":"ada","display_name":null,"bio":null,"role":"user",\
        "created_at":"2026-11-24T09:30:00.000Z","post_count":0,"revision":1}
        """
    private static let notFound = """
        {"code":1201,"message":"x","data":\
        {"name":"not_found","status":"not_found","retry":"never"}}
        """
    private static let badParams = """
        {"code":-32602,"message":"x","data":{"name":"invalid_params","status":"invalid_argument",\
        "retry":"never","errors":[{"path":"/a","rule":"minLength","expected":1},\
        {"path":"/b","rule":"type","expected":"string"}]}}
        """

    @Test(arguments: [
        ("1", "1"), ("1", "1.0"), ("[1,2]", "[1,2]"), ("{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}"),
        ("\"{name}\"", "\"ada\""), ("\"x{name}y\"", "\"xaday\""), ("\"{number}\"", "7"),
        ("\"{repeat:ab:3}\"", "\"ababab\""), ("\"$any\"", "null"), ("\"$$any\"", "\"$any\""),
        ("\"$id\"", "\"\(id)\""), ("\"$time\"", "\"2026-11-24T09:30:00.000Z\""),
        ("\"$token\"", "\"a.b-_.c\""), ("\"$other:name\"", "\"bob\""),
        ("\"$above:name\"", "\"bob\""), ("{\"...\":true,\"a\":1}", "{\"a\":1,\"b\":2}"),
        ("{\"$each\":\"$int\",\"count\":2}", "[1,2]"), ("{\"$contains\":2}", "[1,2]"),
        ("\"$Author\"", author), ("{\"$\":\"Author\",\"username\":\"{name}\"}", author),
        ("\"$User\"", user), ("{\"$error\":\"not_found\"}", notFound),
        (
            "{\"$error\":\"invalid_params\",\"offences\":[[\"/b\",\"type\"],[\"/a\",\"minLength\",1]]}",
            badParams
        ),
    ])
    func `a pattern fits`(pattern: String, value: String) throws {
        try Self.pattern().check(JSONValue(pattern), JSONValue(value))
    }

    @Test(arguments: [
        ("1", "2"), ("1", "\"1\""), ("9007199254740993", "9007199254740992"), ("[1,2]", "[1]"),
        ("[1,2]", "[2,1]"), ("{\"a\":1}", "{\"a\":1,\"b\":2}"), ("{\"a\":1,\"b\":2}", "{\"a\":1}"),
        ("null", "false"), ("\"{name}\"", "\"bob\""), ("\"é\"", "\"e\\u0301\""),
        ("\"$id\"", "\"\(id) \""), ("\"$id\"", "\"01936B2F-5A20-7C3E-9F00-0A1B2C3D4E61\""),
        ("\"$time\"", "\"2026-11-24T09:30:00Z\""), ("\"$other:name\"", "\"ada\""),
        ("\"$above:name\"", "\"ada\""), ("{\"...\":true,\"a\":1}", "{\"b\":2}"),
        ("{\"$each\":\"$int\"}", "[1,\"2\"]"), ("{\"$each\":\"$int\",\"count\":3}", "[1,2]"),
        ("{\"$contains\":3}", "[1,2]"),
        ("\"$Author\"", "{\"id\":\"\(id)\",\"username\":\"ada\"}"),
        (
            "\"$Author\"",
            "{\"id\":\"\(id)\",\"username\":\"ada\",\"display_name\":null,\"email\":null}"
        ),
        ("\"$Author\"", "{\"id\":\"x\",\"username\":\"ada\",\"display_name\":null}"),
        ("{\"$\":\"User\",\"email\":null}", user),
        ("{\"$error\":\"permission_denied\"}", notFound),
        ("{\"$error\":\"invalid_params\",\"offences\":[[\"/a\",\"minLength\",1]]}", badParams),
        (
            "{\"$error\":\"invalid_params\",\"offences\":[[\"/a\",\"minLength\",2],[\"/b\",\"type\"]]}",
            badParams
        ),
        ("{\"$error\":\"parse_error\"}", badParams), ("\"$nothing\"", "1"), ("\"{nobody}\"", "1"),
    ])
    func `a pattern does not fit`(pattern: String, value: String) throws {
        let wanted = try JSONValue(pattern)
        let given = try JSONValue(value)
        #expect(throws: Differs.self) { try Self.pattern().check(wanted, given) }
    }

    // MARK: Whole runs

    private static func run(_ lines: String...) throws {
        let server = try Program.server(flags: [], alone: false)
        let steps = try lines.enumerated().map {
            Transcript.Step(line: $0 + 1, value: try JSONValue($1))
        }
        try Replay(server, over: "tcp", Corpus.schema.get()).run(steps)
    }

    private static let ping = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.ping\"}"
    private static let pong = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"pong\"}"

    @Test func `a run agrees with what the server says`() throws {
        try Self.run("{\"send\":\(Self.ping)}", "{\"expect\":\(Self.pong),\"id_bytes\":\"1\"}")
        try Self.run("{\"call\":\"server.ping\",\"result\":\"pong\"}", "{\"expect_nothing\":true}")
    }

    @Test func `a run fails where the server says something else, nothing, or more`() throws {
        #expect(throws: Differs.self) {
            try Self.run("{\"call\":\"server.ping\",\"result\":\"pang\"}")
        }
        #expect(throws: Differs.self) {
            try Self.run("{\"call\":\"server.ping\",\"error\":\"not_found\"}")
        }
        #expect(throws: Differs.self) {
            try Self.run(
                "{\"send\":\(Self.ping)}", "{\"expect\":\(Self.pong),\"id_bytes\":\"1.0\"}")
        }
        #expect(throws: Differs.self) { try Self.run("{\"send\":\(Self.ping)}") }
        #expect(throws: Differs.self) {
            try Self.run("{\"send\":\(Self.ping)}", "{\"expect_nothing\":true}")
        }
        #expect(throws: Differs.self) {
            try Self.run(
                "{\"send\":\(Self.ping)}", "{\"half_close\":\"a\"}", "{\"expect_close\":true}")
        }
        #expect(throws: Differs.self) {
            try Self.run("{\"half_close\":\"a\"}", "{\"expect\":\(Self.pong)}")
        }
    }

    // MARK: The schema's errors

    /// Code, name, status and retry of each error, as the protocol has them for ever.
    private static let errors: [(Int, String, String, String)] = [
        (-32700, "parse_error", "invalid_argument", "never"),
        (-32600, "invalid_request", "invalid_argument", "never"),
        (-32601, "method_not_found", "unimplemented", "never"),
        (-32602, "invalid_params", "invalid_argument", "never"),
        (-32603, "internal", "internal", "never"),
        (-32050, "message_too_large", "invalid_argument", "never"),
        (-32051, "batch_too_large", "invalid_argument", "never"),
        (-32052, "response_too_large", "resource_exhausted", "never"),
        (-32053, "busy", "unavailable", "after"), (-32054, "draining", "unavailable", "after"),
        (-32055, "deadline_exceeded", "deadline_exceeded", "same"),
        (-32056, "too_many_connections", "resource_exhausted", "after"),
        (-32800, "cancelled", "canceled", "same"),
        (1001, "unauthenticated", "unauthenticated", "never"),
        (1002, "token_expired", "unauthenticated", "refresh"),
        (1003, "token_invalid", "unauthenticated", "never"),
        (1004, "token_revoked", "unauthenticated", "never"),
        (1005, "token_reused", "unauthenticated", "never"),
        (1006, "bad_credentials", "unauthenticated", "never"),
        (1007, "account_disabled", "permission_denied", "never"),
        (1101, "permission_denied", "permission_denied", "never"),
        (1201, "not_found", "not_found", "never"),
        (1301, "already_exists", "already_exists", "never"),
        (1302, "stale_revision", "aborted", "never"),
        (1303, "idempotency_mismatch", "failed_precondition", "never"),
        (1304, "conflict", "failed_precondition", "never"),
        (1401, "weak_password", "invalid_argument", "never"),
        (1402, "cursor_invalid", "invalid_argument", "never"),
        (1403, "registration_closed", "permission_denied", "never"),
        (1501, "rate_limited", "resource_exhausted", "after"),
        (1601, "unavailable", "unavailable", "same"),
    ]

    @Test func `the schema's errors have the codes, names and words that were promised`() throws {
        let stated = try Corpus.schema.get().root["components"]?["errors"]?.members ?? []
        #expect(stated.count == Self.errors.count)
        for (code, name, status, retry) in Self.errors {
            let error = try #require(stated.first { $0.name == name }?.value, "\(name)")
            #expect(error["code"]?.int == code, "\(name)")
            #expect(error["data"]?["name"]?.string == name, "\(name)")
            #expect(error["data"]?["status"]?.string == status, "\(name)")
            #expect(error["data"]?["retry"]?.string == retry, "\(name)")
        }
    }

    @Test func `every error that a client can cause is told by a transcript`() throws {
        // They take a broken disk, a shutdown or a flood: Tests/Faults and Tests/Attacks.
        let unseen: Set<String> = ["internal", "busy", "draining", "unavailable"]
        var told: Set<String> = []
        for transcript in Corpus.transcripts {
            let text = try transcript.read().steps.map { $0.value.text() }.joined()
            for (_, name, _, _) in Self.errors
            where text.contains("\"error\":\"\(name)\"") || text.contains("\"$error\":\"\(name)\"")
            {
                told.insert(name)
            }
        }
        #expect(told == Set(Self.errors.map(\.1)).subtracting(unseen))
    }
}
