// The JSON room: a string as it stands in the text, decoded only when somebody wants it.

/// A string's place in validated JSON text: the range between its quotes.
@usableFromInline
package struct JSONText: Sendable, Equatable {
    @usableFromInline package let start: Int
    @usableFromInline package let end: Int
    /// Whether it has to be decoded; without escapes its bytes are its characters.
    @usableFromInline package let hasEscapes: Bool

    @inlinable
    package init(start: Int, end: Int, hasEscapes: Bool) {
        self.start = start
        self.end = end
        self.hasEscapes = hasEscapes
    }

    /// Whether it says `text`, escapes decoded; byte for byte. With a literal it becomes a compare
    /// or two of words: most of what a request names is told apart by it.
    @inlinable @inline(__always)
    package func equals(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
        if hasEscapes { return equalsDecoded(bytes, text) }
        let count = text.utf8CodeUnitCount
        guard end - start == count, start >= 0, end <= bytes.count else { return false }
        // Both texts have `count` bytes, and each load lies within them: the last word overlaps
        // the one before where the text does not end with a whole one.
        let wanted = unsafe UnsafeRawPointer(text.utf8Start)
        let ours = unsafe bytes.bytes
        if count >= 8 {
            var index = 0
            while index < count - 8 {
                let word = unsafe ours.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: start &+ index, as: UInt64.self)
                let same =
                    unsafe word
                    == wanted.loadUnaligned(
                        fromByteOffset: index, as: UInt64.self)
                guard same else { return false }
                index += 8
            }
            return unsafe ours.unsafeLoadUnaligned(
                fromUncheckedByteOffset: end &- 8, as: UInt64.self)
                == wanted.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
        }
        if count >= 4 {
            return unsafe ours.unsafeLoadUnaligned(
                fromUncheckedByteOffset: start, as: UInt32.self)
                == wanted.loadUnaligned(as: UInt32.self)
                && ours.unsafeLoadUnaligned(fromUncheckedByteOffset: end &- 4, as: UInt32.self)
                    == wanted.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
        }
        for index in 0..<count {
            let byte = unsafe wanted.load(fromByteOffset: index, as: UInt8.self)
            if bytes[start + index] != byte { return false }
        }
        return true
    }

    @usableFromInline
    func equalsDecoded(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
        string(bytes).utf8.elementsEqual("\(text)".utf8)
    }

    /// Its characters as a String.
    package func string(_ bytes: Span<UInt8>) -> String {
        guard hasEscapes else {
            let text = bytes.extracting(start..<end)
            return unsafe String(unsafeUninitializedCapacity: text.count) { buffer in
                unsafe text.withUnsafeBufferPointer { unsafe buffer.initialize(fromContentsOf: $0) }
            }
        }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(end - start)
        decode(bytes) { decoded.append($0) }
        return String(decoding: decoded, as: UTF8.self)
    }

    /// How many bytes of UTF-8 its characters take.
    package func utf8Count(_ bytes: Span<UInt8>) -> Int {
        guard hasEscapes else { return end - start }
        var count = 0
        decode(bytes) { _ in count += 1 }
        return count
    }

    /// How many Unicode scalars it has.
    package func scalarCount(_ bytes: Span<UInt8>) -> Int {
        var count = 0
        if hasEscapes {
            decode(bytes) { if $0 & 0xC0 != 0x80 { count += 1 } }
        } else {
            count = ByteScan.scalars(bytes, start..<end)
        }
        return count
    }

    /// Gives each byte of its decoded UTF-8 in turn.
    package func decode(_ bytes: Span<UInt8>, _ body: (UInt8) -> Void) {
        var index = start
        while index < end {
            let byte = bytes[index]
            guard byte == UInt8(ascii: "\\") else {
                body(byte)
                index += 1
                continue
            }
            index = decodeEscape(bytes, index, body)
        }
    }

    private func decodeEscape(_ bytes: Span<UInt8>, _ at: Int, _ body: (UInt8) -> Void) -> Int {
        switch bytes[at + 1] {
        case UInt8(ascii: "b"): body(8)
        case UInt8(ascii: "f"): body(12)
        case UInt8(ascii: "n"): body(10)
        case UInt8(ascii: "r"): body(13)
        case UInt8(ascii: "t"): body(9)
        case UInt8(ascii: "u"):
            var value = Self.unit(bytes, at + 2)
            var next = at + 6
            if value >> 10 == 0b110110 {
                value = 0x10000 + (value & 0x3FF) << 10 + (Self.unit(bytes, at + 8) & 0x3FF)
                next = at + 12
            }
            if let scalar = Unicode.Scalar(value) {
                for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { body(byte) }
            }
            return next
        default: body(bytes[at + 1])
        }
        return at + 2
    }

    private static func unit(_ bytes: Span<UInt8>, _ at: Int) -> UInt32 {
        var unit: UInt32 = 0
        for index in at..<(at + 4) { unit = unit << 4 | (hexDigit(bytes[index]) ?? 0) }
        return unit
    }

    static func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte) - 48
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte) - 87
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte) - 55
        default: nil
        }
    }
}

/// A number's place in validated JSON text.
@usableFromInline
package struct JSONNumber: Sendable, Equatable {
    @usableFromInline package let start: Int
    @usableFromInline package let end: Int
    /// Whether it is written without a fraction and an exponent.
    package let isPlain: Bool

    /// Its text.
    package func text(_ bytes: Span<UInt8>) -> String {
        JSONText(start: start, end: end, hasEscapes: false).string(bytes)
    }

    /// Its value where it is an integer in range, however it is written (`20.0`, `2e1`); nil
    /// otherwise. Exact: no floating point is involved.
    package func int64(_ bytes: Span<UInt8>) -> Int64? {
        isPlain ? plainInteger(bytes) : scaledInteger(bytes)
    }

    /// Whether its value is an integer of any size, as JSON Schema's `integer` has it.
    package func isInteger(_ bytes: Span<UInt8>) -> Bool {
        if isPlain { return true }
        guard let parts = Decimal(bytes, start, end) else { return true }
        return parts.isZero || parts.exponent >= 0
    }

    /// Its sign: whether it is written with a minus.
    package func isNegative(_ bytes: Span<UInt8>) -> Bool {
        bytes[start] == UInt8(ascii: "-")
    }

    private func plainInteger(_ bytes: Span<UInt8>) -> Int64? {
        let negative = isNegative(bytes)
        var value: Int64 = 0
        for index in (negative ? start + 1 : start)..<end {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let digit = Int64(bytes[index]) - 48
            let (sum, overflow2) = product.subtractingReportingOverflow(digit)
            if overflow || overflow2 { return nil }
            value = sum
        }
        if negative { return value }
        return value == Int64.min ? nil : -value
    }

    private func scaledInteger(_ bytes: Span<UInt8>) -> Int64? {
        guard let parts = Decimal(bytes, start, end) else { return nil }
        if parts.isZero { return 0 }
        guard parts.exponent >= 0, parts.exponent <= 18 else { return nil }
        // Counted downwards, as the least integer has no positive twin.
        var value: Int64 = 0
        for index in parts.first...parts.last where bytes[index] != UInt8(ascii: ".") {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow2) = product.subtractingReportingOverflow(Int64(bytes[index]) - 48)
            if overflow || overflow2 { return nil }
            value = sum
        }
        for _ in 0..<parts.exponent {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            value = product
        }
        if isNegative(bytes) { return value }
        return value == Int64.min ? nil : -value
    }

    /// Significant digits and a power of ten; nil where the exponent is beyond all reason.
    private struct Decimal {
        var isZero = true
        /// The first and the last digit that is not zero.
        var first = 0
        var last = 0
        /// The power of ten by which the digits from `first` to `last` are to be taken.
        var exponent = 0

        init?(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) {
            var point: Int?
            var mantissaEnd = end
            for index in start..<end {
                switch bytes[index] {
                case UInt8(ascii: "."): point = index
                case UInt8(ascii: "e"), UInt8(ascii: "E"): mantissaEnd = index
                case UInt8(ascii: "1")...UInt8(ascii: "9") where mantissaEnd == end:
                    if isZero { first = index }
                    isZero = false
                    last = index
                default: break
                }
                if mantissaEnd != end { break }
            }
            if isZero { return }
            var written = 0
            if mantissaEnd < end {
                var index = mantissaEnd + 1
                let negative = bytes[index] == UInt8(ascii: "-")
                if negative || bytes[index] == UInt8(ascii: "+") { index += 1 }
                while index < end {
                    written = written * 10 + Int(bytes[index]) - 48
                    if written > 1 << 40 {
                        if !negative { return nil }
                        written = 1 << 40
                        break
                    }
                    index += 1
                }
                if negative { written = -written }
            }
            let units = point ?? mantissaEnd
            exponent = written + (last < units ? units - last - 1 : units - last)
        }
    }
}
