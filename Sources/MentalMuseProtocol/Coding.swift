// The vocabulary room: the words in which generated encoders and decoders are written.
internal import MuseBase
package import MuseJSON

/// Something that a client sends as params.
package protocol ParamsEncoding: Sendable {
    /// Appends the params as an object.
    func encode(into writer: inout JSONWriter)
}

/// The params of a method.
package protocol CallParams: ParamsEncoding {
    /// Appends what tells this call from another with the same idempotency key: no secrets, nothing
    /// of the connection.
    func fingerprint(into writer: inout JSONWriter)
}

/// Something that a client reads from a result.
package protocol ResultDecoding: Sendable {
    /// Reads one.
    /// - Throws: JSONError where it is not of that shape.
    init(_ bytes: Span<UInt8>, _ reader: inout JSONReader) throws(JSONError)
}

extension String: ResultDecoding {
    package init(_ bytes: Span<UInt8>, _ reader: inout JSONReader) throws(JSONError) {
        self = try reader.text(bytes)
    }
}

extension JSONWriter {
    mutating func id(_ id: UUIDv7) {
        unsafe fill(UUIDv7.textBytes + 2) { text in
            unsafe text.storeBytes(of: 0x22, as: UInt8.self)
            unsafe id.write(to: UnsafeMutableRawBufferPointer(rebasing: text[1...]))
            unsafe text.storeBytes(of: 0x22, toByteOffset: UUIDv7.textBytes + 1, as: UInt8.self)
        }
    }

    mutating func time(_ time: Timestamp) {
        unsafe fill(Timestamp.textBytes + 2) { text in
            unsafe text.storeBytes(of: 0x22, as: UInt8.self)
            unsafe time.write(to: UnsafeMutableRawBufferPointer(rebasing: text[1...]))
            unsafe text.storeBytes(
                of: 0x22, toByteOffset: Timestamp.textBytes + 1, as: UInt8.self)
        }
    }

    mutating func text(_ text: String) { string(text) }

    mutating func text(_ text: TextView) { unsafe string(text.bytes) }

    /// Appends a member's name, after a comma if it is not the first.
    mutating func member(_ name: StaticString, _ comma: inout Bool) {
        raw(comma ? ",\"" : "\"")
        raw(name)
        raw("\":")
        comma = true
    }

    /// Appends what opens a page.
    package mutating func beginPage() { raw("{\"items\":[") }

    /// Appends what closes a page.
    package mutating func endPage(nextCursor: String?) {
        raw("],\"next_cursor\":")
        if let nextCursor { string(nextCursor) } else { null() }
        byte(UInt8(ascii: "}"))
    }
}

extension JSONReader {
    mutating func text(_ bytes: Span<UInt8>) throws(JSONError) -> String {
        try string(bytes).string(bytes)
    }

    mutating func id(_ bytes: Span<UInt8>) throws(JSONError) -> UUIDv7 {
        let text = try string(bytes)
        let id =
            text.hasEscapes
            ? UUIDv7(text.string(bytes))
            : UUIDv7(text: bytes.extracting(text.start..<text.end))
        guard let id else { throw JSONError(offset: text.start, reason: .unexpectedByte) }
        return id
    }

    mutating func time(_ bytes: Span<UInt8>) throws(JSONError) -> Timestamp {
        let text = try string(bytes)
        guard let time = Timestamp(text.string(bytes)) else {
            throw JSONError(offset: text.start, reason: .unexpectedByte)
        }
        return time
    }

    mutating func integer(_ bytes: Span<UInt8>) throws(JSONError) -> Int {
        let number = try number(bytes)
        guard let value = number.int64(bytes) else {
            throw JSONError(offset: number.start, reason: .invalidNumber)
        }
        return Int(value)
    }

    /// The JSON text of whatever value stands here.
    mutating func rawValue(_ bytes: Span<UInt8>) throws(JSONError) -> String {
        skipSpace(bytes)
        let start = position
        try skipValue(bytes)
        return JSONText(start: start, end: position, hasEscapes: false).string(bytes)
    }

    mutating func list<Item>(
        _ bytes: Span<UInt8>,
        _ item: (Span<UInt8>, inout JSONReader) throws(JSONError) -> Item
    ) throws(JSONError) -> [Item] {
        var items: [Item] = []
        try beginArray(bytes)
        var isFirst = true
        while try nextElement(bytes, isFirst: &isFirst) { items.append(try item(bytes, &self)) }
        return items
    }
}
