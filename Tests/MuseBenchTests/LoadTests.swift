// Twin of Load.swift: an honest peer is measured, a lying one is found out.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseBench
internal import Testing

@Suite struct LoadTests {
    /// What a line is answered; `number` counts the lines of a run from 1.
    typealias Reply = @Sendable (_ line: String, _ number: Int) -> String?

    /// A closed loop lasts until some dozens of requests have been sent, on a busy machine too.
    private func load(
        seconds: Double = 0.2, rate: Double? = nil, connections: Int = 2, depth: Int = 4,
        _ reply: @escaping Reply
    ) async throws -> LoadFigures {
        let script = try Script(
            [OneCall(method: .serverPing, params: ServerPingParams())], .lines, key: "k-")
        let count = Lock(0)
        let target = try Peer.target { line in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return reply(line, number)
        }
        let load = Load(
            target: target, script: script, connections: connections, depth: depth,
            seconds: seconds, rate: rate, drainSeconds: 3)
        let figures = try await withCheckedThrowingContinuation { done in
            // It keeps the thread that it is run from.
            Thread.start { done.resume(with: Result { try load.run() }) }
        }
        guard rate == nil, figures.sent < 40, seconds < 30 else { return figures }
        return try await self.load(
            seconds: seconds * 4, connections: connections, depth: depth, reply)
    }

    @Test("Every request of a closed loop is answered once")
    func honest() async throws {
        let figures = try await load { line, _ in Peer.pong(Peer.id(line)) + "\n" }
        #expect(figures.answers > 10 && figures.perSecond > 0)
        #expect(figures.wrong == 0 && figures.missing == 0 && figures.errors.isEmpty)
        #expect(figures.latency.total == UInt64(figures.answers))
        let line = Peer.pong(100_000).utf8.count + 1
        #expect(figures.bytesIn / line >= figures.answers - 8)
        #expect(figures.bytesOut % figures.sent == 0)
    }

    @Test("Answers that come in pieces and out of order are each request's own")
    func pieces() async throws {
        let held = Lock("")
        let figures = try await load(connections: 1) { line, number in
            // Each second answer comes before the first.
            let answer = Peer.pong(Peer.id(line)) + "\n"
            return held.withLock { first in
                guard number % 2 == 1 else { return answer + first }
                first = answer
                return ""
            }
        }
        #expect(figures.answers > 10 && figures.wrong == 0)
        // The last one may have had no second.
        #expect(figures.missing <= 1)
    }

    @Test(
        "A peer that answers something else is found out",
        arguments: [
            { line, _ in Peer.pong(Peer.id(line)) + "\n" + Peer.pong(Peer.id(line)) + "\n" },
            { line, _ in Peer.pong(Peer.id(line)) + "\n" + Peer.pong(5) + "\n" },
            { line, _ in Peer.pong(Peer.id(line)) + "\nHello.\n" },
        ] as [Reply])
    func lies(_ reply: @escaping Reply) async throws {
        #expect(try await load(reply).wrong > 0)
    }

    @Test("A request without its answer is told as missing")
    func silence() async throws {
        let figures = try await load { line, number in
            number == 20 ? "" : Peer.pong(Peer.id(line)) + "\n"
        }
        #expect(figures.missing == 1 && figures.wrong == 0)
    }

    @Test("An answer with another's id is wrong, and its request is missing")
    func otherID() async throws {
        let figures = try await load(depth: 1) { line, number in
            Peer.pong(Peer.id(line) + (number == 20 ? 1 : 0)) + "\n"
        }
        #expect(figures.wrong == 1 && figures.missing == 1)
    }

    @Test("Errors are counted by their code")
    func errors() async throws {
        let figures = try await load { line, _ in
            #"{"jsonrpc":"2.0","id":\#(Peer.id(line)),"error":{"code":1500,"message":"busy"}}"#
                + "\n"
        }
        #expect(figures.errors.keys.sorted() == [1500])
        #expect((figures.errors[1500] ?? 0) >= figures.answers && figures.wrong == 0)
    }

    @Test("A connection that breaks ends the load")
    func breaks() async throws {
        let error = await #expect(throws: BenchError.self) {
            try await self.load { _, _ in nil }
        }
        #expect(error?.message.contains("is lost") == true)
    }

    @Test("An open loop counts from when a request was due: a stall is charged for all behind it")
    func stall() async throws {
        let figures = try await load(seconds: 1, rate: 500, depth: 1_000) { line, number in
            // After the warming up both connections are held up for half a second.
            if number == 150 || number == 151 { sleepFor(milliseconds: 500) }
            return Peer.pong(Peer.id(line)) + "\n"
        }
        #expect(figures.missing == 0 && figures.unanswered == 0)
        #expect((450...550).contains(figures.due))
        // A fifth of all waited for a tenth of a second and more, though one only was stalled.
        #expect(figures.latency.quantile(0.8) > 100_000_000)
    }

    @Test("What was due and could not be sent is told, and counts with the time it has waited")
    func unsent() async throws {
        let figures = try await load(seconds: 0.5, rate: 200, depth: 1) { _, _ in "" }
        #expect(figures.answers == 0 && figures.missing == 2)
        #expect(figures.due == figures.unanswered && (90...110).contains(figures.due))
        #expect(figures.latency.greatest > 200_000_000)
    }
}

private func sleepFor(milliseconds: UInt64) {
    let clock = MonotonicClock.system
    let until = clock.nanoseconds() + milliseconds * 1_000_000
    while clock.nanoseconds() < until {}
}
