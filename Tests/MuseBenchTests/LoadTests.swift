// Twin of Load.swift: an honest peer is measured, a lying one is found out.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseBench
internal import Testing

@Suite struct LoadTests {
    private func load(
        seconds: Double = 0.2, rate: Double? = nil, connections: Int = 2, depth: Int = 4,
        drain: Double = 0.2,
        _ reply: @escaping Peer.Reply
    ) throws -> LoadFigures {
        let script = try Script(
            [OneCall(method: .serverPing, params: ServerPingParams())], .lines, key: "k-")
        return try Load(
            target: Peer.target(reply), script: script, connections: connections, depth: depth,
            seconds: seconds, rate: rate, drainSeconds: drain
        ).run()
    }

    @Test("Every request of a closed loop is answered once")
    func honest() throws {
        let figures = try load { Peer.pong(Peer.id($0)) + "\n" }
        #expect(figures.answers > 10 && figures.perSecond > 10)
        #expect(figures.wrong == 0 && figures.missing == 0 && figures.errors.isEmpty)
        #expect(figures.latency.total == UInt64(figures.answers))
        let line = Peer.pong(100_000).utf8.count + 1
        #expect(figures.bytesIn / line >= figures.answers - 8)
        #expect(figures.bytesOut % figures.sent == 0)
    }

    @Test("Answers that come in pieces and out of order are each request's own")
    func pieces() throws {
        let held = Lock<[String]>([])
        let figures = try load(connections: 1) { line in
            // Each second answer comes before the first.
            held.withLock { waiting in
                waiting.append(Peer.pong(Peer.id(line)) + "\n")
                guard waiting.count == 2 else { return "" }
                defer { waiting = [] }
                return waiting[1] + waiting[0]
            }
        }
        #expect(figures.answers > 10 && figures.wrong == 0)
        // The last one may have had no second.
        #expect(figures.missing <= 1)
    }

    @Test(
        "A peer that answers something else is found out",
        arguments: [
            { Peer.pong(Peer.id($0)) + "\n" + Peer.pong(Peer.id($0)) + "\n" },
            { Peer.pong(Peer.id($0)) + "\n" + Peer.pong(5) + "\n" },
            { Peer.pong(Peer.id($0)) + "\nHello.\n" },
        ] as [Peer.Reply])
    func lies(_ reply: @escaping Peer.Reply) throws {
        #expect(try load(reply).wrong > 0)
    }

    @Test("A request without its answer is told as missing")
    func silence() throws {
        let count = Lock(0)
        let figures = try load { line in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number == 20 ? "" : Peer.pong(Peer.id(line)) + "\n"
        }
        #expect(figures.missing == 1 && figures.wrong == 0)
    }

    @Test("An answer with another's id is wrong, and its request is missing")
    func otherID() throws {
        let count = Lock(0)
        let figures = try load(depth: 1) { line in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return Peer.pong(Peer.id(line) + (number == 20 ? 1 : 0)) + "\n"
        }
        #expect(figures.wrong == 1 && figures.missing == 1)
    }

    @Test("Errors are counted by their code")
    func errors() throws {
        let figures = try load { line in
            #"{"jsonrpc":"2.0","id":\#(Peer.id(line)),"error":{"code":1500,"message":"busy"}}"#
                + "\n"
        }
        #expect(figures.errors.keys.sorted() == [1500])
        #expect((figures.errors[1500] ?? 0) >= figures.answers && figures.wrong == 0)
    }

    @Test("A connection that breaks ends the load")
    func breaks() throws {
        let error = #expect(throws: BenchError.self) { try self.load { _ in nil } }
        #expect(error?.message.contains("is lost") == true)
    }

    @Test("An open loop counts from when a request was due: a stall is charged for all behind it")
    func stall() throws {
        let count = Lock(0)
        let figures = try load(seconds: 1, rate: 500, depth: 1_000, drain: 5) { line in
            let number = count.withLock { count in
                count += 1
                return count
            }
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
    func unsent() throws {
        let figures = try load(seconds: 0.5, rate: 200, depth: 1) { _ in "" }
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
