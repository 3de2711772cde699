// The RPC room: a request's id, kept as the very bytes in which it was written.
package import MuseJSON

/// The id of a request: JSON text to be echoed unchanged, or none for a notification.
///
/// `1`, `1.0` and `"1"` are three ids; equality is by bytes. Ids of up to 15 bytes need no heap.
package struct RPCID: Sendable, Hashable {
    /// The id's JSON text; nil for a notification.
    package let text: String?

    package init(text: String?) {
        self.text = text
    }

    /// The id of an answer to what had none that could be read.
    package static let null = RPCID(text: "null")
    /// What a notification has.
    package static let absent = RPCID(text: nil)

    package var isAbsent: Bool { text == nil }

    /// The id at `range` of a line that has been validated as JSON.
    package init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        text = JSONText(start: range.lowerBound, end: range.upperBound, hasEscapes: false)
            .string(bytes)
    }

    // By bytes, as String's own equality takes `é` and `e` with an accent for one.
    package static func == (a: RPCID, b: RPCID) -> Bool {
        guard let one = a.text, let other = b.text else { return a.text == nil && b.text == nil }
        return one.utf8.elementsEqual(other.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        var bytes = text ?? ""
        bytes.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension JSONWriter {
    /// Appends the head of a success: the result's value and `endAnswer` follow.
    package mutating func beginAnswer(_ id: RPCID) {
        raw("{\"jsonrpc\":\"2.0\",\"id\":")
        var text = id.text ?? "null"
        text.withUTF8 { unsafe raw(UnsafeRawBufferPointer($0)) }
        raw(",\"result\":")
    }

    /// Appends what closes a success.
    package mutating func endAnswer() {
        byte(UInt8(ascii: "}"))
    }

    /// Appends a whole refusal.
    package mutating func refuse(_ id: RPCID, _ error: RPCError) {
        raw("{\"jsonrpc\":\"2.0\",\"id\":")
        var text = id.text ?? "null"
        text.withUTF8 { unsafe raw(UnsafeRawBufferPointer($0)) }
        raw(",\"error\":")
        error.write(into: &self)
        byte(UInt8(ascii: "}"))
    }
}
