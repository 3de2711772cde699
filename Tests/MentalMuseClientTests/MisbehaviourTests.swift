// Tests of the client against a server that does anything: whatever it does, each call ends and
// nothing is left behind.
internal import MentalMuseClient
internal import MuseBase
internal import MuseJSON
internal import Testing

@Suite(.timeLimit(.minutes(30)))
struct MisbehaviourTests {
    /// What a server does with a request, by the throw of a die.
    private static func reply(_ request: Request, _ random: UInt64) -> Reply {
        let long = String(repeating: "x", count: 3_000)
        switch random % 40 {
        case 0: return .nothing
        case 1: return .sendAndClose("")
        case 2: return .sendAndClose(String(request.result("\"pong\"").dropLast(9)))
        case 3: return .send("garbage\n" + request.result("\"pong\""))
        case 4: return .send(request.result("\"\(long)\""))
        case 5: return .send(request.result("[[[[1]]]]"))
        case 6: return .send(request.error(-32053, "{\"retry_after_ms\":1}"))
        case 7: return .send(request.error(7, "[]"))
        case 8:
            return .send(
                "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"\"}}\n")
        case 9: return .send(request.result("\"pong\"") + request.result("\"pong\""))
        case 10:
            return .send(
                "{\"jsonrpc\":\"2.0\",\"method\":\"server.draining\",\"params\":{\"reason\":\"idle\",\"closes_in_ms\":1}}\n"
                    + request.result("\"pong\""))
        case 11: return .sendAndClose(request.result("\"pong\""))
        case 12: return .send(String(repeating: "\n", count: 100) + "{\"id\":")
        case 13: return .send(request.error(1002))
        case 14: return .sendAndClose("\u{0}\u{1}{{{{")
        default: return .send(request.result("\"pong\""))
        }
    }

    @Test(arguments: [1, 2, 3, 4])
    func `whatever a server does, each call ends by its deadline`(seed: UInt64) async throws {
        let random = RandomSource.seeded(seed)
        let isWell = Lock(false)
        let server = try FakeServer { request in
            // The line feed ends half a line that was left there.
            isWell.withLock { $0 }
                ? .send("\n" + request.result("\"pong\""))
                : Self.reply(request, random.uint64() >> 8)
        }
        var configuration = ClientConfiguration.quick
        configuration.inFlightMax = 8
        configuration.answerBytesMax = 1_000
        let client = try MentalMuseClient(server.address, configuration: configuration)
        let clock = ContinuousClock()
        let begun = clock.now
        let counts = await withTaskGroup(of: (Int, Int).self) { group in
            for task in 0..<16 {
                group.addTask {
                    var counts = (0, 0)
                    for call in 0..<25 {
                        let options = CallOptions(
                            deadline: .milliseconds(300), retries: (task + call) % 3 > 0)
                        let error = await failure { () async throws(ClientError) in
                            try await client.server.ping(options: options)
                        }
                        if error == nil { counts.0 += 1 } else { counts.1 += 1 }
                    }
                    return counts
                }
            }
            return await group.reduce(into: (0, 0)) { sum, counts in
                sum.0 += counts.0
                sum.1 += counts.1
            }
        }
        #expect(counts.0 + counts.1 == 400)
        #expect(counts.0 > 0)
        #expect(begun.duration(to: clock.now) < .seconds(60))
        // Afterwards it is as good as new.
        isWell.withLock { $0 = true }
        #expect(try await client.server.ping() == "pong")
        client.close()
        await server.emptied()
    }

    @Test func `cancelling at any moment ends the call and leaves the others`() async throws {
        let random = RandomSource.seeded(11)
        let server = try FakeServer { request in
            request.method != "rpc.cancel" && random.uint64() % 4 > 0
                ? .send(request.result("\"pong\"")) : .nothing
        }
        var configuration = ClientConfiguration()
        configuration.inFlightMax = 4
        let client = try MentalMuseClient(server.address, configuration: configuration)
        let tasks = (0..<400).map { _ in
            Task {
                await failure { () async throws(ClientError) in
                    try await client.server.ping(options: CallOptions(deadline: .seconds(20)))
                }
            }
        }
        await server.received(4)
        for task in tasks { task.cancel() }
        for task in tasks {
            let error = await task.value
            #expect(error == nil || error == .cancelled)
        }
    }

    @Test
    func `a server that answers nothing fails calls at their deadlines, and output is bounded`()
        async throws
    {
        let server = try FakeServer { request in
            request.method == "server.ping" ? .send(request.result("\"pong\"")) : .nothing
        }
        var configuration = ClientConfiguration()
        configuration.outputBytesMax = 10_000
        let client = try MentalMuseClient(server.address, configuration: configuration)
        _ = try await client.server.ping()
        let body = String(repeating: "x", count: 5_000)
        await withTaskGroup(of: ClientError?.self) { group in
            for _ in 0..<300 {
                group.addTask {
                    await failure { () async throws(ClientError) in
                        try await client.posts.create(
                            body: body, options: CallOptions(deadline: .milliseconds(50)))
                    }
                }
            }
            for await error in group { #expect(error == .timedOut) }
        }
    }
}
