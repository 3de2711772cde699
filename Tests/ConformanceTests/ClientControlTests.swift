// Conformance tests: the Swift client's replayer itself. Where the client would understand
// something else than the server says, it has to say so.
internal import MuseBase
internal import MuseJSON
internal import Testing
internal import Transcripts
internal import client_replay

struct ClientControlTests {
    private static func run(_ lines: String...) throws -> (calls: Int, connections: Int) {
        let server = try Program.server(flags: [], alone: false)
        let schema = try Corpus.schema.get()
        let steps = try lines.enumerated().map {
            Transcript.Step(line: $0 + 1, value: try JSONValue($1))
        }
        var made: [ClientConversation] = []
        let replay = Replay(server, over: "tcp", schema) { place in
            let conversation = try ClientConversation(place, ResultTypes(schema))
            made.append(conversation)
            return conversation
        }
        try replay.run(steps)
        return (made.reduce(0) { $0 + $1.clientCalls }, made.count)
    }

    private static let ping = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.ping\"}"

    @Test func `a call by name goes through the client, other lines over its connection`() throws {
        let made = try Self.run(
            "{\"user\":\"ada\"}", "{\"call\":\"server.ping\",\"result\":\"pong\"}",
            "{\"call\":\"server.ping\",\"params\":[],\"result\":\"pong\"}",
            "{\"call\":\"posts.create\",\"on\":\"ada\",\"params\":{\"body\":\"x\"}}",
            "{\"send\":\(Self.ping)}",
            "{\"expect\":{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"pong\"}}")
        #expect(made == (calls: 3, connections: 2))
    }

    @Test func `a run through the client fails where the server says something else`() throws {
        #expect(throws: Differs.self) {
            try Self.run("{\"call\":\"server.ping\",\"result\":\"pang\"}")
        }
        #expect(throws: Differs.self) {
            try Self.run("{\"call\":\"posts.get\",\"error\":\"not_found\"}")
        }
        #expect(throws: Differs.self) { try Self.run("{\"send\":\(Self.ping)}") }
    }

    @Test func `a result of which the client's type would lose something is told`() throws {
        let types = try ResultTypes(Corpus.schema.get())
        let key = "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\",\"kid\":\"k\",\"use\":\"sig\""
        try types.check("auth.jwks", "{\"keys\":[\(key),\"alg\":\"EdDSA\"}]}")
        #expect(throws: Differs.self) { try types.check("auth.jwks", "{\"keys\":[\(key)}]}") }
        #expect(throws: Differs.self) {
            try types.check("auth.jwks", "{\"keys\":[\(key),\"alg\":\"EdDSA\",\"more\":1}]}")
        }
    }

    @Test func `every result type of the schema is read`() throws {
        let schema = try Corpus.schema.get()
        let types = ResultTypes(schema)
        for method in schema.root["methods"]?.array ?? [] {
            guard let name = method["name"]?.string,
                method["result"]?["schema"]?["$ref"] != nil
            else { continue }
            do {
                try types.check(name, "[]")
            } catch let error as Differs {
                #expect(error.description.contains("cannot read"), "\(name)")
            }
        }
    }
}
