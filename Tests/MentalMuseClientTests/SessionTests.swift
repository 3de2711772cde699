// Tests of the client's session: whose calls they are, and how tokens are renewed.
internal import Foundation
internal import MentalMuseClient
internal import MuseBase
internal import MuseJSON
internal import Testing

/// A server that knows which access token is good, and which one each connection is attached with.
private final class TokenServer: Sendable {
    struct State {
        /// The number of the good access token.
        var good = 1
        var attached: [Int: String] = [:]
        var refreshKeys: [String: Set<String>] = [:]
        var refreshes = 0
        /// What `auth.refresh` answers instead, in turn.
        var refreshReplies: [@Sendable (Request) -> Reply] = []
        /// What calls are refused with that come with another token.
        var refusal = 1002
    }

    let state = Lock(State())

    func reply(_ request: Request) -> Reply {
        state.withLock { state in
            let good = "access-\(state.good)"
            switch request.method {
            case "auth.login", "auth.register":
                return .send(request.result(Sample.grant(state.good)))
            case "auth.attach":
                let token = request.params["access_token"]?.string ?? ""
                guard token == good else {
                    state.attached[request.connection] = nil
                    return .send(request.error(state.refusal))
                }
                state.attached[request.connection] = token
                return .send(request.result(Sample.caller))
            case "auth.detach", "auth.logout":
                state.attached[request.connection] = nil
                return .send(request.result("{}"))
            case "auth.refresh":
                state.refreshes += 1
                let token = request.params["refresh_token"]?.string ?? ""
                state.refreshKeys[token, default: []].insert(request.key ?? "")
                if !state.refreshReplies.isEmpty {
                    return state.refreshReplies.removeFirst()(request)
                }
                state.good += 1
                return .send(request.result(Sample.grant(state.good)))
            case "auth.whoami": return .send(request.result(Sample.caller))
            default:
                switch state.attached[request.connection] {
                case good: return .send(request.result(Sample.post()))
                case nil: return .send(request.error(1001))
                default: return .send(request.error(state.refusal))
                }
            }
        }
    }
}

/// A store that takes what it is given and says nothing.
private final class DeafStore: SessionStore {
    let asked = AsyncStream.makeStream(of: Void.self)

    func load() async -> StoredSession? { nil }

    func save(_ session: StoredSession?) async {
        asked.continuation.yield()
        for await _ in AsyncStream<Void>.makeStream().stream {}
    }
}

@Suite(.timeLimit(.minutes(30)))
struct SessionTests {
    private let tokens = TokenServer()

    private func server() throws -> FakeServer {
        let tokens = tokens
        return try FakeServer { request in tokens.reply(request) }
    }

    private func post(_ client: MentalMuseClient) async throws(ClientError) -> Post {
        try await client.posts.create(body: "Hello.")
    }

    @Test func `after a log-in each connection is attached before its calls`() async throws {
        let server = try server()
        let client = try MentalMuseClient(server.address, configuration: .quick)
        #expect(
            await failure { () async throws(ClientError) in try await post(client) }
                == .unauthenticated)
        var events = client.sessionEvents.makeAsyncIterator()
        _ = try await client.auth.login(username: "robin", password: "a wren sings at dawn")
        guard case .signedIn? = await events.next() else { return #expect(Bool(false)) }
        _ = try await post(client)
        server.hangUp()
        _ = try await post(client)
        let methods = server.requests.filter { $0.connection > 1 }.map(\.method)
        #expect(methods == ["auth.attach", "posts.create"])
        #expect(server.requests.allSatisfy { $0.params["_meta"]?["access_token"] == nil })
        try await client.auth.logout()
        #expect(await events.next() == .ended(.loggedOut))
        #expect(
            await failure { () async throws(ClientError) in try await post(client) }
                == .unauthenticated)
    }

    @Test func `a thousand calls that wait while the token expires cause one refresh`() async throws
    {
        let server = try server()
        let client = try MentalMuseClient(server.address)
        _ = try await client.auth.login(username: "robin", password: "a wren sings at dawn")
        _ = try await post(client)
        // The token that the connection is attached with is no good any more, nor is the next one.
        tokens.state.withLock { $0.good = 10 }
        let bodies = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<1_000 { group.addTask { try await post(client).body } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(bodies == Array(repeating: "Hello.", count: 1_000))
        #expect(tokens.state.withLock { $0.refreshes } == 1)
        #expect(server.requests(of: "auth.refresh").count == 1)
    }

    @Test func `a refresh whose answer was lost is repeated with its key`() async throws {
        let server = try server()
        let client = try MentalMuseClient(server.address, configuration: .quick)
        _ = try await client.auth.login(username: "robin", password: "a wren sings at dawn")
        tokens.state.withLock { state in
            state.good = 2
            state.refreshReplies = [
                { _ in .sendAndClose("") }, { .send($0.error(-32053, "{\"retry_after_ms\":1}")) },
                { .send($0.error(1601, "{\"retry_after_ms\":1,\"outcome\":\"unknown\"}")) },
                { .send($0.result(Sample.grant(2))) },
            ]
        }
        _ = try await post(client)
        #expect(tokens.state.withLock { $0.refreshKeys["refresh-1"]?.count } == 1)
        #expect(tokens.state.withLock { $0.refreshes } == 4)
        // The next refresh has another key.
        tokens.state.withLock { $0.good = 3 }
        _ = try await post(client)
        #expect(tokens.state.withLock { $0.refreshKeys["refresh-2"]?.count } == 1)
        #expect(
            tokens.state.withLock { $0.refreshKeys["refresh-1"] != $0.refreshKeys["refresh-2"] })
    }

    @Test(arguments: [1003, 1004, 1005])
    func `a refused refresh ends the session and fails what waits`(code: Int) async throws {
        let server = try server()
        let client = try MentalMuseClient(server.address)
        _ = try await client.auth.login(username: "robin", password: "a wren sings at dawn")
        var events = client.sessionEvents.makeAsyncIterator()
        tokens.state.withLock { state in
            state.good = 7
            state.refreshReplies = [{ .send($0.error(code)) }]
        }
        let errors = await withTaskGroup(of: ClientError?.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    await failure { () async throws(ClientError) in try await post(client) }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let ended = errors.compactMap { $0?.code?.rawValue }
        #expect(ended.count == 20)
        #expect(ended.allSatisfy { $0 == code || $0 == 1001 })
        guard case .ended(.refused(let error))? = await events.next() else {
            return #expect(Bool(false))
        }
        #expect(error.code?.rawValue == code)
        #expect(
            await failure { () async throws(ClientError) in try await post(client) }
                == .unauthenticated)
        #expect(tokens.state.withLock { $0.refreshes } == 1)
    }

    @Test func `a revoked session ends without a refresh`() async throws {
        let server = try server()
        let client = try MentalMuseClient(server.address)
        _ = try await client.auth.login(username: "robin", password: "a wren sings at dawn")
        _ = try await post(client)
        tokens.state.withLock { state in
            state.good = 7
            state.refusal = 1004
        }
        #expect(
            await failure { () async throws(ClientError) in try await post(client) }
                == .tokenRevoked)
        #expect(
            await failure { () async throws(ClientError) in try await post(client) }
                == .unauthenticated)
        #expect(tokens.state.withLock { $0.refreshes } == 0)
    }

    @Test func `what was called in a session's name is never run in nobody's`() async throws {
        let isOver = Lock(false)
        let server = try FakeServer { request in
            switch request.method {
            case "auth.login": return .send(request.result(Sample.grant(1)))
            case "auth.attach":
                return .send(
                    isOver.withLock { $0 }
                        ? request.error(1004) : request.result(Sample.caller))
            case "auth.detach": return .send(request.result("{}"))
            default:
                // The connection is lost with the first calls in flight, and the session with it.
                if request.connection == 1 { isOver.withLock { $0 = true } }
                return request.connection == 1
                    ? .sendAndClose("") : .send(request.result(Sample.post()))
            }
        }
        let client = try MentalMuseClient(server.address, configuration: .quick)
        _ = try await client.auth.login(username: "robin", password: "a wren sings at dawn")
        let errors = await withTaskGroup(of: ClientError?.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    await failure { () async throws(ClientError) in
                        try await client.posts.get(id: Identifier.some)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        // A call that was begun after the session's end may be nobody's.
        #expect(errors.contains(.tokenRevoked))
        #expect(errors.allSatisfy { $0 == .tokenRevoked || $0 == nil })
        _ = try await client.posts.get(id: Identifier.some)
    }

    @Test func `a log-out whose answer is lost is done`() async throws {
        let server = try FakeServer { [tokens] request in
            guard request.method == "auth.logout", request.connection == 1 else {
                return tokens.reply(request)
            }
            tokens.state.withLock { state in
                state.good = 7
                state.refusal = 1004
            }
            return .sendAndClose("")
        }
        let client = try MentalMuseClient(server.address, configuration: .quick)
        _ = try await client.auth.login(username: "robin", password: "a wren sings at dawn")
        try await client.auth.logout()
        let after = await failure { () async throws(ClientError) in try await post(client) }
        #expect(after == .unauthenticated)
    }

    @Test func `a log-in is not failed by the end of the session before it`() async throws {
        let server = try server()
        let client = try MentalMuseClient(server.address, configuration: .quick)
        _ = try await client.auth.attach(accessToken: "access-1")
        tokens.state.withLock { state in
            state.good = 7
            state.refusal = 1003
        }
        server.hangUp()
        _ = try await client.auth.login(username: "robin", password: "a wren sings at dawn")
        _ = try await post(client)
    }

    @Test func `a token is renewed before its end, while calls go on`() async throws {
        // Its claims: iat 1000, exp 1900.
        let token = "e30.eyJpYXQiOjEwMDAsImV4cCI6MTkwMH0.x"
        let server = try FakeServer { request in
            switch request.method {
            case "auth.login":
                .send(request.result(Sample.grant(1).replacing("access-1", with: token)))
            case "auth.attach": .send(request.result(Sample.caller))
            case "auth.refresh": .send(request.result(Sample.grant(2)))
            default: .send(request.result(Sample.post()))
            }
        }
        let time = ManualTime()
        let client = Clients.manual(server, time)
        _ = try await client.auth.login(username: "robin", password: "a wren sings at dawn")
        var events = client.sessionEvents.makeAsyncIterator()
        time.advance(by: .seconds(869))
        _ = try await post(client)
        #expect(server.requests(of: "auth.refresh").isEmpty)
        time.advance(by: .seconds(2))
        _ = try await post(client)
        _ = try await post(client)
        #expect(await events.next() == .refreshed)
        _ = try await post(client)
        #expect(server.requests(of: "auth.refresh").count == 1)
        #expect(
            server.requests(of: "auth.attach").last?.params["access_token"]?.string == "access-2")
    }

    @Test func `two clients of one file share its session and one refresh`() async throws {
        let folder = TemporaryFolder()
        let server = try server()
        var first = ClientConfiguration.quick
        first.sessionStore = FileSessionStore(path: folder.file("session"), server: server.address)
        let a = try MentalMuseClient(server.address, configuration: first)
        _ = try await a.auth.login(username: "robin", password: "a wren sings at dawn")
        var second = ClientConfiguration.quick
        second.sessionStore = FileSessionStore(path: folder.file("session"), server: server.address)
        let b = try MentalMuseClient(server.address, configuration: second)
        _ = try await post(b)
        tokens.state.withLock { $0.good = 5 }
        async let posts = (post(a), post(b), post(a), post(b))
        _ = try await posts
        #expect(tokens.state.withLock { $0.refreshes } == 1)
        try await a.auth.logout()
        let c = try MentalMuseClient(server.address, configuration: second)
        #expect(
            await failure { () async throws(ClientError) in try await post(c) } == .unauthenticated)
    }

    @Test func `a store that never answers keeps no call waiting beyond its time`() async throws {
        let server = try server()
        let time = ManualTime()
        let store = DeafStore()
        var configuration = ClientConfiguration()
        configuration.sessionStore = store
        let client = Clients.manual(server, time, configuration)
        var events = client.sessionEvents.makeAsyncIterator()
        async let grant = client.auth.login(username: "robin", password: "a wren sings at dawn")
        var asked = store.asked.stream.makeAsyncIterator()
        _ = await asked.next()
        time.advance(by: .seconds(31))
        #expect(try await grant.accessToken == "access-1")
        #expect(await events.next() == .notKept("The session's store does not answer."))
        _ = try await post(client)
    }

    @Test func `a token from elsewhere is attached, and not renewed`() async throws {
        let server = try server()
        let client = try MentalMuseClient(server.address)
        #expect(
            try await client.auth.attach(accessToken: "access-1", options: CallOptions()).user
                .username == "robin")
    }
}
