// The server room: the params of `rpc.cancel`, whose id is wanted as the bytes it was written in.
internal import MuseJSON
internal import MuseRPC

enum CancelParams {
    /// Where the id stands; nil where there is none, or the params are not its own.
    static func id(_ envelope: Envelope, _ bytes: Span<UInt8>) -> Range<Int>? {
        guard let params = envelope.params else { return nil }
        var reader = JSONReader(
            position: params.lowerBound, end: params.upperBound, depthMax: JSONReader.depthLimit)
        do throws(JSONError) {
            return envelope.paramsByName
                ? try byName(bytes, &reader) : try byPosition(bytes, &reader)
        } catch {
            return nil
        }
    }

    private static func byName(
        _ bytes: Span<UInt8>, _ reader: inout JSONReader
    ) throws(JSONError) -> Range<Int>? {
        var id: Range<Int>?
        var isFirst = true
        try reader.beginObject(bytes)
        while let key = try reader.nextMember(bytes, isFirst: &isFirst) {
            if key.equals(bytes, "id"), id == nil {
                guard let found = try value(bytes, &reader) else { return nil }
                id = found
            } else if key.equals(bytes, "_meta") {
                try reader.skipValue(bytes)
            } else {
                return nil
            }
        }
        return id
    }

    private static func byPosition(
        _ bytes: Span<UInt8>, _ reader: inout JSONReader
    ) throws(JSONError) -> Range<Int>? {
        var isFirst = true
        try reader.beginArray(bytes)
        guard try reader.nextElement(bytes, isFirst: &isFirst),
            let id = try value(bytes, &reader),
            !(try reader.nextElement(bytes, isFirst: &isFirst))
        else { return nil }
        return id
    }

    /// A string, a number or null.
    private static func value(
        _ bytes: Span<UInt8>, _ reader: inout JSONReader
    ) throws(JSONError) -> Range<Int>? {
        switch try reader.kind(bytes) {
        case .string, .number, .null:
            let start = reader.position
            try reader.skipValue(bytes)
            return start..<reader.position
        case .object, .array, .boolean: return nil
        }
    }
}
