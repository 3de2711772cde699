// Tests of connections that cannot be made, that are lost, and that are made again.
internal import MentalMuseClient
internal import MuseBase
internal import MuseJSON
internal import Testing

@Suite(.timeLimit(.minutes(30)))
struct ReconnectTests {
    private func ping(
        _ client: MentalMuseClient, _ options: CallOptions = CallOptions()
    ) async throws(ClientError) -> String {
        try await client.server.ping(options: options)
    }

    @Test func `where nobody listens connecting fails at once`() async throws {
        let place = try FakeServer.Place()
        let error = await failure { () async throws(ClientError) in
            try await MentalMuseClient.connect("tcp://127.0.0.1:\(place.port)")
        }
        #expect(error == .notConnected("connect: Connection refused"))
        let missing = await failure { () async throws(ClientError) in
            try await MentalMuseClient.connect("unix:/nowhere/at/all")
        }
        #expect(missing == .notConnected("connect: No such file or directory"))
    }

    @Test(arguments: ["", "http://x:1", "tcp://x", "tcp://x:99999", "unix:", "localhost:6873"])
    func `what is no address is refused`(text: String) {
        #expect {
            _ = try MentalMuseClient(text)
        } throws: { error in
            if case ClientError.invalidAddress? = error as? ClientError { true } else { false }
        }
    }

    @Test func `a call waits for a server that comes later`() async throws {
        // Bound, and not listened on: nobody else takes the port meanwhile.
        let place = try FakeServer.Place()
        let client = try MentalMuseClient("tcp://127.0.0.1:\(place.port)", configuration: .quick)
        async let pong = ping(client)
        let refused = await failure { () async throws(ClientError) in
            try await ping(client, CallOptions(waitsForConnection: false))
        }
        #expect(refused == .notConnected("connect: Connection refused"))
        let server = try FakeServer(at: place) { request in .send(request.result("\"pong\"")) }
        #expect(try await pong == "pong")
        #expect(server.requests.count == 1)
    }

    @Test func `a call that no server was there for says so at its deadline`() async throws {
        let place = try FakeServer.Place()
        let client = try MentalMuseClient("tcp://127.0.0.1:\(place.port)", configuration: .quick)
        let error = await failure { () async throws(ClientError) in
            try await ping(client, CallOptions(deadline: .milliseconds(30)))
        }
        guard case .notConnected? = error else {
            return #expect(Bool(false), "\(String(describing: error))")
        }
    }

    @Test func `why the server closed is what the call ends with`() async throws {
        let full = """
            {"jsonrpc":"2.0","id":null,"error":{"code":-32056,"message":"Too many connections.",\
            "data":{"name":"too_many_connections","status":"resource_exhausted","retry":"after","limit":5}}}

            """
        let server = try FakeServer(greeting: { _ in .sendAndClose(full) }) { _ in .nothing }
        let client = try MentalMuseClient(server.address, configuration: .quick)
        let error = await failure { () async throws(ClientError) in
            try await ping(client, CallOptions(retries: false))
        }
        #expect(error == .tooManyConnections(limit: 5))
    }

    @Test func `what would be refused again is not sent again`() async throws {
        let server = try FakeServer { _ in
            .sendAndClose(
                "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32050,\"message\":\"\",\"data\":{\"limit\":9}}}\n"
            )
        }
        let client = try MentalMuseClient(server.address, configuration: .quick)
        let error = await failure { () async throws(ClientError) in try await ping(client) }
        #expect(error == .messageTooLarge(limit: 9))
        #expect(server.requests.count == 1)
    }

    @Test func `a server that says it will close is left for a new connection`() async throws {
        let server = try FakeServer { request in .send(request.result("\"pong\"")) }
        let client = try MentalMuseClient(server.address, configuration: .quick)
        var notifications = client.notifications.makeAsyncIterator()
        _ = try await ping(client)
        server.say(
            "{\"jsonrpc\":\"2.0\",\"method\":\"server.draining\",\"params\":{\"reason\":\"shutdown\",\"closes_in_ms\":10000}}\n"
        )
        guard case .serverDraining(let draining)? = await notifications.next() else {
            return #expect(Bool(false))
        }
        #expect(draining.reason == "shutdown")
        #expect(draining.closesInMs == 10_000)
        _ = try await ping(client)
        #expect(server.requests.map(\.connection) == [1, 2])
    }

    @Test func `no call is sent over a connection that the server will close`() async throws {
        let server = try FakeServer { request in
            request.connection == 1 ? .nothing : .send(request.result("\"pong\""))
        }
        let client = try MentalMuseClient(server.address, configuration: .quick)
        var notifications = client.notifications.makeAsyncIterator()
        async let first = ping(client)
        await server.received(1)
        server.say(
            "{\"jsonrpc\":\"2.0\",\"method\":\"server.draining\",\"params\":{\"reason\":\"idle\",\"closes_in_ms\":60000}}\n"
        )
        _ = await notifications.next()
        let second = await failure { () async throws(ClientError) in
            try await ping(client, CallOptions(deadline: .milliseconds(30)))
        }
        #expect(second == .timedOut)
        server.say(server.requests[0].result("\"pong\""))
        #expect(try await first == "pong")
        #expect(try await ping(client) == "pong")
        #expect(server.requests.map(\.connection) == [1, 2])
    }

    @Test func `a server that says it will close, and does not, is left all the same`() async throws
    {
        let server = try FakeServer { request in
            request.connection == 1 ? .nothing : .send(request.result("\"pong\""))
        }
        let time = ManualTime()
        let client = Clients.manual(server, time)
        var notifications = client.notifications.makeAsyncIterator()
        let options = CallOptions(deadline: .seconds(3_000))
        async let first = client.server.ping(options: options)
        await server.received(1)
        server.say(
            "{\"jsonrpc\":\"2.0\",\"method\":\"server.draining\",\"params\":{\"reason\":\"idle\",\"closes_in_ms\":5000}}\n"
        )
        _ = await notifications.next()
        async let second = client.server.ping(options: options)
        time.advance(by: .milliseconds(5_900))
        #expect(server.requests.count == 1)
        // It is left, the pause before the next attempt goes by, and both go over a new connection.
        time.advance(by: .seconds(1))
        #expect(try await (first, second) == ("pong", "pong"))
        #expect(server.requests.map(\.connection) == [1, 2, 2])
    }

    @Test func `limits that cannot be are the least that can`() async throws {
        let server = try FakeServer { request in .send(request.result("\"pong\"")) }
        var configuration = ClientConfiguration()
        configuration.deadline = .milliseconds(200)
        configuration.connections = -1
        configuration.inFlightMax = -1
        configuration.outputBytesMax = -1
        configuration.backoff = .zero
        configuration.backoffMax = .seconds(-1)
        configuration.refreshAhead = .seconds(-1)
        let client = try MentalMuseClient(server.address, configuration: configuration)
        let options = CallOptions(deadline: .seconds(30))
        #expect(try await client.server.ping(options: options) == "pong")
        configuration.answerBytesMax = -1
        let deaf = try MentalMuseClient(server.address, configuration: configuration)
        #expect(
            await failure { () async throws(ClientError) in
                try await deaf.server.ping(options: options)
            } == .malformedAnswer("The answer is longer than 1 bytes."))
        configuration.lineBytesMax = -1
        let mute = try MentalMuseClient(server.address, configuration: configuration)
        #expect(
            await failure { () async throws(ClientError) in
                try await mute.server.ping(options: options)
            } == .messageTooLarge(limit: 1))
    }

    @Test(arguments: ["-32053", "-32054", "1601"])
    func `a server that is busy is asked again`(code: String) async throws {
        let count = Lock(0)
        let server = try FakeServer { request in
            let turn = count.withLock { count in
                count += 1
                return count
            }
            return .send(
                turn < 3
                    ? request.error(
                        Int(code) ?? 0, "{\"retry_after_ms\":1,\"outcome\":\"unknown\"}")
                    : request.result(Sample.post()))
        }
        let client = try MentalMuseClient(server.address)
        _ = try await client.posts.create(body: "once")
        #expect(server.requests.count == 3)
        #expect(Set(server.requests.map(\.key)).count == 1)
        count.withLock { $0 = 0 }
        let error = await failure { () async throws(ClientError) in
            try await client.posts.create(body: "once", options: CallOptions(retries: false))
        }
        #expect(error?.code?.rawValue == Int(code))
    }

    @Test func `a lost connection in the middle of many writes doubles none and loses none`()
        async throws
    {
        let state = Lock((keys: [String: Int](), sent: 0))
        let server = try FakeServer { request in
            guard request.method == "posts.create" else { return .nothing }
            let sent = state.withLock { state in
                state.sent += 1
                state.keys[request.key ?? "", default: 0] += 1
                return state.sent
            }
            // Every 97th write is done and its answer lost.
            return sent % 97 == 0 && sent < 2_000
                ? .sendAndClose("") : .send(request.result(Sample.post()))
        }
        let client = try MentalMuseClient(server.address, configuration: .quick)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2_000 { group.addTask { _ = try await client.posts.create(body: "x") } }
            try await group.waitForAll()
        }
        #expect(state.withLock { $0.keys.count } == 2_000)
        #expect(state.withLock { $0.sent } > 2_000)
    }

    @Test func `a closed client fails what waits and what comes`() async throws {
        let server = try FakeServer { _ in .nothing }
        let client = try MentalMuseClient(server.address)
        async let waiting = failure { () async throws(ClientError) in try await ping(client) }
        await server.received(1)
        client.close()
        #expect(await waiting == .closed)
        #expect(await failure { () async throws(ClientError) in try await ping(client) } == .closed)
        await server.emptied()
    }

    @Test func `a client that is let go of leaves nothing behind`() async throws {
        let server = try FakeServer { request in .send(request.result("\"pong\"")) }
        weak var gone: MentalMuseClient?
        var events: ClientEvents<SessionEvent>?
        do {
            let client = try MentalMuseClient(server.address)
            _ = try await ping(client)
            events = client.sessionEvents
            gone = client
        }
        #expect(gone == nil)
        await server.emptied()
        if let events { for await _ in events {} }
    }

    @Test func `a pool's connections share the calls and the session`() async throws {
        let server = try FakeServer { request in
            switch request.method {
            case "auth.login": .send(request.result(Sample.grant(1)))
            case "auth.attach": .send(request.result(Sample.caller))
            default: .send(request.result("\"pong\""))
            }
        }
        var configuration = ClientConfiguration()
        configuration.connections = 3
        let client = try MentalMuseClient(server.address, configuration: configuration)
        _ = try await client.auth.login(username: "robin", password: "a wren sings at dawn")
        for _ in 0..<6 { _ = try await ping(client) }
        #expect(Set(server.requests(of: "server.ping").map(\.connection)).count == 3)
        #expect(server.requests(of: "auth.attach").count == 3)
    }
}
