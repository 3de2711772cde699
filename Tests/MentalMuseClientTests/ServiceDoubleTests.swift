// Tests of the double: it is what an app's own tests have instead of a server.
internal import MentalMuseClient
internal import MuseBase
internal import Testing

@Suite(.timeLimit(.minutes(30)))
struct ServiceDoubleTests {
    private let service = ServiceDouble()

    private func robin() async throws(ClientError) -> MentalMuseClient {
        let client = MentalMuseClient(transport: service, configuration: .quick)
        _ = try await client.auth.register(username: "robin", password: "a wren sings at dawn")
        return client
    }

    @Test func `an app's tests register, write, like, comment, list and log out`() async throws {
        let client = try await robin()
        for number in 1...7 { _ = try await client.posts.create(body: "Post \(number).") }
        var bodies: [String] = []
        for try await post in client.posts.listAll(limit: 3, order: .oldest) {
            bodies.append(post.body)
        }
        #expect(bodies == (1...7).map { "Post \($0)." })
        let newest = try await client.posts.list(limit: 1)
        let post = try #require(newest.items.first)
        #expect(try await client.posts.like(id: post.id).likeCount == 1)
        #expect(try await client.posts.get(id: post.id).liked)
        let comment = try await client.comments.create(postID: post.id, body: "Hear, hear.")
        #expect(try await client.comments.list(postID: post.id).items == [comment])
        #expect(try await client.auth.whoami().user.postCount == 7)
        let stale = await failure { () async throws(ClientError) in
            try await client.posts.update(id: post.id, body: "Other.", revision: 9)
        }
        #expect(stale == .staleRevision(current: 1))
        let empty = await failure { () async throws(ClientError) in
            try await client.posts.create(body: "")
        }
        guard case .invalidParams(let errors)? = empty else { return #expect(Bool(false)) }
        #expect(errors.first?.path == "/body")
        try await client.auth.logout()
        let after = await failure { () async throws(ClientError) in
            try await client.posts.create(body: "Nobody's.")
        }
        #expect(after == .unauthenticated)
    }

    @Test func `what a test says goes wrong goes wrong, as often as it says`() async throws {
        let client = try await robin()
        let error = ClientError.rateLimited(
            retryAfterMs: 9, limit: 1, windowMs: 9, scope: "caller")
        service.refuse("posts.create", with: error, times: 2)
        for _ in 0..<2 {
            let refused = await failure { () async throws(ClientError) in
                try await client.posts.create(body: "Hello.")
            }
            #expect(refused == error)
        }
        _ = try await client.posts.create(body: "Hello.")
        service.refuse("server.ping", with: .timedOut)
        let silent = await failure { () async throws(ClientError) in
            try await client.server.ping(options: CallOptions(deadline: .milliseconds(20)))
        }
        #expect(silent == .timedOut)
        service.setReachable(false)
        let unreachable = await failure { () async throws(ClientError) in
            try await client.server.ping(options: CallOptions(waitsForConnection: false))
        }
        #expect(unreachable == .notConnected("The double cannot be reached."))
        service.setReachable(true)
        #expect(try await client.server.ping() == "pong")
    }

    @Test func `a write whose answer is lost is there once`() async throws {
        let client = try await robin()
        service.loseAnswer("posts.create")
        service.refuse("posts.create", with: .connectionLost(""))
        _ = try await client.posts.create(body: "Once.")
        #expect(try await client.posts.list().items.map(\.body) == ["Once."])
        #expect(service.calls.count { $0 == "posts.create" } == 3)
    }

    @Test func `expired tokens are renewed, and ended sessions are told`() async throws {
        let client = try await robin()
        var events = client.sessionEvents.makeAsyncIterator()
        service.expireAccessTokens()
        _ = try await client.posts.create(body: "Still here.")
        #expect(await events.next() == .refreshed)
        #expect(service.calls.count { $0 == "auth.refresh" } == 1)
        service.loseAnswer("auth.refresh")
        service.expireAccessTokens()
        _ = try await client.posts.create(body: "Still here.")
        service.endSessions()
        let ended = await failure { () async throws(ClientError) in
            try await client.posts.create(body: "Gone.")
        }
        #expect(ended == .tokenRevoked)
    }

    @Test func `many tasks use it at once`() async throws {
        let client = try await robin()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<500 {
                group.addTask { _ = try await client.posts.create(body: "Post \(number).") }
            }
            try await group.waitForAll()
        }
        var count = 0
        for try await _ in client.posts.listAll(limit: 100) { count += 1 }
        #expect(count == 500)
    }
}
