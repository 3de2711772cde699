// Every bound of a connection and of all connections: reaching it gets a clear answer.
import MentalMuseProtocol
import MuseBase
import MuseServer
import MuseService
import Testing

@Suite(.ownThread) struct LimitTests {
    @Test func `too much in flight is not read, and all of it is answered`() async throws {
        let server = try TestServer { $0.limits.inFlightMax = 4 }
        let client = try server.connect()
        for id in 0..<20 { client.line(create(id, "hold \(id)")) }
        #expect(await server.wait { server.board.events.count == 4 })
        for id in 0..<20 { server.board.release("hold \(id)") }
        var ids: [String] = []
        for _ in 0..<20 { ids.append(client.read()?.id ?? "") }
        // In any order: those that wait begin as the lanes are free.
        #expect(Set(ids) == Set((0..<20).map(String.init)))
    }

    @Test func `nothing further is begun with too much unread, and then it goes on`() async throws {
        let server = try TestServer { $0.limits.outputBytesMax = 100_000 }
        server.board.pageUnit = 2_000
        let client = try server.connect()
        let total = 120
        for id in 0..<total { client.line(request(id, "posts.list", "{\"limit\":100}")) }
        // 24 MB are asked for; what the system's buffers hold, and a little more, is made.
        #expect(await server.wait { server.counts.bufferedBytes > 100_000 })
        let other = try server.connect()
        #expect(other.ask(ping(1)) == pong(1))
        #expect(server.board.events.count < total)
        #expect(server.counts.bufferedBytes < 1_000_000)
        var answered = 0
        while answered < total, client.read() != nil { answered += 1 }
        #expect(answered == total)
    }

    @Test func `an answer over the limit is refused in its place`() throws {
        let server = try TestServer { $0.limits.answerBytesMax = 5_000 }
        server.board.pageUnit = 100
        let big = request(1, "posts.list", "{\"limit\":100}")
        let small = request(2, "posts.list", "{\"limit\":1}")
        let answers = try server.answers("\(big)\n\(small)\n")
        #expect(answers.map(\.code) == [-32052, 0])
        #expect(answers.first?.range(of: "\"limit\":5000") != nil)
    }

    @Test func `a batch near its limit refuses reads in place and writes unrun`() throws {
        let server = try TestServer { $0.limits.answerBytesMax = 200_000 }
        server.board.pageUnit = 1_500
        let list = { request($0, "posts.list", "{\"limit\":100}") }
        let answers = try server.answers("[\(list(1)),\(list(2)),\(create(3, "a")),\(ping(4))]\n")
        let answer = answers.first ?? ""
        #expect(answer.utf8.count <= 200_000)
        #expect(answer.range(of: "\"id\":2,\"error\":{\"code\":-32052") != nil)
        #expect(answer.range(of: "\"id\":3,\"error\":{\"code\":-32052") != nil)
        #expect(answer.range(of: "\"id\":4,\"result\":\"pong\"") != nil)
        #expect(server.board.events == ["list", "list"])
    }

    @Test func `a connection over its rate is refused, and says when`() throws {
        let (server, _) = try server { $0.limits.requestsPerSecondMax = 3 }
        let answers = try server.answers((1...5).map(ping).joined(separator: "\n"))
        #expect(answers.map(\.code) == [0, 0, 0, 1501, 1501])
        #expect(answers.last?.range(of: "\"scope\":\"connection\"") != nil)
    }

    @Test func `a connection too many hears so and is closed`() async throws {
        let server = try TestServer { $0.limits.connectionsMax = 2 }
        let first = try server.connect()
        let second = try server.connect()
        #expect(first.ask(ping(1)) == pong(1) && second.ask(ping(1)) == pong(1))
        let third = try server.connect()
        third.line(ping(1))
        #expect(third.readAll().map(\.code) == [-32056])
        #expect(server.counts.connectionsRefused == 1)
        second.endSending()
        #expect(second.read() == nil)
        #expect(await server.wait { server.counts.connections == 1 })
        let fourth = try server.connect()
        #expect(fourth.ask(ping(1)) == pong(1))
    }

    /// A clock that a test moves; whatever happens on the server makes it look.
    private func server(
        _ change: @escaping (inout ServerConfiguration) -> Void = { _ in }
    ) throws -> (TestServer, Lock<UInt64>) {
        let time = Lock<UInt64>(1_000_000_000)
        let server = try TestServer {
            $0.clock = MonotonicClock { time.withLock { $0 } }
            change(&$0)
        }
        return (server, time)
    }

    @Test func `an idle connection is told, then closed; a busy one is not`() throws {
        let (server, time) = try server()
        let idle = try server.connect()
        let busy = try server.connect()
        #expect(idle.ask(ping(1)) == pong(1))
        time.withLock { $0 += 800_000_000_000 }
        #expect(busy.ask(ping(1)) == pong(1))
        time.withLock { $0 += 101_000_000_000 }
        #expect(busy.ask(ping(2)) == pong(2))
        #expect(
            idle.readAll() == [
                "{\"jsonrpc\":\"2.0\",\"method\":\"server.draining\",\"params\":{\"reason\":\"idle\",\"closes_in_ms\":0}}"
            ])
        #expect(busy.ask(ping(3)) == pong(3))
    }

    @Test func `a line begun and not ended is closed in time`() async throws {
        let (server, time) = try server()
        let slow = try server.connect()
        let other = try server.connect()
        slow.send(ping(1) + "\n{\"jsonrpc\"")
        #expect(slow.read() == pong(1))
        time.withLock { $0 += 29_000_000_000 }
        #expect(other.ask(ping(1)) == pong(1))
        time.withLock { $0 += 2_000_000_000 }
        #expect(other.ask(ping(1)) == pong(1))
        #expect(slow.read() == nil)
    }

    @Test func `a client that takes nothing is closed in time`() async throws {
        let (server, time) = try server()
        server.board.pageUnit = 10_000
        let slow = try server.connect()
        for id in 0..<20 { slow.line(request(id, "posts.list", "{\"limit\":100}")) }
        let other = try server.connect()
        #expect(await server.wait { server.counts.bufferedBytes > 1_000_000 })
        #expect(other.ask(ping(1)) == pong(1))
        // Until the system's own buffers are full, there is some progress now and then.
        for _ in 0..<100 where server.counts.connections == 2 {
            time.withLock { $0 += 31_000_000_000 }
            #expect(other.ask(ping(2)) == pong(2))
        }
        #expect(server.counts.connections == 1)
        #expect(server.counts.bufferedBytes == 0)
    }

    @Test func `with all buffers full the largest stalled connection is closed`() async throws {
        let server = try TestServer { $0.limits.bufferBytesMax = 3_000_000 }
        server.board.pageUnit = 10_000
        var clients: [TestClient] = []
        for _ in 0..<6 {
            let client = try server.connect()
            for id in 0..<20 { client.line(request(id, "posts.list", "{\"limit\":100}")) }
            clients.append(client)
        }
        #expect(await server.wait { server.counts.connections < 6 })
        #expect(await server.wait { server.counts.bufferedBytes <= 3_000_000 })
        let other = try server.connect()
        #expect(other.ask(ping(1)) == pong(1))
    }

    @Test func `with all buffers full of lines without end the others are served`() async throws {
        let server = try TestServer { $0.limits.bufferBytesMax = 3_000_000 }
        let other = try server.connect()
        #expect(other.ask(ping(1)) == pong(1))
        let begun = "{\"jsonrpc\":\"2.0\",\"id\":\"" + String(repeating: "x", count: 900_000)
        var clients: [TestClient] = []
        for _ in 0..<6 {
            let client = try server.connect()
            client.send(begun)
            clients.append(client)
        }
        #expect(await server.wait { server.counts.connections < 7 })
        #expect(await server.wait { server.counts.bufferedBytes <= 3_000_000 })
        #expect(other.ask(ping(2)) == pong(2))
    }

    @Test func `a connection holds nothing once all is said`() async throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send("\(ping(1))\n[\(get(2)),\(create(3, "x"))]\n")
        #expect(client.read() != nil && client.read() != nil)
        #expect(await server.wait { server.counts.bufferedBytes == 0 })
    }

    @Test func `a long pipeline of one connection does not hold up another`() async throws {
        let server = try TestServer()
        let greedy = try server.connect()
        let modest = try server.connect()
        let lines = (0..<20_000).map { ping($0) + "\n" }.joined()
        greedy.send(lines)
        #expect(modest.ask(ping(1)) == pong(1))
        var last: String?
        for _ in 0..<20_000 { last = greedy.read() }
        #expect(last == pong(19_999))
    }
}

extension LimitTests {
    @Test func `a bound of 0 is off`() throws {
        let server = try TestServer {
            var limits = $0.limits
            limits.lineBytesMax = 0
            limits.answerBytesMax = 0
            limits.nestingMax = 0
            limits.batchMax = 0
            limits.inFlightMax = 0
            limits.outputBytesMax = 0
            limits.bufferBytesMax = 0
            limits.connectionsMax = 0
            limits.connectionsPerAddressMax = 0
            limits.offencesMax = 0
            limits.unparsableLinesMax = 0
            limits.lineSeconds = 0
            limits.idleSeconds = 0
            limits.outputStallSeconds = 0
            limits.tlsHandshakeSeconds = 0
            $0.limits = limits
        }
        let batch = "[" + (0..<200).map(ping).joined(separator: ",") + "]"
        let bad = String(repeating: "x\n", count: 40)
        let answers = try server.answers("\(bad)\(batch)\n\(get(1))\n\(create(2, "a"))\n")
        #expect(answers.count == 43)
        #expect(answers.contains { $0.id == "2" && $0.code == 0 })
    }
}
