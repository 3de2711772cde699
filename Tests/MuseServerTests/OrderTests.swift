// The order of a connection's calls, taking back, deadlines, and who is bound.
import MentalMuseProtocol
import MuseBase
import MuseServer
import MuseService
import Testing

@Suite(.ownThread) struct OrderTests {
    @Test func `a read waits for the connection's earlier write, a ping for nothing`() async throws
    {
        let server = try TestServer()
        let client = try server.connect()
        client.send("\(create(1, "hold"))\n\(get(2))\n\(ping(3))\n")
        #expect(client.read() == pong(3))
        #expect(server.board.events == ["begin hold"])
        server.board.release("hold")
        #expect(client.read()?.id == "1")
        #expect(client.read()?.id == "2")
        #expect(server.board.events == ["begin hold", "end hold", "get"])
    }

    @Test func `another connection's read waits for nobody`() async throws {
        let server = try TestServer()
        let client = try server.connect()
        client.line(create(1, "hold"))
        let other = try server.connect()
        #expect(other.ask(get(2))?.code == 0)
        server.board.release("hold")
        #expect(client.read()?.code == 0)
    }

    @Test func `connections take turns: a call waits for one call of each other, not for all`()
        async throws
    {
        let server = try TestServer()
        let comments = { (id: Int, limit: Int) in
            request(id, "comments.list", "[\"\(Stub.id)\",\(limit)]")
        }
        let (greedy, modest) = (try server.connect(), try server.connect())
        // Both are known before the worker is held, and what they send next comes in one pass.
        #expect(greedy.ask(ping(0)) == pong(0))
        #expect(modest.ask(ping(0)) == pong(0))
        greedy.line(comments(1, 99))
        #expect(await server.wait { !server.board.events.isEmpty })
        greedy.send((2...101).map { comments($0, 5) + "\n" }.joined())
        modest.send("\(comments(1, 5))\n\(comments(2, 5))\n")
        greedy.delivered()
        modest.delivered()
        server.board.release("stall")
        #expect(modest.read()?.code == 0)
        #expect(modest.read()?.code == 0)
        let callers = server.board.events.dropFirst()
        let last = try #require(callers.lastIndex { $0 != callers.first })
        #expect(last <= 5, "\(callers.prefix(12))")
        #expect((1...101).allSatisfy { _ in greedy.read()?.code == 0 })
    }

    @Test func `two writes share a commit, but not with a read between them`() async throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send(
            "\(create(1, "hold a"))\n\(create(2, "hold b"))\n\(get(3))\n\(create(4, "c"))\n")
        #expect(await server.wait { server.board.events.count >= 2 })
        #expect(server.board.events == ["begin hold a", "begin hold b"])
        server.board.release("hold a")
        #expect(client.read()?.id == "1")
        server.board.release("hold b")
        #expect([client.read()?.id, client.read()?.id, client.read()?.id] == ["2", "3", "4"])
        #expect(server.board.events.suffix(3) == ["get", "begin c", "end c"])
    }

    @Test func `attaching waits for all before it and holds all after it`() async throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send("\(create(1, "hold"))\n\(attach(2, "good"))\n\(request(3, "auth.whoami"))\n")
        #expect(await server.wait { server.board.events.count >= 1 })
        #expect(server.board.events == ["begin hold"])
        server.board.release("hold")
        let answers = (0..<3).compactMap { _ in client.read() }
        #expect(answers.map(\.id) == ["1", "2", "3"].map { $0 } || answers.count == 3)
        #expect(answers.map(\.code) == [0, 0, 0])
        #expect(server.board.events == ["begin hold", "end hold", "attach", "whoami"])
    }

    @Test func `an attach in a batch holds for the members after it`() throws {
        let server = try TestServer()
        let answers = try server.answers(
            "[\(request(1, "auth.whoami")),\(attach(2, "good")),\(request(3, "auth.whoami"))]\n")
        let parts = answers.first?.split(separator: "},{\"jsonrpc\"").map { String($0).code } ?? []
        #expect(answers.count == 1 && parts == [1001, 0, 0])
    }

    @Test(arguments: [
        attach(2, "bad"), request(2, "auth.attach", "{}"), request(2, "auth.attach", "[7]"),
        request(2, "auth.login", "{\"username\":\"ada\",\"password\":\"wrong\",\"attach\":true}"),
        request(2, "auth.login", "{\"username\":7,\"password\":\"wrong\",\"attach\":true}"),
        request(2, "auth.login", "[\"ada\",\"wrong password\",null,true]"),
        "{\"jsonrpc\":\"2.0\",\"method\":\"auth.attach\",\"params\":{}}",
    ])
    func `a refused attach leaves nobody bound`(line: String) throws {
        let server = try TestServer()
        let answers = try server.answers(
            "\(attach(1, "good"))\n\(request(8, "auth.whoami"))\n\(line)\n\(request(9, "auth.whoami"))\n"
        )
        #expect(answers.first { $0.id == "8" }?.code == 0)
        #expect(answers.first { $0.id == "9" }?.code == 1001)
    }

    @Test func `a refused log-in that does not attach changes nothing`() throws {
        let server = try TestServer()
        let login = request(2, "auth.login", "{\"username\":\"ada\",\"password\":\"wrong\"}")
        let answers = try server.answers(
            "\(attach(1, "good"))\n\(login)\n\(request(9, "auth.whoami"))\n")
        #expect(answers.map(\.code) == [0, 1006, 0])
    }

    private func cancel(_ id: String) -> String {
        "{\"jsonrpc\":\"2.0\",\"method\":\"rpc.cancel\",\"params\":{\"id\":\(id)}}"
    }

    @Test func `what has not begun is cancelled and has no effect`() async throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send(
            "\(create(1, "hold"))\n\(get(2))\n\(create(3, "b"))\n\(cancel("2"))\n\(cancel("3"))\n")
        #expect([client.read()?.code, client.read()?.code] == [-32800, -32800])
        server.board.release("hold")
        #expect(client.read()?.code == 0)
        #expect(client.ask(ping(4)) == pong(4))
        #expect(server.board.events == ["begin hold", "end hold"])
    }

    @Test func `a write whose ticket is taken back is answered cancelled`() async throws {
        let server = try TestServer()
        let client = try server.connect()
        client.line(create(1, "hold"))
        #expect(await server.wait { server.board.events.count == 1 })
        client.send("\(cancel("1"))\n\(ping(2))\n")
        #expect(client.read() == pong(2))
        server.board.release("hold")
        #expect(client.read()?.code == -32800)
        #expect(server.board.events == ["begin hold"])
    }

    @Test func `a cancel matches the id's bytes, and the oldest of them`() async throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send("\(create(9, "hold"))\n\(get(1))\n\(create(1, "second"))\n")
        client.send("\(cancel("1.0"))\n\(cancel("\"1\""))\n\(cancel("1"))\n")
        #expect(client.read()?.code == -32800)
        #expect(client.read()?.code == 0)
        server.board.release("hold")
        #expect(client.read()?.id == "9")
        #expect(server.board.events == ["begin hold", "begin second", "end second", "end hold"])
    }

    @Test func `a member of a batch can be cancelled`() async throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send("\(create(9, "hold"))\n[\(get(1)),\(get(2))]\n\(cancel("1"))\n\(ping(3))\n")
        #expect(client.read() == pong(3))
        server.board.release("hold")
        #expect(client.read()?.id == "9")
        let batch = client.read()
        #expect(
            batch?.hasPrefix("[{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32800") == true)
        #expect(server.board.events == ["begin hold", "end hold", "get"])
    }

    @Test func `a cancelled attach still leaves nobody bound, in its place`() async throws {
        let server = try TestServer()
        let client = try server.connect()
        #expect(client.ask(attach(1, "good"))?.code == 0)
        client.send("\(create(2, "hold"))\n\(attach(3, "good"))\n\(cancel("3"))\n")
        client.line(request(4, "auth.whoami"))
        server.board.release("hold")
        let answers = (0..<3).compactMap { _ in client.read() }
        #expect(answers.map { "\($0.id) \($0.code)" }.sorted() == ["2 0", "3 -32800", "4 1001"])
    }

    @Test func `a cancel with an id is no valid request`() throws {
        let server = try TestServer()
        #expect(
            try server.answers(request(1, "rpc.cancel", "{\"id\":2}") + "\n").map(\.code) == [
                -32600
            ])
    }

    @Test func `a call whose time has passed before it began is refused unrun`() async throws {
        let server = try TestServer()
        let client = try server.connect()
        let late = request(
            2, "posts.get", "{\"id\":\"\(Stub.id)\",\"_meta\":{\"deadline_ms\":5}}")
        client.send("\(create(1, "hold"))\n\(late)\n")
        let answer = client.read()
        #expect(answer?.id == "2" && answer?.code == -32055)
        #expect(answer?.range(of: "\"started\":false") != nil)
        server.board.release("hold")
        #expect(client.read()?.id == "1")
        #expect(server.board.events == ["begin hold", "end hold"])
    }

    @Test func `what a reset connection had not begun is dropped`() async throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send("\(create(1, "hold"))\n\(create(2, "x"))\n\(get(3))\n")
        #expect(await server.wait { server.board.events.count == 3 })
        client.send("\(create(4, "hold again"))\n\(get(5))\n")
        client.reset()
        #expect(await server.wait { server.counts.connections == 0 })
        server.board.release("hold")
        server.board.release("hold again")
        let other = try server.connect()
        #expect(other.ask(get(6))?.code == 0)
        #expect(server.board.events.filter { $0 == "get" }.count == 1)
    }
}
