// Transcripts: one connection, as the replayer wants it: a plain socket of its own (Wire), or a
// client's.
package import MuseJSON

/// Lines out, lines in.
package protocol Conversation: AnyObject {
    /// Lines that came before the step that expects them.
    var pool: [[UInt8]] { get set }
    /// How many calls the replayer has made here.
    var count: Int { get set }

    /// Sends all of it, reading meanwhile what comes.
    func send(_ bytes: [UInt8]) throws
    /// The next line without its end; nil at the end of input.
    func line() throws -> [UInt8]?
    /// Ends the sending side.
    func halfClose() throws
    func close(resetting: Bool) throws

    /// Sends one call: the id that its answer will have.
    func call(
        _ method: JSONValue, _ params: JSONValue?, meta: [JSONValue.Member]
    ) throws -> JSONValue
    /// The answer of the latest call has come, and fits.
    func answered(_ line: [UInt8]) throws
}

extension Conversation {
    package func call(
        _ method: JSONValue, _ params: JSONValue?, meta: [JSONValue.Member]
    ) throws -> JSONValue {
        try plainCall(method, params, meta: meta)
    }

    /// A call as a line of the replayer's own.
    package func plainCall(
        _ method: JSONValue, _ params: JSONValue?, meta: [JSONValue.Member]
    ) throws -> JSONValue {
        count += 1
        let id = JSONValue.number(count)
        var request: [JSONValue.Member] = [
            .init("jsonrpc", .string("2.0")), .init("id", id), .init("method", method),
        ]
        if !meta.isEmpty {
            let named = (params ?? .object([])).adding([
                .init("_meta", JSONValue.object([]).adding(meta))
            ])
            request.append(.init("params", named))
        } else if let params {
            request.append(.init("params", params))
        }
        try send(Array((JSONValue.object(request).text() + "\n").utf8))
        return id
    }

    package func answered(_ line: [UInt8]) throws {}
}
