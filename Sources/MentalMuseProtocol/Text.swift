// The vocabulary room: what the schema asks of texts, and texts that are lent. Called by the
// generated decoders and encoders.
internal import MuseJSON

/// What the schema asks of a string.
struct TextRule: Sendable {
    /// `x-check`: a pattern's meaning, written by hand since there is no engine for patterns here.
    enum Check: Sendable { case any, uuidv7, username, line, text, email, key }

    /// Unicode scalars.
    let min: Int?
    let max: Int?
    let minBytes: Int?
    let maxBytes: Int?
    let check: Check
    /// What is told where `check` fails.
    let pattern: String

    /// Whether the text keeps to the check.
    func admits(_ text: borrowing String.UTF8View) -> Bool {
        let bytes = text.span
        switch check {
        case .any, .uuidv7: return true
        case .username: return bytes.all { Self.isWord($0) }
        case .key: return bytes.all { $0 > 0x20 && $0 < 0x7F }
        case .email: return Self.isEmail(bytes)
        case .line: return Self.isVisible(bytes, multiline: false)
        case .text: return Self.isVisible(bytes, multiline: true)
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// One `@`, neither first nor last, all of U+0021 to U+007E.
    private static func isEmail(_ bytes: Span<UInt8>) -> Bool {
        var at: Int?
        for index in bytes.indices {
            let byte = bytes[index]
            guard byte > 0x20, byte < 0x7F else { return false }
            if byte == UInt8(ascii: "@") {
                guard at == nil else { return false }
                at = index
            }
        }
        guard let at else { return false }
        return at > 0 && at < bytes.count - 1
    }

    /// No control character (but line feed and tab where lines may break), and something to see.
    private static func isVisible(_ bytes: Span<UInt8>, multiline: Bool) -> Bool {
        var index = 0
        var seen = false
        while index < bytes.count {
            // Most text is plain: words of it are passed at a glance.
            let plain = ByteScan.printable(bytes, from: index)
            if plain > index {
                if !seen { seen = bytes.extracting(index..<plain).contains { $0 != 0x20 } }
                index = plain
                continue
            }
            let byte = bytes[index]
            if byte < 0x80 {
                if byte < 0x20 {
                    guard multiline, byte == 0x0A || byte == 0x09 else { return false }
                } else if byte == 0x7F {
                    return false
                } else if byte != 0x20 {
                    seen = true
                }
                index += 1
                continue
            }
            let length = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
            guard index + length <= bytes.count else { return false }
            var value = UInt32(byte) & (length == 2 ? 0x1F : length == 3 ? 0x0F : 0x07)
            for next in 1..<length { value = value << 6 | UInt32(bytes[index + next]) & 0x3F }
            if value < 0xA0 { return false }
            if !seen { seen = !isInvisible(value) }
            index += length
        }
        return seen
    }

    /// White_Space and category Cf beyond ASCII (Unicode 15; the ranges that the schema's pattern
    /// shows).
    private static func isInvisible(_ value: UInt32) -> Bool {
        switch value {
        case 0xA0, 0xAD, 0x600...0x605, 0x61C, 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x1680, 0x180E,
            0x2000...0x200F, 0x2028...0x202F, 0x205F...0x2064, 0x2066...0x206F, 0x3000, 0xFEFF,
            0xFFF9...0xFFFB, 0x110BD, 0x110CD, 0x13430...0x1343F, 0x1BCA0...0x1BCA3,
            0x1D173...0x1D17A, 0xE0001, 0xE0020...0xE007F:
            true
        default: false
        }
    }
}

extension Span<UInt8> {
    func all(_ holds: (UInt8) -> Bool) -> Bool {
        !contains { !holds($0) }
    }

    func contains(_ holds: (UInt8) -> Bool) -> Bool {
        for index in indices where holds(self[index]) { return true }
        return false
    }
}

/// Text that a row lends while it is current: valid UTF-8, not copied. Must not outlive the row.
@safe
package struct TextView {
    let bytes: UnsafeBufferPointer<UInt8>

    /// - Parameter bytes: valid UTF-8 that outlives this value.
    package init(_ bytes: UnsafeBufferPointer<UInt8>) {
        unsafe self.bytes = bytes
    }
}

/// A member of an update: left as it is, cleared (a null by name), or set.
public enum Clearable<Value: Sendable & Equatable>: Sendable, Equatable {
    case absent
    case clear
    case set(Value)
}

extension Clearable: ExpressibleByUnicodeScalarLiteral, ExpressibleByExtendedGraphemeClusterLiteral,
    ExpressibleByStringLiteral
where Value == String {
    public init(stringLiteral value: String) { self = .set(value) }
}
