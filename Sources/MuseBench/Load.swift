// The measuring room: one load on one server, many connections on one thread. Closed: each
// connection keeps its depth of requests under way. Open: requests go when they are due.
internal import Glibc
internal import MentalMuseProtocol
package import MuseBase
internal import MuseJSON
internal import MuseNet

/// What a load is.
package struct Load: Sendable {
    let target: Target
    let script: Script
    let connections: Int
    /// Requests under way on a connection: always so many, or, with a rate, at most so many.
    let depth: Int
    let seconds: Double
    /// Requests a second in all, at equal intervals; nil for a closed loop.
    let rate: Double?
    /// Each connection is attached by it first; nil for nobody.
    let attachedBy: String?
    /// The server's process, where it is ours.
    let process: Int32?
    /// How long the next answer is waited for after the end.
    let drainSeconds: Double

    package init(
        target: Target, script: Script, connections: Int, depth: Int, seconds: Double,
        rate: Double? = nil, attachedBy: String? = nil, process: Int32? = nil,
        drainSeconds: Double = 5
    ) {
        self.target = target
        self.script = script
        self.connections = connections
        self.depth = depth
        self.seconds = seconds
        self.rate = rate
        self.attachedBy = attachedBy
        self.process = process
        self.drainSeconds = drainSeconds
    }

    /// Runs it on a thread of its own.
    /// - Throws: where a connection breaks, or says what no server of ours says.
    package func run() throws(BenchError) -> LoadFigures {
        let end = Signal<Result<LoadFigures, BenchError>?>(nil)
        do throws(NetError) {
            let loop = try EventLoop()
            loop.start { [self] in
                let result: Result<LoadFigures, BenchError>
                do throws(BenchError) {
                    result = .success(try LoadLoop(self, loop).run())
                } catch {
                    result = .failure(error)
                }
                end.change { $0 = result }
            }
        } catch {
            throw BenchError(error.description)
        }
        return try end.wait { $0 }.get()
    }
}

/// What came of a load.
package struct LoadFigures: Sendable {
    /// How long it was measured.
    package internal(set) var seconds = 0.0
    /// Requests that were sent, and answers that came in that time.
    package internal(set) var sent = 0
    package internal(set) var answers = 0
    /// Requests that were due in that time, and those that never were answered: open loops alone.
    package internal(set) var due = 0
    package internal(set) var unanswered = 0
    /// Error answers by code or status, answers to nothing, and requests sent without an answer.
    package internal(set) var errors: [Int: Int] = [:]
    package internal(set) var wrong = 0
    package internal(set) var missing = 0
    /// In nanoseconds. What was due and never answered counts with the time it had waited.
    package internal(set) var latency = Histogram(bits: 6)
    package internal(set) var bytesOut = 0
    package internal(set) var bytesIn = 0
    /// The processor time of the server, where it is ours.
    package internal(set) var cpuNanoseconds: UInt64?

    package var perSecond: Double { seconds > 0 ? Double(answers) / seconds : 0 }
}

/// The loop of a load. Confined to its thread.
private final class LoadLoop: EventLoopDelegate {
    private enum Moment: UInt64 {
        case begin, end, drained, due
    }

    private let load: Load
    private let loop: EventLoop
    private let inbox = Inbox()
    private let tally = Tally()
    private var connections: [LoadConnection] = []
    private var figures = LoadFigures()
    private var failure: BenchError?
    private var begun: UInt64 = 0
    private var processBegun: UInt64?
    private var isStopping = false
    /// What was under way when it was last looked at after the end, and how often it was.
    private var undrained: Int?
    private var drains = 0
    /// Open loops: when the first request is due, how far apart they are, how many have been due.
    private var first: UInt64 = 0
    private var interval = 0.0
    private var dueCount = 0

    private static let drainsMax = 12
    /// The loop does not sleep where the next request is due sooner: its timers are of this grain.
    private static let grainNanoseconds: UInt64 = 1_500_000

    init(_ load: Load, _ loop: EventLoop) {
        self.load = load
        self.loop = loop
    }

    func run() throws(BenchError) -> LoadFigures {
        try connect()
        let warm = UInt64(min(load.seconds / 5, 1) * 1e9)
        let now = loop.clock.nanoseconds()
        let end = now + warm + UInt64(load.seconds * 1e9)
        loop.callAt(now + warm, token: Moment.begin.rawValue)
        loop.callAt(end, token: Moment.end.rawValue)
        if let rate = load.rate {
            interval = 1e9 / rate
            first = now
            tally.counts.due = now + warm..<end
        } else {
            for index in connections.indices { serve(index) }
        }
        loop.run(self)
        if let failure { throw failure }
        return figures
    }

    private func connect() throws(BenchError) {
        for index in 0..<load.connections {
            let wire: Wire
            if let token = load.attachedBy {
                let caller = try CallConnection(load.target)
                let _: Caller = try caller.call(
                    .authAttach, AuthAttachParams(accessToken: token))
                wire = caller.wire
            } else {
                wire = try Wire(load.target, inbox)
            }
            let connection = LoadConnection(
                wire, load.script, tally, depth: load.depth, index: index)
            connections.append(connection)
            do throws(NetError) {
                try loop.watch(wire.number, .readable, token: UInt64(index))
            } catch {
                throw BenchError(error.description)
            }
        }
    }

    // MARK: What the loop calls

    func descriptorReady(_ token: UInt64, _ readiness: Readiness) {
        let index = Int(token)
        if readiness.isReadable || readiness.isFailed {
            let connection = connections[index]
            do throws(BenchError) {
                let count = try connection.wire.receive(inbox)
                let now = loop.clock.nanoseconds()
                var broken: BenchError?
                inbox.withSpan(count) { bytes in
                    do throws(BenchError) {
                        try connection.take(bytes, at: now)
                    } catch {
                        broken = error
                    }
                }
                if let broken { throw broken }
            } catch {
                return fail(error)
            }
        }
        serve(index)
        if isStopping, tally.counts.inFlight == 0 { finish() }
    }

    /// Gives a connection what it is to send, and sends it.
    private func serve(_ index: Int) {
        let connection = connections[index]
        if !isStopping {
            let now = loop.clock.nanoseconds()
            if load.rate == nil {
                while connection.begin(at: now) {}
            } else {
                while due(connection.nextDue) <= now,
                    connection.begin(at: due(connection.nextDue))
                {
                    connection.nextDue += load.connections
                }
            }
        }
        do throws(BenchError) {
            let isBlocked = try !connection.wire.flush()
            guard isBlocked != connection.isBlocked else { return }
            connection.isBlocked = isBlocked
            loop.rewatch(
                connection.wire.number, isBlocked ? [.readable, .writable] : .readable,
                token: UInt64(index))
        } catch {
            fail(error)
        }
    }

    private func due(_ number: Int) -> UInt64 {
        first + UInt64(Double(number) * interval)
    }

    func timerFired(_ token: UInt64) {
        switch Moment(rawValue: token) {
        case .begin:
            tally.counts.isMeasuring = true
            begun = loop.clock.nanoseconds()
            processBegun = load.process.flatMap(ProcessClock.nanoseconds)
        case .end:
            // What fell due in this very pass is not late yet.
            sendDue()
            stop()
        case .drained: drain()
        case .due, nil: break
        }
    }

    func wantsJobs() -> Bool { false }

    func passEnding() -> Bool {
        guard load.rate != nil, !isStopping else { return false }
        sendDue()
        let next = due(dueCount)
        guard next > loop.clock.nanoseconds() + Self.grainNanoseconds else { return true }
        loop.callAt(next - Self.grainNanoseconds, token: Moment.due.rawValue)
        return false
    }

    private func sendDue() {
        guard load.rate != nil else { return }
        let now = loop.clock.nanoseconds()
        while due(dueCount) <= now {
            serve(dueCount % connections.count)
            dueCount += 1
        }
    }

    // MARK: The end

    private func stop() {
        let now = loop.clock.nanoseconds()
        isStopping = true
        tally.counts.isMeasuring = false
        figures.seconds = Double(now - begun) / 1e9
        if let before = processBegun, let after = load.process.flatMap(ProcessClock.nanoseconds) {
            figures.cpuNanoseconds = after - min(after, before)
        }
        countUnsent(until: now)
        if tally.counts.inFlight == 0 { return finish() }
        drain()
    }

    /// Waits for what is still under way, as long as answers come, and not for ever.
    private func drain() {
        let count = tally.counts.inFlight
        guard undrained.map({ count < $0 }) ?? true, drains < Self.drainsMax else {
            return finish()
        }
        undrained = count
        drains += 1
        loop.callAt(
            loop.clock.nanoseconds() + UInt64(load.drainSeconds * 1e9),
            token: Moment.drained.rawValue)
    }

    /// What was due and could not be sent for want of room has waited as long as until now.
    private func countUnsent(until now: UInt64) {
        guard let range = tally.counts.due else { return }
        for connection in connections {
            while due(connection.nextDue) < range.upperBound {
                let time = due(connection.nextDue)
                connection.nextDue += load.connections
                guard range.contains(time) else { continue }
                figures.unanswered += 1
                tally.counts.latency.add(now - min(now, time))
            }
        }
    }

    private func finish() {
        let counts = tally.counts
        figures.sent = counts.sent
        figures.answers = counts.answers
        figures.errors = counts.errors
        figures.wrong = counts.wrong
        figures.missing = counts.inFlight
        figures.unanswered += counts.inFlight
        figures.due = load.rate == nil ? 0 : counts.answered + figures.unanswered
        figures.latency = counts.latency
        figures.bytesOut = counts.bytesOut
        figures.bytesIn = counts.bytesIn
        loop.stop()
    }

    private func fail(_ error: BenchError) {
        if failure == nil { failure = error }
        loop.stop()
    }
}
