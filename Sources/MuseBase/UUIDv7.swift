// The base room: identifiers. Made by the store's writer, read by the generated decoders.

/// A UUID of version 7 (RFC 9562 section 5.7): 48 bits of milliseconds since 1970, then 74 bits
/// that keep the order of making. Its text is 36 lower-case characters.
public struct UUIDv7: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The first eight bytes, as a big-endian integer.
    package let high: UInt64
    /// The last eight bytes.
    package let low: UInt64

    /// From its two halves, whatever they hold: for ids that were valid when they were stored.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads 36 lower-case characters; nil for another form or version.
    public init?(_ text: String) {
        self.init(text: text.utf8.span)
    }

    /// Reads 36 lower-case characters; nil for another form or version. No heap.
    package init?(text: Span<UInt8>) {
        guard text.count == 36 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        var digits = 0
        for index in 0..<36 {
            let byte = text[index]
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let value: UInt64
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = UInt64(byte) - 48
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = UInt64(byte) - 87
            default: return nil
            }
            if digits < 16 { high = high << 4 | value } else { low = low << 4 | value }
            digits += 1
        }
        guard high >> 12 & 0xF == 7, low >> 62 == 0b10 else { return nil }
        self.high = high
        self.low = low
    }

    /// When it was made, as it says itself.
    public var timestamp: Timestamp { Timestamp(milliseconds: Int64(high >> 16)) }

    public static func < (a: UUIDv7, b: UUIDv7) -> Bool {
        a.high != b.high ? a.high < b.high : a.low < b.low
    }

    public var description: String {
        withText { text in
            unsafe text.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        }
    }

    /// Lends its 36 characters, made on the stack.
    package func withText<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        try unsafe withStackBytes(Self.textBytes) { text throws(E) in
            unsafe write(to: UnsafeMutableRawBufferPointer(text))
            return try body(unsafe Span(_unsafeElements: UnsafeBufferPointer(text)))
        }
    }

    /// How long its text is.
    package static let textBytes = 36

    /// Writes its text at the beginning of `text`, which has room for `textBytes`.
    package func write(to text: UnsafeMutableRawBufferPointer) {
        precondition(text.count >= Self.textBytes, "a UUID's text needs 36 bytes")
        let words = (
            Self.hexDigits(UInt32(truncatingIfNeeded: high >> 32)),
            Self.hexDigits(UInt32(truncatingIfNeeded: high)),
            Self.hexDigits(UInt32(truncatingIfNeeded: low >> 32)),
            Self.hexDigits(UInt32(truncatingIfNeeded: low))
        )
        // The room was checked above: 36 bytes, of which the last begins at 35.
        unsafe text.storeBytes(of: words.0.bigEndian, toByteOffset: 0, as: UInt64.self)
        unsafe text.storeBytes(of: 0x2D, toByteOffset: 8, as: UInt8.self)
        unsafe text.storeBytes(of: Self.half(words.1, 0), toByteOffset: 9, as: UInt32.self)
        unsafe text.storeBytes(of: 0x2D, toByteOffset: 13, as: UInt8.self)
        unsafe text.storeBytes(of: Self.half(words.1, 1), toByteOffset: 14, as: UInt32.self)
        unsafe text.storeBytes(of: 0x2D, toByteOffset: 18, as: UInt8.self)
        unsafe text.storeBytes(of: Self.half(words.2, 0), toByteOffset: 19, as: UInt32.self)
        unsafe text.storeBytes(of: 0x2D, toByteOffset: 23, as: UInt8.self)
        unsafe text.storeBytes(of: Self.half(words.2, 1), toByteOffset: 24, as: UInt32.self)
        unsafe text.storeBytes(of: words.3.bigEndian, toByteOffset: 28, as: UInt64.self)
    }

    /// The eight hexadecimal digits of a word as characters, the first in the highest byte.
    private static func hexDigits(_ word: UInt32) -> UInt64 {
        var spread = UInt64(word)
        spread = (spread << 16 | spread) & 0x0000_FFFF_0000_FFFF
        spread = (spread << 8 | spread) & 0x00FF_00FF_00FF_00FF
        spread = (spread << 4 | spread) & 0x0F0F_0F0F_0F0F_0F0F
        // One in each byte that is above 9: its character is 39 further on.
        let letters = (spread &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return spread &+ 0x3030_3030_3030_3030 &+ letters &* 39
    }

    private static func half(_ digits: UInt64, _ index: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: digits >> (32 - 32 * index)).bigEndian
    }
}

/// Lends `count` bytes of the stack.
func withStackBytes<R, E: Error>(
    _ count: Int, _ body: (UnsafeMutableBufferPointer<UInt8>) throws(E) -> R
) throws(E) -> R {
    let result: Result<R, E> = unsafe withUnsafeTemporaryAllocation(
        of: UInt8.self, capacity: count
    ) { buffer in
        unsafe buffer.initialize(repeating: 0)
        do throws(E) {
            return .success(try unsafe body(buffer))
        } catch {
            return .failure(error)
        }
    }
    return try result.get()
}

/// Makes ids that rise, whatever the clock does.
package struct UUIDv7Generator: Sendable {
    private var last: UUIDv7

    /// Ids will follow `milliseconds`, even where the clock is behind.
    package init(afterMilliseconds milliseconds: Int64 = 0) {
        last = UUIDv7(high: UInt64(milliseconds) << 16 | 0x7FFF, low: ~0 >> 2 | 0b10 << 62)
    }

    /// The next id: in a new millisecond random, within one a random step above the last.
    package mutating func next(now: Timestamp, random: RandomSource) -> UUIDv7 {
        let milliseconds = UInt64(max(0, now.milliseconds)) & 0xFFFF_FFFF_FFFF
        let noise = random.uint64()
        if milliseconds > last.high >> 16 {
            // The top bit of the counter is left clear, so that a millisecond has room to count in.
            let head = milliseconds << 16 | 0x7000 | (noise >> 53 & 0x7FF)
            last = UUIDv7(high: head, low: 0b10 << 62 | random.uint64() >> 2)
            return last
        }
        let step = (noise & 0xFFFF_FFFF) + 1
        let (sum, overflow) = (last.low & ~(0b11 << 62)).addingReportingOverflow(step)
        var high = last.high
        if overflow || sum >> 62 != 0 {
            // The low 62 bits are full: count up in the 12 bits above, then in the milliseconds.
            let counter = (high & 0xFFF) + 1
            high =
                counter > 0xFFF
                ? ((high >> 16) + 1) << 16 | 0x7000 : high & ~0xFFF | counter
        }
        last = UUIDv7(high: high, low: 0b10 << 62 | sum & ~(0b11 << 62))
        return last
    }
}
