// The measuring room: one connection under load: requests out, answers in, each to its request.
internal import MuseJSON
internal import MuseRPC

/// What all connections of a load count together. Confined to their thread.
final class Tally {
    var counts = Counts()
}

/// A connection under load. Confined to its thread.
final class LoadConnection {
    let wire: Wire
    private let script: Script
    private let tally: Tally
    private var slots: Slots
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
        precondition(!script.requests.isEmpty, "a load has something to ask for")
        precondition(!script.style.isHTTP || depth == 1, "HTTP has one request under way")
        self.wire = wire
        self.script = script
        self.tally = tally
        slots = Slots(depth: depth, seed: UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15)
        nextDue = index
    }

    /// Writes one request into `wire.out`, any of the script's; false where no more may be under
    /// way.
    /// - Parameter time: when it is sent, or was due, in nanoseconds.
    func begin(at time: UInt64) -> Bool {
        guard let (id, request) = slots.begin(at: time, of: script.requests.count) else {
            return false
        }
        let bytes = script.append(request, id: id, key: tally.counts.key, to: &wire.out)
        tally.counts.send(bytes)
        return true
    }

    /// Takes bytes of the server, in pieces of any size.
    /// - Parameter time: when they came, in nanoseconds.
    /// - Throws: where they cannot be what the server answers.
    func take(_ bytes: Span<UInt8>, at time: UInt64) throws(BenchError) {
        tally.counts.receive(bytes.count)
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
        var framer = framer
        defer { self.framer = framer }
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
                if answer.status != script.status {
                    finish(slots.only, error: answer.status, time)
                } else if script.style == .post {
                    let head = AnswerHead.read(bytes, answer.body)
                    finish(head?.id, error: head?.code, time)
                } else {
                    finish(slots.only, error: nil, time)
                }
            }
        }
        return start
    }

    /// Notes the answer to a request; `id` is nil where it could not be read.
    private func finish(_ id: Int?, error: Int?, _ time: UInt64) {
        if let id, let since = slots.finish(id) {
            tally.counts.answer(since: since, at: time, error: error)
        } else {
            tally.counts.answerNothing()
        }
    }
}
