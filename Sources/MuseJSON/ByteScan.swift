// The JSON room: looking at eight bytes at a time. Called by the reader, the writer and the line
// framer.

/// Searches in bytes, a 64-bit word at a time. Each load is bounds-checked.
@usableFromInline
package enum ByteScan {
    @inline(__always) private static var ones: UInt64 { 0x0101_0101_0101_0101 }
    @inline(__always) private static var highs: UInt64 { 0x8080_8080_8080_8080 }

    /// The high bit of each byte of `word` that is zero, exact from the lowest such byte down.
    @inline(__always)
    private static func zeroBytes(_ word: UInt64) -> UInt64 {
        (word &- ones) & ~word & highs
    }

    @inline(__always)
    private static func word(_ bytes: Span<UInt8>, _ index: Int) -> UInt64 {
        // Any eight bytes are a valid integer; the load checks that they lie within the span.
        UInt64(
            littleEndian: unsafe bytes.bytes.unsafeLoadUnaligned(
                fromByteOffset: index, as: UInt64.self))
    }

    /// The offset of the first line feed at or after `start`; nil if there is none.
    package static func newline(in bytes: Span<UInt8>, from start: Int) -> Int? {
        let count = bytes.count
        var index = start
        let pattern = ones &* 0x0A
        while index &+ 8 <= count {
            let found = zeroBytes(word(bytes, index) ^ pattern)
            if found != 0 { return index + found.trailingZeroBitCount >> 3 }
            index &+= 8
        }
        while index < count {
            if bytes[index] == 0x0A { return index }
            index += 1
        }
        return nil
    }

    /// The offset of the first byte at or after `start` that does not stand for itself in a JSON
    /// string: a quote, a backslash, a control character, or a part of a character beyond ASCII;
    /// `end` if there is none.
    @inline(__always)
    static func plainText(_ bytes: Span<UInt8>, from start: Int, end: Int) -> Int {
        var index = start
        while index &+ 8 <= end {
            let text = word(bytes, index)
            let found = special(text) | text & highs
            if found != 0 { return index + found.trailingZeroBitCount >> 3 }
            index &+= 8
        }
        if index < end, end &- start >= 8 {
            // The last word overlaps what has been looked at, which has nothing in it.
            let text = word(bytes, end &- 8)
            let found = special(text) | text & highs
            return found == 0 ? end : end &- 8 &+ found.trailingZeroBitCount >> 3
        }
        while index < end {
            let byte = bytes[index]
            if byte < 0x20 || byte >= 0x80 || byte == 0x22 || byte == 0x5C { return index }
            index += 1
        }
        return end
    }

    /// How many Unicode scalars valid UTF-8 in `range` has: the bytes that do not continue one.
    static func scalars(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        var index = range.lowerBound
        var continuing = 0
        while index &+ 8 <= range.upperBound {
            let text = word(bytes, index)
            // A byte continues a character where its highest bit is set and the next is not.
            continuing &+= (text & ~(text << 1) & highs).nonzeroBitCount
            index &+= 8
        }
        while index < range.upperBound {
            if bytes[index] & 0xC0 == 0x80 { continuing &+= 1 }
            index += 1
        }
        return range.count - continuing
    }

    /// The offset of the first byte at or after `start` that is no printable ASCII character nor a
    /// space; the end if there is none.
    package static func printable(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index &+ 8 <= bytes.count {
            let text = word(bytes, index)
            // One more than each byte: the highest bit is set from 0x7F on.
            let above = ((text & ~highs) &+ ones) | text
            let found = (control(text) | above) & highs
            if found != 0 { return index + found.trailingZeroBitCount >> 3 }
            index &+= 8
        }
        while index < bytes.count, bytes[index] >= 0x20, bytes[index] < 0x7F { index += 1 }
        return index
    }

    /// As `plainText`, but characters beyond ASCII stand for themselves: for writing.
    static func unescaped(_ bytes: Span<UInt8>, from start: Int) -> Int {
        let end = bytes.count
        var index = start
        while index &+ 8 <= end {
            let found = special(word(bytes, index))
            if found != 0 { return index + found.trailingZeroBitCount >> 3 }
            index &+= 8
        }
        if index < end, end &- start >= 8 {
            let found = special(word(bytes, end &- 8))
            return found == 0 ? end : end &- 8 &+ found.trailingZeroBitCount >> 3
        }
        while index < end {
            let byte = bytes[index]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C { return index }
            index += 1
        }
        return end
    }

    /// High bits at control characters below 0x20; exact at the lowest one.
    @inline(__always)
    private static func control(_ text: UInt64) -> UInt64 {
        (text &- (ones &* 0x20)) & ~text & highs
    }

    /// High bits at quotes, backslashes and control characters; exact at the lowest one.
    @inline(__always)
    private static func special(_ text: UInt64) -> UInt64 {
        control(text) | zeroBytes(text ^ (ones &* 0x22)) | zeroBytes(text ^ (ones &* 0x5C))
    }
}
