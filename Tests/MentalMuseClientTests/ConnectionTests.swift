// Tests of the client's connection against a server that misbehaves.
internal import MentalMuseClient
internal import MuseBase
internal import MuseJSON
internal import Testing

@Suite(.timeLimit(.minutes(30)))
struct ConnectionTests {
    @Test func `answers that come out of order find their calls`() async throws {
        let held = Lock<[Request]>([])
        let server = try FakeServer { request in
            let all = held.withLock { held in
                held.append(request)
                return held.count == 3 ? held : []
            }
            let answers = all.reversed().map { request in
                request.result(Sample.post(request.params["body"]?.string ?? ""))
            }
            return .send(answers.joined())
        }
        let client = try MentalMuseClient(server.address)
        async let a = client.posts.create(body: "a")
        async let b = client.posts.create(body: "b")
        async let c = client.posts.create(body: "c")
        let bodies = try await [a.body, b.body, c.body]
        #expect(bodies == ["a", "b", "c"])
        #expect(server.requests.allSatisfy { $0.connection == 1 })
    }

    @Test func `lines that answer nothing harm nobody`() async throws {
        let server = try FakeServer { request in
            .send(
                "no JSON\n\n[1]\n{\"jsonrpc\":\"2.0\",\"id\":\(request.id + 4_096),\"result\":1}\n"
                    + "{\"jsonrpc\":\"2.0\",\"id\":\"\(request.id)\",\"result\":\"wrong\"}\n"
                    + "{\"jsonrpc\":\"2.0\",\"id\":-1,\"result\":\"wrong\"}\n"
                    + "{\"jsonrpc\":\"2.0\",\"id\":1e300,\"result\":\"wrong\"}\n"
                    + "{\"jsonrpc\":\"2.0\",\"method\":\"server.unheard\",\"params\":[7]}\n"
                    + "{\"result\":{}}\n{}\r\n" + request.result("\"pong\"")
                    + request.result("\"twice\""))
        }
        let client = try MentalMuseClient(server.address)
        for _ in 0..<3 { #expect(try await client.server.ping() == "pong") }
        #expect(server.requests.allSatisfy { $0.connection == 1 })
    }

    @Test(arguments: [
        "{\"jsonrpc\":\"2.0\",\"id\":ID}\n",
        "{\"jsonrpc\":\"2.0\",\"id\":ID,\"result\":1,\"error\":{}}\n",
        "{\"jsonrpc\":\"1.0\",\"id\":ID,\"result\":\"pong\"}\n",
        "{\"id\":ID,\"result\":\"pong\"}\n",
        "{\"jsonrpc\":\"2.0\",\"id\":ID,\"result\":nul}\n",
        "{\"jsonrpc\":\"2.0\",\"id\":ID,\"result\":[1}\n",
        "{\"jsonrpc\":\"2.0\",\"id\":ID,\"error\":7}\n",
        "{\"jsonrpc\":\"2.0\",\"id\":ID,\"error\":{}}\n",
        "{\"jsonrpc\":\"2.0\",\"id\":ID,\"result\":12}\n",
        "{\"jsonrpc\":\"2.0\",\"id\":ID,\"result\":{}}\n",
        "{\"jsonrpc\":\"2.0\",\"id\":ID,\"method\":\"x\"}\n",
    ])
    func `an answer that is none fails its call and no other`(answer: String) async throws {
        let server = try FakeServer { request in
            request.method == "server.ping"
                ? .send(answer.replacing("ID", with: "\(request.id)"))
                : .send(request.result(Sample.post()))
        }
        let client = try MentalMuseClient(server.address)
        async let post = client.posts.get(id: Identifier.some)
        guard
            case .malformedAnswer? = await failure({ () async throws(ClientError) in
                try await client.server.ping()
            })
        else { return #expect(Bool(false), "no malformedAnswer") }
        #expect(try await post.body == "Hello.")
        #expect(server.requests.allSatisfy { $0.connection == 1 })
    }

    @Test func `a line without end fails its call and no other`() async throws {
        var configuration = ClientConfiguration()
        configuration.answerBytesMax = 1_000
        let server = try FakeServer { request in
            request.method == "server.ping"
                ? .send(
                    "{\"jsonrpc\":\"2.0\",\"id\":\(request.id),\"result\":\""
                        + String(repeating: "x", count: 300_000) + "\"}\n")
                : .send(request.result(Sample.post()))
        }
        let client = try MentalMuseClient(server.address, configuration: configuration)
        async let post = client.posts.get(id: Identifier.some)
        let error = await failure { () async throws(ClientError) in try await client.server.ping() }
        #expect(error == .malformedAnswer("The answer is longer than 1000 bytes."))
        #expect(try await post.body == "Hello.")
        #expect(server.requests.allSatisfy { $0.connection == 1 })
    }

    @Test func `bytes that drip in one by one make whole lines`() async throws {
        let server = try FakeServer { request in
            .send(request.result("\"päng\""))
        }
        let client = MentalMuseClient(transport: DrippingTransport(port: server.port))
        for _ in 0..<5 { #expect(try await client.server.ping() == "päng") }
    }

    @Test func `half a line and then the end sends a read again`() async throws {
        let server = try FakeServer { request in
            request.connection == 1
                ? .sendAndClose("{\"jsonrpc\":\"2.0\",\"id\":\(request.id),\"res")
                : .send(request.result("\"pong\""))
        }
        let client = try MentalMuseClient(server.address, configuration: .quick)
        #expect(try await client.server.ping() == "pong")
        #expect(server.requests.map(\.connection) == [1, 2])
    }

    @Test func `a write that was sent is sent again with the same key`() async throws {
        let server = try FakeServer { request in
            request.connection < 4 ? .sendAndClose("") : .send(request.result(Sample.post()))
        }
        let client = try MentalMuseClient(server.address, configuration: .quick)
        _ = try await client.posts.create(body: "once")
        let keys = server.requests(of: "posts.create").map(\.key)
        #expect(keys.count == 4)
        #expect(keys[0] != nil)
        #expect(Set(keys).count == 1)
        _ = try await client.posts.create(body: "twice")
        #expect(server.requests.last?.key != keys[0])
    }

    @Test func `what cannot be repeated fails at once when its connection is lost`() async throws {
        let server = try FakeServer { _ in .sendAndClose("") }
        let client = try MentalMuseClient(server.address, configuration: .quick)
        let login = await failure { () async throws(ClientError) in
            try await client.auth.login(username: "robin", password: "a wren sings")
        }
        #expect(login == .connectionLost("The server has closed the connection."))
        let ping = await failure { () async throws(ClientError) in
            try await client.server.ping(options: CallOptions(retries: false))
        }
        #expect(ping == .connectionLost("The server has closed the connection."))
        #expect(server.requests.count == 2)
    }

    @Test func `a call that nobody answers ends at its deadline`() async throws {
        let server = try FakeServer { request in
            request.method == "posts.list" ? .nothing : .send(request.result("\"pong\""))
        }
        let client = try MentalMuseClient(server.address)
        _ = try await client.server.ping()
        let error = await failure { () async throws(ClientError) in
            try await client.posts.list(options: CallOptions(deadline: .milliseconds(30)))
        }
        #expect(error == .timedOut)
        let none = await failure { () async throws(ClientError) in
            try await client.server.ping(options: CallOptions(deadline: .zero))
        }
        #expect(none == .timedOut)
    }

    @Test func `a call has thirty seconds, and the server is told how many are left`() async throws
    {
        let server = try FakeServer { _ in .nothing }
        let time = ManualTime()
        let client = Clients.manual(server, time)
        async let error = failure { () async throws(ClientError) in try await client.server.ping() }
        await server.received(1)
        #expect(server.requests[0].params["_meta"]?["deadline_ms"]?.int == 30_000)
        time.advance(by: .seconds(31))
        #expect(await error == .timedOut)
    }

    @Test func `a server that has gone silent is left after a probe`() async throws {
        let server = try FakeServer { request in
            request.connection == 1 ? .nothing : .send(request.result("\"pong\""))
        }
        let time = ManualTime()
        let client = Clients.manual(server, time)
        async let first = failure { () async throws(ClientError) in try await client.server.ping() }
        await server.received(1)
        async let second = client.posts.get(
            id: Identifier.some, options: CallOptions(deadline: .seconds(3_000)))
        await server.received(2)
        time.advance(by: .seconds(31))
        #expect(await first == .timedOut)
        await server.received(3)
        #expect(server.requests[2].method == "server.ping")
        time.advance(by: .seconds(6))
        time.advance(by: .seconds(6))
        await server.received(4)
        #expect(server.requests[3].connection == 2)
        #expect(server.requests[3].method == "posts.get")
        client.close()
        _ = try? await second
    }

    @Test func `a cancelled task's call fails at once, and the server is told`() async throws {
        let server = try FakeServer { _ in .nothing }
        let client = try MentalMuseClient(server.address)
        let task = Task {
            await failure { () async throws(ClientError) in
                try await client.posts.get(id: Identifier.some)
            }
        }
        await server.received(1)
        task.cancel()
        #expect(await task.value == .cancelled)
        await server.received(2)
        #expect(server.requests[1].method == "rpc.cancel")
        #expect(server.requests[1].params["id"]?.int == server.requests[0].id)
        let before = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return await failure { () async throws(ClientError) in try await client.server.ping() }
        }
        #expect(await before.value == .cancelled)
    }

    @Test func `no more calls are under way than the bound, and the rest wait`() async throws {
        var configuration = ClientConfiguration()
        configuration.inFlightMax = 4
        let state = Lock((open: [Request](), most: 0, isFree: false))
        let server = try FakeServer { request in
            let answers = state.withLock { state -> [Request] in
                state.open.append(request)
                state.most = max(state.most, state.open.count)
                guard state.isFree || state.open.count == 4 else { return [] }
                state.isFree = true
                defer { state.open = [] }
                return state.open
            }
            return .send(answers.map { $0.result("\"pong\"") }.joined())
        }
        let client = try MentalMuseClient(server.address, configuration: configuration)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask { _ = try await client.server.ping() }
            }
            try await group.waitForAll()
        }
        #expect(state.withLock { $0.most } == 4)
    }

    @Test func `a call over the line's limit is refused here and harms nobody`() async throws {
        let server = try FakeServer { request in .send(request.result("\"pong\"")) }
        var configuration = ClientConfiguration()
        configuration.lineBytesMax = 500
        let client = try MentalMuseClient(server.address, configuration: configuration)
        for _ in 0..<2 {
            let error = await failure { () async throws(ClientError) in
                try await client.posts.create(body: String(repeating: "x", count: 500))
            }
            #expect(error == .messageTooLarge(limit: 500))
            #expect(try await client.server.ping() == "pong")
        }
        #expect(server.requests(of: "posts.create").isEmpty)
    }
}
