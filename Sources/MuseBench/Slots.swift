// The measuring room: which requests are under way on a connection, and what is counted. Pure
// values, each changed by one call for each request and one for each answer.
internal import MuseBase

/// The requests under way on a connection, each in a slot; its id tells which.
package struct Slots {
    /// The id that a slot waits for, 0 for none, and since when.
    private var expected: [Int]
    private var since: [UInt64]
    private var free: [Int]
    private var generation = 0
    private var random: UInt64

    /// The most slots.
    static let depthMax = 1_024
    private static let idCount = 900_000

    /// - Parameters:
    ///   - depth: how many requests may be under way.
    ///   - seed: of the choice among requests; not 0.
    package init(depth: Int, seed: UInt64) {
        precondition(depth >= 1 && depth <= Self.depthMax, "so many ids there are not")
        expected = [Int](repeating: 0, count: depth)
        since = [UInt64](repeating: 0, count: depth)
        free = Array((0..<depth).reversed())
        random = seed
    }

    /// The id that is waited for, where there is one slot; 0 for none.
    var only: Int { expected[0] }

    /// Takes a slot; nil where there is none.
    /// - Parameter time: when the request is sent, or was due, in nanoseconds.
    /// - Returns: its id, which does not come again before all others have, and which of `count`
    ///   requests it is to be, any of them (xorshift, Marsaglia 2003).
    package mutating func begin(at time: UInt64, of count: Int) -> (id: Int, request: Int)? {
        guard let slot = free.popLast() else { return nil }
        let id = Script.idFirst + generation * expected.count + slot
        generation += 1
        if generation == Self.idCount / expected.count { generation = 0 }
        expected[slot] = id
        since[slot] = time
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        return (id, count == 1 ? 0 : Int(truncatingIfNeeded: random >> 33) % count)
    }

    /// Frees the slot of an id; nil where nothing waits for it.
    /// - Returns: since when it was waited for.
    package mutating func finish(_ id: Int) -> UInt64? {
        guard id >= Script.idFirst else { return nil }
        let slot = (id - Script.idFirst) % expected.count
        guard expected[slot] == id else { return nil }
        expected[slot] = 0
        free.append(slot)
        return since[slot]
    }
}

/// What a load counts.
struct Counts {
    /// Nanoseconds from the sending, or the due time, to the answer.
    var latency = Histogram(bits: 6)
    /// Requests sent, and answers that came, while it is measured.
    private(set) var sent = 0
    private(set) var answers = 0
    /// Answers to requests that were due in the time measured.
    private(set) var answered = 0
    /// Error answers by code, or by status, of the whole run.
    private(set) var errors: [Int: Int] = [:]
    /// Answers to no request that was under way, or that cannot be read.
    private(set) var wrong = 0
    private(set) var bytesOut = 0
    private(set) var bytesIn = 0
    /// Requests that have been sent and not answered.
    private(set) var inFlight = 0
    /// Whether it is measured.
    var isMeasuring = false
    /// For open loops: the due times that count.
    var due: Range<UInt64>?
    /// The number that ends the next idempotency key.
    private(set) var key = 1

    mutating func send(_ bytes: Int) {
        key += 1
        inFlight += 1
        guard isMeasuring else { return }
        sent += 1
        bytesOut += bytes
    }

    mutating func receive(_ bytes: Int) {
        if isMeasuring { bytesIn += bytes }
    }

    /// An answer to a request has come, `error` of this code.
    mutating func answer(since: UInt64, at time: UInt64, error: Int?) {
        inFlight -= 1
        if isMeasuring { answers += 1 }
        if let error { errors[error, default: 0] += 1 }
        guard due.map({ $0.contains(since) }) ?? isMeasuring else { return }
        answered += 1
        latency.add(time - min(time, since))
    }

    mutating func answerNothing() {
        wrong += 1
    }
}
