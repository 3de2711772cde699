// The JSON room: writing. Encoders append straight to a buffer of bytes, bounded, without values in
// between.

/// A growing buffer of bytes to which JSON is appended.
///
/// It stops at `limit`: a write that would pass it is dropped and sets `overflowed`, and the caller
/// turns the answer into an error.
@safe
@usableFromInline
package struct JSONWriter: ~Copyable {
    @usableFromInline var base: UnsafeMutableRawPointer
    @usableFromInline package internal(set) var capacity: Int
    /// How many bytes have been written.
    @usableFromInline package internal(set) var count: Int
    private let limit: Int
    /// Whether a write was dropped at the limit.
    package private(set) var overflowed = false

    /// An empty buffer that may hold `limit` bytes.
    package init(limit: Int = .max) {
        self.limit = limit
        capacity = 0
        count = 0
        unsafe base = Self.nowhere
    }

    deinit {
        if capacity > 0 { unsafe base.deallocate() }
    }

    /// Where nothing has been written: never read, never written, never freed.
    private static var nowhere: UnsafeMutableRawPointer {
        unsafe UnsafeMutableRawPointer(bitPattern: 16).unsafelyUnwrapped
    }

    /// Makes room for `more` bytes; false at the limit.
    @inlinable @inline(__always)
    mutating func makeRoom(_ more: Int) -> Bool {
        more <= capacity &- count || grow(more)
    }

    @inline(never) @usableFromInline
    mutating func grow(_ more: Int) -> Bool {
        guard more <= limit - count else {
            overflowed = true
            return false
        }
        let wanted = Swift.min(Swift.max(512, count + more, capacity * 2), limit)
        let wider = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
        unsafe wider.copyMemory(from: base, byteCount: count)
        if capacity > 0 { unsafe base.deallocate() }
        unsafe base = wider
        capacity = wanted
        return true
    }

    // MARK: Bytes

    /// Appends one byte.
    @inlinable @inline(__always)
    package mutating func byte(_ byte: UInt8) {
        guard makeRoom(1) else { return }
        unsafe base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count &+= 1
    }

    /// Appends the literal's UTF-8 as it is.
    @inlinable @inline(__always)
    package mutating func raw(_ text: StaticString) {
        let length = text.utf8CodeUnitCount
        guard makeRoom(length) else { return }
        unsafe (base + count).copyMemory(from: text.utf8Start, byteCount: length)
        count &+= length
    }

    /// Appends bytes as they are.
    package mutating func raw(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { unsafe raw($0) }
    }

    /// Appends bytes as they are.
    package mutating func raw(_ bytes: UnsafeRawBufferPointer) {
        guard makeRoom(bytes.count), let start = bytes.baseAddress else { return }
        unsafe (base + count).copyMemory(from: start, byteCount: bytes.count)
        count &+= bytes.count
    }

    /// Appends the text's UTF-8 as it is.
    package mutating func raw(text: String) {
        raw(text.utf8.span)
    }

    /// Appends `count` bytes that `write` puts into the room it is given.
    package mutating func fill(_ count: Int, _ write: (UnsafeMutableRawBufferPointer) -> Void) {
        guard makeRoom(count) else { return }
        unsafe write(UnsafeMutableRawBufferPointer(start: base + self.count, count: count))
        self.count &+= count
    }

    // MARK: Values

    /// Appends a string, quoted and escaped; text beyond ASCII stays as it is.
    package mutating func string(_ text: String) {
        string(text.utf8.span)
    }

    /// Appends a string of valid UTF-8, quoted and escaped.
    package mutating func string(_ text: Span<UInt8>) {
        byte(0x22)
        var index = 0
        while true {
            let special = ByteScan.unescaped(text, from: index)
            if special > index { raw(text.extracting(index..<special)) }
            guard special < text.count else { break }
            escape(text[special])
            index = special + 1
        }
        byte(0x22)
    }

    /// Appends a string of valid UTF-8, quoted and escaped.
    package mutating func string(_ text: UnsafeBufferPointer<UInt8>) {
        string(unsafe Span(_unsafeElements: text))
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case 0x22: raw("\\\"")
        case 0x5C: raw("\\\\")
        case 0x0A: raw("\\n")
        case 0x0D: raw("\\r")
        case 0x09: raw("\\t")
        case 0x08: raw("\\b")
        case 0x0C: raw("\\f")
        default:
            raw("\\u00")
            self.byte(Self.hex(byte >> 4))
            self.byte(Self.hex(byte & 15))
        }
    }

    private static func hex(_ digit: UInt8) -> UInt8 {
        digit < 10 ? 48 + digit : 87 + digit
    }

    /// Appends an integer.
    package mutating func int(_ value: Int64) {
        var rest = value.magnitude
        var digits = 1
        var bound: UInt64 = 10
        while rest >= bound, digits < 19 {
            digits += 1
            bound = bound &* 10
        }
        if digits == 19, rest >= 10_000_000_000_000_000_000 { digits = 20 }
        guard makeRoom(value < 0 ? digits + 1 : digits) else { return }
        if value < 0 { byte(UInt8(ascii: "-")) }
        var at = count &+ digits
        count = at
        repeat {
            at &-= 1
            let digit = UInt8(truncatingIfNeeded: rest % 10) &+ 48
            unsafe base.storeBytes(of: digit, toByteOffset: at, as: UInt8.self)
            rest /= 10
        } while rest > 0
    }

    /// Appends an integer.
    package mutating func int(_ value: Int) {
        int(Int64(value))
    }

    /// Appends `true` or `false`.
    package mutating func bool(_ value: Bool) {
        value ? raw("true") : raw("false")
    }

    /// Appends `null`.
    package mutating func null() {
        raw("null")
    }

    // MARK: The whole

    /// Takes back everything after the first `mark` bytes.
    package mutating func truncate(to mark: Int) {
        precondition(mark >= 0 && mark <= count, "a mark that was never reached")
        count = mark
    }

    /// Empties it; the room is kept up to 256 KiB.
    package mutating func removeAll() {
        count = 0
        overflowed = false
        guard capacity > 256 << 10 else { return }
        unsafe base.deallocate()
        unsafe base = Self.nowhere
        capacity = 0
    }

    /// Lends the bytes.
    package borrowing func withBytes<R, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        try unsafe body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// The bytes as a String.
    package borrowing func string() -> String {
        unsafe withBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
