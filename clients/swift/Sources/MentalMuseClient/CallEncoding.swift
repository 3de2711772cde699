// The client: a call as its line. Called by the channel, straight into the bytes that are to be
// sent.
internal import MentalMuseProtocol
internal import MuseJSON

/// A call as it is written, but for its id.
struct CallText<Params: ParamsEncoding> {
    let method: String
    let params: Params
    var meta: Meta

    /// Appends what follows the id: the method, the params with `_meta` in them, the line feed.
    func write(into writer: inout JSONWriter) {
        writer.raw(",\"method\":\"")
        writer.raw(text: method)
        writer.raw("\",\"params\":")
        let start = writer.count
        params.encode(into: &writer)
        // The params are an object: `_meta` goes in before its brace.
        let isEmpty = writer.count == start + 2
        writer.truncate(to: max(writer.count - 1, start))
        writer.raw(isEmpty ? "\"_meta\":" : ",\"_meta\":")
        meta.encode(into: &writer)
        writer.raw("}}\n")
    }
}

extension JSONWriter {
    /// Appends a call's beginning, with its id.
    mutating func beginCall(_ id: UInt64) {
        raw("{\"jsonrpc\":\"2.0\",\"id\":")
        int(Int64(truncatingIfNeeded: id))
    }

    /// Appends a whole `rpc.cancel`.
    mutating func cancelCall(_ id: UInt64) {
        raw("{\"jsonrpc\":\"2.0\",\"method\":\"rpc.cancel\",\"params\":{\"id\":")
        int(Int64(truncatingIfNeeded: id))
        raw("}}\n")
    }
}

/// Params that come as JSON text.
struct RawParams: ParamsEncoding {
    private let text: [UInt8]

    /// nil where it is no object, or has a `_meta`, which is the options'.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard let value = try? JSONValue(bytes.span), value.members != nil,
            value["_meta"] == nil
        else { return nil }
        // Written anew: without line feeds, and without spaces around.
        self.text = Array(value.text().utf8)
    }

    func encode(into writer: inout JSONWriter) { writer.raw(text.span) }
}
