// The RPC room: the answers of a batch, gathered in request order and sent as one line.
package import MuseJSON

/// Collects the answers of one batch. Confined to the connection's worker.
package final class BatchAnswers {
    private var answers: [[UInt8]?]
    private var open: Int
    private let bytesMax: Int
    /// Bytes of the answers so far, with their commas and brackets.
    package private(set) var bytes = 2
    /// Bytes promised to writes that have begun and not been answered.
    private var reserved = 0

    /// What a write's answer may need: with less left, it is refused unrun.
    package static let writeReserve = 64 * 1024

    /// `count`: members; `bytesMax`: the limit `answer_bytes_max`, for the whole line.
    package init(count: Int, bytesMax: Int) {
        answers = Array(repeating: nil, count: count)
        open = count
        self.bytesMax = bytesMax
    }

    /// Room for one more answer.
    package var room: Int { max(0, bytesMax - bytes - reserved - 1) }

    /// Sets room aside for a write that wants an answer; false if there is not enough.
    package func reserve() -> Bool {
        guard room >= Self.writeReserve else { return false }
        reserved += Self.writeReserve
        return true
    }

    /// Gives back what `reserve` took.
    package func release() {
        reserved -= Self.writeReserve
    }

    /// A member is done; `answer` is nil for a notification. True when it was the last.
    package func finish(_ index: Int, _ answer: [UInt8]?) -> Bool {
        precondition(open > 0, "more answers than members")
        answers[index] = answer
        if let answer { bytes += answer.count + 1 }
        open -= 1
        return open == 0
    }

    /// Appends what would be a batch of one, without its brackets.
    package func writeOnly(into writer: inout JSONWriter) {
        if case let answer?? = answers.first { writer.raw(answer.span) }
    }

    /// Appends the whole answer; nothing at all where every member was a notification.
    /// - Returns: whether there was something to say.
    package func write(into writer: inout JSONWriter) -> Bool {
        var wrote = false
        for case let answer? in answers {
            writer.byte(UInt8(ascii: wrote ? "," : "["))
            writer.raw(answer.span)
            wrote = true
        }
        if wrote { writer.byte(UInt8(ascii: "]")) }
        return wrote
    }
}
