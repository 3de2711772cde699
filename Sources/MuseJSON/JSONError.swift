// The JSON room: why bytes are no JSON. Thrown by JSONReader, told to clients as `data` of -32700.

/// The first thing that is wrong with a text as JSON (RFC 8259), and where.
@usableFromInline
package struct JSONError: Error, Equatable, Sendable {
    /// What was found.
    @usableFromInline
    package enum Reason: String, Sendable, CaseIterable {
        case unexpectedByte = "unexpected_byte"
        case unexpectedEnd = "unexpected_end"
        case invalidUTF8 = "invalid_utf8"
        case byteOrderMark = "byte_order_mark"
        case loneSurrogate = "lone_surrogate"
        case invalidEscape = "invalid_escape"
        case controlCharacter = "control_character"
        case invalidNumber = "invalid_number"
        case trailingBytes = "trailing_bytes"
        /// Valid so far, but nested deeper than the limit.
        case tooDeep = "too_deep"
    }

    /// The offset of the offending byte in the bytes that were read.
    package let offset: Int
    package let reason: Reason

    @usableFromInline
    package init(offset: Int, reason: Reason) {
        self.offset = offset
        self.reason = reason
    }
}

/// What a value is, by its first byte.
@usableFromInline
package enum JSONKind: Sendable {
    case object, array, string, number, boolean, null
}
