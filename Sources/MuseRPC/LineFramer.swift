// The RPC room: where a line ends. Called by the server's connections with whatever bytes have
// come.
internal import MuseJSON

/// Finds the lines of a connection in its input. A pure value: bytes in, an answer out, no I/O.
///
/// It remembers how far an unfinished line was searched, so that bytes that drip in are looked at
/// once.
@usableFromInline
package struct LineFramer: Sendable {
    /// What the bytes hold from where it stands.
    package enum Step: Equatable, Sendable {
        /// A line without its line feed (and without a carriage return before it), and where the
        /// next begins.
        case line(Range<Int>, next: Int)
        /// No end of line yet, within the limit.
        case needMore
        /// More than `bytesMax` bytes and no end: the connection is refused and closed.
        case tooLong
    }

    private let bytesMax: Int
    private var searched = 0

    /// `bytesMax`: the longest line, in bytes, without its line feed (the limit `line_bytes_max`).
    package init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    /// The next line of `bytes` at or after `start`. After `needMore` the same bytes, and more,
    /// must come again with the unfinished line at its beginning (`start` 0, as the connection
    /// keeps just that).
    package mutating func next(_ bytes: Span<UInt8>, from start: Int) -> Step {
        let begin = Swift.min(start + searched, bytes.count)
        guard let feed = ByteScan.newline(in: bytes, from: begin) else {
            searched = bytes.count - start
            return searched > bytesMax ? .tooLong : .needMore
        }
        searched = 0
        guard feed - start <= bytesMax else { return .tooLong }
        var end = feed
        if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        return .line(start..<end, next: feed + 1)
    }
}
