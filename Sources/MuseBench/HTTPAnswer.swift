// The measuring room: where an answer of HTTP/1.1 ends. Pure.

/// Just enough of an answer to find the next one: its status and its Content-Length, as this
/// service's own HTTP side writes them. It is no parser of HTTP: whatever else comes is refused.
package struct HTTPAnswer: Equatable {
    package let status: Int
    /// The header's bytes, with the status line.
    package let head: Range<Int>
    package let body: Range<Int>

    package enum Step: Equatable {
        /// An answer; the next begins at its body's end.
        case answer(HTTPAnswer)
        case needMore
        /// It is none, or one that this cannot read.
        case unreadable
    }

    private static let headMax = 16 << 10
    private static let bodyMax = 1 << 30

    /// The answer at `start`.
    package static func next(_ bytes: Span<UInt8>, from start: Int) -> Step {
        let most = min(bytes.count, start + headMax)
        guard let end = headEnd(bytes, start, most) else {
            return most - start >= headMax ? .unreadable : .needMore
        }
        guard let status = status(bytes, start, end) else { return .unreadable }
        let head = start..<end
        guard field("transfer-encoding", bytes, head) == nil else { return .unreadable }
        var length = 0
        // These have no body, whatever they say of its length (RFC 9110, sections 15.3.5, 15.4.5).
        if status != 204, status != 304 {
            guard let text = field("content-length", bytes, head), let said = number(bytes, text)
            else { return .unreadable }
            length = said
        }
        guard bytes.count - end >= length else { return .needMore }
        return .answer(HTTPAnswer(status: status, head: head, body: end..<end + length))
    }

    /// Where the value of a field stands; nil where there is none of that name. `name`: in small
    /// letters.
    package static func field(_ name: String, _ bytes: Span<UInt8>, _ head: Range<Int>) -> Range<
        Int
    >? {
        let wanted = Array(name.utf8)
        var line = head.lowerBound
        while let end = lineEnd(bytes, line, head.upperBound) {
            if line + wanted.count < end, bytes[line + wanted.count] == UInt8(ascii: ":"),
                wanted.indices.allSatisfy({ bytes[line + $0] | 0x20 == wanted[$0] })
            {
                var value = line + wanted.count + 1
                while value < end, bytes[value] == UInt8(ascii: " ") { value += 1 }
                return value..<end
            }
            line = end + 2
        }
        return nil
    }

    private static func headEnd(_ bytes: Span<UInt8>, _ start: Int, _ most: Int) -> Int? {
        var line = start
        while let end = lineEnd(bytes, line, most) {
            if end == line { return end + 2 }
            line = end + 2
        }
        return nil
    }

    private static func lineEnd(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int? {
        var index = start
        while index + 1 < end {
            if bytes[index] == 0x0D, bytes[index + 1] == 0x0A { return index }
            index += 1
        }
        return nil
    }

    private static func status(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int? {
        let version = Array("HTTP/1.1 ".utf8)
        let digits = start + version.count
        guard digits + 3 < end, version.indices.allSatisfy({ bytes[start + $0] == version[$0] })
        else { return nil }
        return number(bytes, digits..<digits + 3)
    }

    private static func number(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        guard !range.isEmpty, range.count <= 10 else { return nil }
        var value = 0
        for index in range {
            let digit = bytes[index] &- 48
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value <= bodyMax ? value : nil
    }
}
