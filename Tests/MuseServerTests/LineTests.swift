// Lines, envelopes and batches, over a real socket.
import MentalMuseProtocol
import MuseBase
import MuseServer
import MuseService
import Testing

@Suite(.ownThread) struct LineTests {
    @Test(arguments: [
        "1", "1.0", "1e2", "18446744073709551616", "\"1\"", "\"\\u0031\"", "null", "-0", "\"\"",
    ])
    func `an id comes back as it was written`(id: String) throws {
        let server = try TestServer()
        let answers = try server.answers(
            "{\"jsonrpc\":\"2.0\",\"method\":\"server.ping\",\"id\": \(id) }\n")
        #expect(answers == ["{\"jsonrpc\":\"2.0\",\"id\":\(id),\"result\":\"pong\"}"])
    }

    private static let notJSON = [
        "{\"jsonrpc\": \"2.0\", \"method\": \"foobar, \"params\": \"bar\", \"baz]",
        "[{\"jsonrpc\": \"2.0\", \"method\": \"sum\", \"params\": [1,2,4], \"id\": \"1\"},{\"jsonrpc\": \"2.0\", \"method\"]",
    ]

    /// JSON-RPC 2.0 section 7: the line, and the ids and codes of its answer (0 a success).
    private static let examples: [(String, [String])] = [
        (
            "{\"jsonrpc\": \"2.0\", \"method\": \"subtract\", \"params\": [42, 23], \"id\": 1}",
            ["{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":19}"]
        ),
        (
            "{\"jsonrpc\": \"2.0\", \"method\": \"subtract\", \"params\": {\"subtrahend\": 23, \"minuend\": 42}, \"id\": 3}",
            ["{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":19}"]
        ),
        ("{\"jsonrpc\": \"2.0\", \"method\": \"update\", \"params\": [1,2,3,4,5]}", []),
        ("{\"jsonrpc\": \"2.0\", \"method\": \"foobar\"}", []),
        ("{\"jsonrpc\": \"2.0\", \"method\": \"foobar\", \"id\": \"1\"}", ["\"1\" -32601"]),
        (notJSON[0], ["null -32700"]),
        ("{\"jsonrpc\": \"2.0\", \"method\": 1, \"params\": \"bar\"}", ["null -32600"]),
        (notJSON[1], ["null -32700"]),
        ("[]", ["null -32600"]),
        ("[1]", ["[null -32600"]),
        (
            "[{\"jsonrpc\": \"2.0\", \"method\": \"notify_sum\", \"params\": [1,2,4]},{\"jsonrpc\": \"2.0\", \"method\": \"notify_hello\", \"params\": [7]}]",
            []
        ),
        ("{\"foo\": \"boo\"}", ["null -32600"]),
    ]

    @Test(arguments: examples)
    func `the specification's examples are answered as it shows`(
        line: String, expected: [String]
    ) throws {
        let server = try TestServer()
        let answers = try server.answers(line + "\n").map { answer in
            guard answer.code != 0 else { return answer }
            return (answer.hasPrefix("[") ? "[" : "") + "\(answer.id) \(answer.code)"
        }
        #expect(answers == expected)
    }

    @Test func `the answers of a batch stand in the order of its requests`() throws {
        let server = try TestServer()
        let answers = try server.answers(
            "[\(get(1)),\(ping(2)),{\"jsonrpc\":\"2.0\",\"method\":\"server.ping\"},7,\(create(3, "a"))]\n"
        )
        #expect(answers.count == 1)
        let answer = answers.first ?? ""
        let places = [
            "\"id\":1,\"result\"", "\"id\":2,\"result\":\"pong\"", "\"id\":null,\"error\"",
            "\"id\":3,\"result\"",
        ].map { answer.range(of: $0)?.lowerBound }
        #expect(!places.contains(nil))
        #expect(places.compactMap { $0 } == places.compactMap { $0 }.sorted())
        #expect(answer.hasPrefix("[{") && answer.hasSuffix("}]"))
    }

    @Test func `a batch over the limit is one refusal and nothing of it is run`() throws {
        let server = try TestServer { $0.limits.batchMax = 3 }
        let answers = try server.answers("[\(get(1)),\(get(2)),\(get(3)),\(get(4))]\n\(ping(5))\n")
        #expect(answers.map(\.code) == [-32051, 0])
        #expect(answers.first?.id == "null")
        #expect(server.board.events == [])
    }

    @Test func `an object with a result and no method is dropped and counted`() throws {
        let server = try TestServer()
        let answers = try server.answers(
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1}\n{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{}}\n\(ping(2))\n"
        )
        #expect(answers == [pong(2)])
        #expect(server.counts.responsesDropped == 2)
    }

    @Test func `a broken line tells where, the first also how, and the connection goes on`() throws
    {
        let server = try TestServer()
        let answers = try server.answers("  {\"a\":tru}\r\n{]\n\n \t \n\(ping(1))\n")
        #expect(answers.map(\.code) == [-32700, -32700, 0])
        #expect(answers.first?.range(of: "\"offset\":10,") != nil)
        #expect(answers.first?.range(of: "\"example\":\"{") != nil)
        #expect(answers.dropFirst().first?.range(of: "example") == nil)
    }

    @Test func `sixteen broken lines in a row close, a good or a deep one between starts anew`()
        throws
    {
        let server = try TestServer()
        let bad = String(repeating: "x\n", count: 15)
        let deep = String(repeating: "[", count: 40) + "\n"
        let answers = try server.answers(bad + deep + bad + "{}\n" + bad + "y\n" + ping(9) + "\n")
        #expect(answers.count == 15 + 1 + 15 + 1 + 16)
        #expect(answers.last?.code == -32700)
        #expect(answers[15].code == -32050)
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n" + ping(1) + "\n", "http"),
        ("POST /rpc HTTP/1.0\n\n", "http"),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}", "tls"),
    ])
    func `another protocol's first line is refused with its name, and closed`(
        text: String, reason: String
    ) throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send(text)
        let answer = client.read()
        #expect(answer?.code == -32700)
        #expect(answer?.range(of: "\"reason\":\"\(reason)\"") != nil)
        #expect(client.read() == nil)
    }

    @Test func `a line over the limit is refused and the connection closed`() throws {
        let server = try TestServer { $0.limits.lineBytesMax = 200 }
        let client = try server.connect()
        client.send(ping(1) + "\n" + String(repeating: " ", count: 200) + "\n" + ping(2) + "\n")
        client.send(String(repeating: "x", count: 201))
        #expect(client.read() == pong(1))
        #expect(client.read() == pong(2))
        let answer = client.read()
        #expect(answer?.code == -32050 && answer?.id == "null")
        #expect(client.read() == nil)
    }

    @Test func `nesting over the limit is refused and the connection goes on`() throws {
        let server = try TestServer()
        let deep = String(repeating: "[", count: 33) + String(repeating: "]", count: 33)
        let answers = try server.answers("\(deep)\n\(ping(1))\n")
        #expect(answers.map(\.code) == [-32050, 0])
        #expect(answers.first?.range(of: "\"limit\":32") != nil)
    }

    @Test func `the end of input ends the last line, and all is answered before the close`() throws
    {
        let server = try TestServer()
        #expect(try server.answers(get(1) + "\n" + ping(2)).count == 2)
    }

    @Test(arguments: [("server.pong", "server.ping"), ("post.get", "posts.get")])
    func `a wrong method hears the nearest right one`(wrong: String, right: String) throws {
        let server = try TestServer()
        let answer = try server.answers(request(1, wrong) + "\n").first
        #expect(answer?.code == -32601)
        #expect(answer?.range(of: "\"did_you_mean\":\"\(right)\"") != nil)
    }

    @Test func `discovery gives the document`() throws {
        let server = try TestServer()
        let answer = try server.answers(request(1, "rpc.discover") + "\n").first
        #expect(
            answer?.hasPrefix("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"openrpc\":\"1.4.1\"")
                == true)
        #expect(answer?.hasSuffix("}}") == true)
    }

    @Test func `bytes that drip in are the same lines, at every split`() async throws {
        let server = try TestServer()
        let text = "\(ping(1))\r\n\n[\(get(2)),1]\n{\"x\n\(ping(3))\n\(create(4, "ä"))\n"
        let bytes = Array(text.utf8)
        let whole = try server.answers(text).sorted()
        #expect(whole.count == 5)
        var before = server.counts.bytesIn
        for split in 1..<bytes.count {
            let client = try server.connect()
            client.send(bytes: Array(bytes[..<split]))
            #expect(await server.wait { server.counts.bytesIn == before + split })
            client.send(bytes: Array(bytes[split...]))
            client.endSending()
            #expect(client.readAll().sorted() == whole)
            before += bytes.count
        }
    }

    @Test func `bytes that come one by one are the same lines`() async throws {
        let server = try TestServer()
        let text = "\(ping(1))\n[\(get(2)),1]\n\(ping(3))\n"
        let client = try server.connect()
        for (index, byte) in text.utf8.enumerated() {
            client.send(bytes: [byte])
            #expect(await server.wait { server.counts.bytesIn == index + 1 })
        }
        #expect((0..<3).compactMap { _ in client.read() }.count == 3)
    }
}
