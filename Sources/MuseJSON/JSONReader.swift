// The JSON room: a strict reader over bytes. Everything that comes over the wire is read through
// it, by the envelope first and by the generated decoders after. No recursion, no heap, no
// unchecked subscript.

/// A cursor in JSON text (RFC 8259). The bytes are passed to every call; the cursor is an offset.
///
/// Strict: invalid UTF-8, a byte order mark, lone surrogates, raw control characters, numbers with
/// leading zeros are errors, with the offset of the first byte that is wrong.
@usableFromInline
package struct JSONReader: Sendable {
    /// Where the next byte is read.
    @usableFromInline package var position: Int
    /// Where the text ends.
    @usableFromInline package let end: Int
    /// The deepest nesting; the outermost array or object counts 1. At most 512.
    @usableFromInline package let depthMax: Int
    /// Arrays and objects that enclose `position`.
    @usableFromInline package var depth: Int

    /// The deepest nesting that can be asked for.
    @inlinable package static var depthLimit: Int { 512 }

    /// Reads `bytes[position..<end]`.
    @inlinable
    package init(position: Int, end: Int, depthMax: Int = 32, depth: Int = 0) {
        self.position = position
        self.end = end
        self.depthMax = depthMax < Self.depthLimit ? depthMax : Self.depthLimit
        self.depth = depth
    }

    // MARK: Single bytes

    /// Goes past white space: space, tab, line feed, carriage return.
    @inlinable @inline(__always)
    package mutating func skipSpace(_ bytes: Span<UInt8>) {
        while position < end {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            position += 1
        }
    }

    /// The next byte; nil at the end.
    @inlinable
    package func peek(_ bytes: Span<UInt8>) -> UInt8? {
        position < end ? bytes[position] : nil
    }

    /// Goes past white space and the byte `wanted`, or throws.
    @inlinable @inline(__always)
    package mutating func expect(_ bytes: Span<UInt8>, _ wanted: UInt8) throws(JSONError) {
        skipSpace(bytes)
        guard position < end, bytes[position] == wanted else { throw unexpected(bytes) }
        position += 1
    }

    /// Goes past exactly these bytes; false, and nothing passed, where others stand.
    @inlinable @inline(__always)
    package mutating func skip(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard count <= end - position,
            JSONText(start: position, end: position + count, hasEscapes: false)
                .equals(bytes, text)
        else { return false }
        position += count
        return true
    }

    /// Goes past white space; throws unless the text ends there.
    @inlinable
    package mutating func expectEnd(_ bytes: Span<UInt8>) throws(JSONError) {
        skipSpace(bytes)
        if position < end { throw JSONError(offset: position, reason: .trailingBytes) }
    }

    /// What is wrong with the byte at `position`, where none like it may stand.
    @usableFromInline
    package func unexpected(_ bytes: Span<UInt8>) -> JSONError {
        guard position < end else { return JSONError(offset: position, reason: .unexpectedEnd) }
        let byte = bytes[position]
        if byte == 0xEF, position + 2 < end, bytes[position + 1] == 0xBB,
            bytes[position + 2] == 0xBF
        {
            return JSONError(offset: position, reason: .byteOrderMark)
        }
        guard byte >= 0x80 else { return JSONError(offset: position, reason: .unexpectedByte) }
        var probe = self
        do throws(JSONError) {
            try probe.multibyte(bytes)
            return JSONError(offset: position, reason: .unexpectedByte)
        } catch {
            return error
        }
    }

    /// What the next value is; the cursor is at its first byte then.
    @inlinable
    package mutating func kind(_ bytes: Span<UInt8>) throws(JSONError) -> JSONKind {
        skipSpace(bytes)
        guard position < end else { throw unexpected(bytes) }
        switch bytes[position] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: throw unexpected(bytes)
        }
    }

    // MARK: Objects and arrays, member by member

    /// Goes into an object.
    package mutating func beginObject(_ bytes: Span<UInt8>) throws(JSONError) {
        try expect(bytes, UInt8(ascii: "{"))
        try enter(at: position - 1)
    }

    /// Goes into an array.
    package mutating func beginArray(_ bytes: Span<UInt8>) throws(JSONError) {
        try expect(bytes, UInt8(ascii: "["))
        try enter(at: position - 1)
    }

    private mutating func enter(at offset: Int) throws(JSONError) {
        guard depth < depthMax else { throw JSONError(offset: offset, reason: .tooDeep) }
        depth += 1
    }

    /// The next member's name, the cursor then at its value; nil after the last, the cursor past
    /// the brace. `isFirst`: true before the first call for an object; it is kept by the caller.
    package mutating func nextMember(
        _ bytes: Span<UInt8>, isFirst: inout Bool
    ) throws(JSONError) -> JSONText? {
        skipSpace(bytes)
        if position < end, bytes[position] == UInt8(ascii: "}") {
            position += 1
            depth -= 1
            return nil
        }
        if !isFirst {
            try expect(bytes, UInt8(ascii: ","))
            skipSpace(bytes)
        }
        isFirst = false
        let name = try string(bytes)
        try expect(bytes, UInt8(ascii: ":"))
        return name
    }

    /// Whether another element follows, the cursor then at it; false after the last, past the
    /// bracket. `isFirst`: true before the first call for an array; it is kept by the caller.
    package mutating func nextElement(
        _ bytes: Span<UInt8>, isFirst: inout Bool
    ) throws(JSONError) -> Bool {
        skipSpace(bytes)
        if position < end, bytes[position] == UInt8(ascii: "]") {
            position += 1
            depth -= 1
            return false
        }
        if !isFirst { try expect(bytes, UInt8(ascii: ",")) }
        isFirst = false
        return true
    }
}
