// The measuring room: one connection under load: what is under way on it, and whose answer came.
internal import MuseBase
internal import MuseJSON
internal import MuseRPC

/// What a load counts. Confined to its thread.
final class Tally {
    /// Nanoseconds from the sending, or the due time, to the answer.
    var latency = Histogram(bits: 6)
    var answers = 0
    /// Answers of requests that were due in the time measured.
    var answered = 0
    /// Error answers by code, or by status, of the whole run.
    var errors: [Int: Int] = [:]
    /// Answers to no request that was under way, or that cannot be read.
    var wrong = 0
    var bytesOut = 0
    var bytesIn = 0
    /// Requests that have been sent and not answered.
    var inFlight = 0
    /// Only what was due, or came, in this time counts.
    var isMeasuring = false
    /// For open loops: the due times that count.
    var due: Range<UInt64>?
    /// The number that ends the next idempotency key.
    var key = 0
}

/// A connection and the requests under way on it, each in a slot.
final class LoadConnection {
    let wire: Wire
    private let script: Script
    private let tally: Tally
    /// The id that a slot waits for, 0 for none, and since when.
    private var expected: [Int]
    private var since: [UInt64]
    private var free: [Int]
    private var generation = 0
    private var random: UInt64
    private var framer = LineFramer(bytesMax: 64 << 20)
    /// An answer that has begun and not ended.
    private var rest: [UInt8] = []
    /// Whether the loop waits until it can be written.
    var isBlocked = false
    /// For open loops: the number of the next request that is due here.
    var nextDue: Int

    /// - Parameters:
    ///   - depth: requests that may be under way; 1 for HTTP, which answers in order.
    ///   - index: which connection of the load it is.
    init(_ wire: Wire, _ script: Script, _ tally: Tally, depth: Int, index: Int) {
        precondition(depth >= 1 && depth <= Self.depthMax, "so many ids there are not")
        precondition(!script.style.isHTTP || depth == 1, "HTTP has one request under way")
        self.wire = wire
        self.script = script
        self.tally = tally
        expected = [Int](repeating: 0, count: depth)
        since = [UInt64](repeating: 0, count: depth)
        free = Array((0..<depth).reversed())
        random = UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15
        nextDue = index
    }

    static let depthMax = 1_024
    /// From the first id of six digits to the last.
    private static let idFirst = Script.idFirst
    private static let idCount = 900_000

    private static func slot(_ id: Int, _ depth: Int) -> Int { (id - idFirst) % depth }

    var hasRoom: Bool { !free.isEmpty }

    // MARK: Out

    /// Writes one request into `wire.out`, any of the script's, if there is a slot.
    /// - Parameter time: when it is sent, or was due, in nanoseconds.
    func begin(at time: UInt64) {
        guard let slot = free.popLast() else { return }
        let depth = expected.count
        // An id tells its slot, and does not come again before all others have.
        let id = Self.idFirst + generation * depth + slot
        generation = (generation + 1) % (Self.idCount / depth)
        expected[slot] = id
        since[slot] = time
        let before = wire.out.count
        tally.key += 1
        script.append(next(), id: id, key: tally.key, to: &wire.out)
        tally.inFlight += 1
        if tally.isMeasuring { tally.bytesOut += wire.out.count - before }
    }

    /// Which request is next (xorshift, Marsaglia 2003).
    private func next() -> Int {
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        return Int(truncatingIfNeeded: random >> 33) % script.requests.count
    }

    // MARK: In

    /// Takes bytes of the server, in pieces of any size.
    /// - Parameter time: when they came, in nanoseconds.
    /// - Throws: where they cannot be what the server answers.
    func take(_ bytes: Span<UInt8>, at time: UInt64) throws(BenchError) {
        if tally.isMeasuring { tally.bytesIn += bytes.count }
        if rest.isEmpty {
            let used = try read(bytes, time)
            if used < bytes.count { append(bytes.extracting(used..<bytes.count)) }
        } else {
            append(bytes)
            var whole: [UInt8] = []
            swap(&whole, &rest)
            let used = try read(whole.span, time)
            whole.removeSubrange(..<used)
            swap(&whole, &rest)
        }
    }

    private func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe rest.append(contentsOf: $0) }
    }

    /// Reads the whole answers; how many bytes need not come again.
    private func read(_ bytes: Span<UInt8>, _ time: UInt64) throws(BenchError) -> Int {
        script.style.isHTTP ? try readHTTP(bytes, time) : try readLines(bytes, time)
    }

    private func readLines(_ bytes: Span<UInt8>, _ time: UInt64) throws(BenchError) -> Int {
        var start = 0
        while true {
            switch framer.next(bytes, from: start) {
            case .needMore: return start
            case .tooLong: throw wire.lost("a line that does not end")
            case .line(let line, let next):
                let head = AnswerHead.read(bytes, line)
                finish(head?.id, error: head?.code, time)
                start = next
            }
        }
    }

    private func readHTTP(_ bytes: Span<UInt8>, _ time: UInt64) throws(BenchError) -> Int {
        var start = 0
        while start < bytes.count {
            switch HTTPAnswer.next(bytes, from: start) {
            case .needMore: return start
            case .unreadable: throw wire.lost("an answer that is not of this service's HTTP")
            case .answer(let answer):
                start = answer.body.upperBound
                guard answer.status == script.status else {
                    finish(expected[0], error: answer.status, time)
                    continue
                }
                if script.style == .post {
                    let head = AnswerHead.read(bytes, answer.body)
                    finish(head?.id, error: head?.code, time)
                } else {
                    finish(expected[0], error: nil, time)
                }
            }
        }
        return start
    }

    /// Notes the answer to a request; `id` is nil where it could not be read.
    private func finish(_ id: Int?, error: Int?, _ time: UInt64) {
        guard let id, id >= Self.idFirst, expected[Self.slot(id, expected.count)] == id else {
            tally.wrong += 1
            return
        }
        let slot = Self.slot(id, expected.count)
        expected[slot] = 0
        free.append(slot)
        tally.inFlight -= 1
        if let error { tally.errors[error, default: 0] += 1 }
        if tally.isMeasuring { tally.answers += 1 }
        let counts = tally.due.map { $0.contains(since[slot]) } ?? tally.isMeasuring
        guard counts else { return }
        tally.answered += 1
        tally.latency.add(time - min(time, since[slot]))
    }
}
