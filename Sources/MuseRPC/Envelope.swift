// The RPC room: a line becomes requests. One strict pass over the bytes; params stay a byte range
// until the method is known. Called by the server for each line; no I/O, no heap.
package import MuseJSON

/// Why something is valid JSON and yet no request (JSON-RPC 2.0 section 4): `data.reason` of
/// -32600.
package enum InvalidRequest: String, Sendable {
    case notAnObject = "not_an_object"
    case emptyBatch = "empty_batch"
    case repeatedMember = "repeated_member"
    case version = "jsonrpc_is_not_2.0"
    case methodMissing = "method_missing"
    case methodType = "method_is_not_a_string"
    case paramsNull = "params_is_null"
    case paramsType = "params_is_not_structured"
    case idType = "id_type"
}

/// One member of a batch, or the whole of a line: what it says, as ranges of the line.
package struct Envelope: Sendable {
    /// What the object turned out to be.
    package enum Kind: Sendable, Equatable {
        /// A request, or a notification if `id` is nil.
        case request
        /// An object with `result` or `error` and no `method`: dropped and counted, never answered.
        case response
        /// Answered -32600 with `id` where it could be read, else null.
        case invalid(InvalidRequest)
    }

    package internal(set) var kind: Kind = .request
    /// The id's bytes; nil where there is none, or none that could be read.
    package internal(set) var id: Range<Int>?
    /// The method's name.
    package internal(set) var method = JSONText(start: 0, end: 0, hasEscapes: false)
    /// The params' bytes, an array or an object; nil where there are none.
    package internal(set) var params: Range<Int>?
    /// Whether params are by name.
    package internal(set) var paramsByName = false
    /// Where it ends in the line.
    package internal(set) var end = 0

    /// Whether there are no params, or `{}` or `[]`, which say no more.
    package var hasNoParams: Bool { params.map { $0.count == 2 } ?? true }

    /// Whether it is a valid request without an id.
    package var isNotification: Bool { kind == .request && id == nil }

    /// The id to answer with, owned.
    package func ownedID(_ bytes: Span<UInt8>) -> RPCID {
        if let id { return RPCID(bytes, id) }
        return kind == .request ? .absent : .null
    }
}

/// What a line is.
package enum Line: Sendable {
    /// White space alone: ignored.
    case blank
    /// One message.
    case single(Envelope)
    /// A batch that is whole and valid JSON, with at least one member; read them with
    /// `BatchMembers`.
    case batch(count: Int, members: BatchMembers)
    /// An empty array: one -32600.
    case emptyBatch
    /// Not JSON, or nested too deep (`reason` `.tooDeep`).
    case unparsable(JSONError)

    /// Reads the line at `range` of `bytes`: strict RFC 8259, nesting up to `depthMax` (outermost
    /// 1).
    package static func parse(_ bytes: Span<UInt8>, _ range: Range<Int>, depthMax: Int) -> Line {
        var reader = JSONReader(
            position: range.lowerBound, end: range.upperBound, depthMax: depthMax)
        reader.skipSpace(bytes)
        guard let first = reader.peek(bytes) else { return .blank }
        do throws(JSONError) {
            if first == UInt8(ascii: "[") { return try batch(bytes, &reader, depthMax) }
            let envelope = try Envelope.read(bytes, &reader)
            try reader.expectEnd(bytes)
            return .single(envelope)
        } catch {
            return .unparsable(error)
        }
    }

    private static func batch(
        _ bytes: Span<UInt8>, _ reader: inout JSONReader, _ depthMax: Int
    ) throws(JSONError) -> Line {
        let start = reader.position
        try reader.skipValue(bytes)
        let end = reader.position
        try reader.expectEnd(bytes)
        let members = BatchMembers(start: start, end: end, depthMax: depthMax)
        let count = members.count(bytes)
        return count == 0 ? .emptyBatch : .batch(count: count, members: members)
    }
}

/// The members of a batch, one after another, of a line that has been validated as a whole.
package struct BatchMembers: Sendable {
    private var reader: JSONReader
    private var isFirst = true

    fileprivate init(start: Int, end: Int, depthMax: Int) {
        reader = JSONReader(position: start + 1, end: end, depthMax: depthMax, depth: 1)
    }

    /// The next member, nil after the last.
    package mutating func next(_ bytes: Span<UInt8>) -> Envelope? {
        guard step(bytes) else { return nil }
        // The whole line was validated, so nothing is thrown here.
        return try? Envelope.read(bytes, &reader)
    }

    fileprivate func count(_ bytes: Span<UInt8>) -> Int {
        var copy = self
        var count = 0
        while copy.step(bytes), (try? copy.reader.skipValue(bytes)) != nil { count += 1 }
        return count
    }

    private mutating func step(_ bytes: Span<UInt8>) -> Bool {
        reader.skipSpace(bytes)
        guard let byte = reader.peek(bytes), byte != UInt8(ascii: "]") else { return false }
        if !isFirst { reader.position += 1 }
        isFirst = false
        return true
    }
}
