// The RPC room: the members of one request object, read in a single pass.
internal import MuseJSON

extension Envelope {
    /// Which members have been seen, to find repeated ones.
    private struct Seen {
        var version = false
        var method = false
        var params = false
        var id = false
        var outcome = false
        var fault: InvalidRequest?

        mutating func note(_ invalid: InvalidRequest) {
            if fault == nil { fault = invalid }
        }
    }

    /// Reads one value as an envelope. Whatever is wrong with it as a request, it is read to its
    /// end, since what is no JSON at all takes precedence.
    static func read(_ bytes: Span<UInt8>, _ reader: inout JSONReader) throws(JSONError) -> Envelope
    {
        var envelope = Envelope()
        reader.skipSpace(bytes)
        guard reader.peek(bytes) == UInt8(ascii: "{") else {
            try reader.skipValue(bytes)
            envelope.kind = .invalid(.notAnObject)
            envelope.end = reader.position
            return envelope
        }
        var seen = Seen()
        var repeatedID = false
        try reader.beginObject(bytes)
        // Nearly every client begins a request with just these bytes.
        seen.version = reader.skip(bytes, "\"jsonrpc\":\"2.0\"")
        var isFirst = !seen.version
        while let key = try reader.nextMember(bytes, isFirst: &isFirst) {
            switch Member(bytes, key) {
            case .version:
                if seen.version { seen.note(.repeatedMember) }
                seen.version = true
                try envelope.readVersion(bytes, &reader, &seen)
            case .method:
                if seen.method { seen.note(.repeatedMember) }
                seen.method = true
                try envelope.readMethod(bytes, &reader, &seen)
            case .params:
                if seen.params { seen.note(.repeatedMember) }
                seen.params = true
                try envelope.readParams(bytes, &reader, &seen)
            case .id:
                if seen.id {
                    seen.note(.repeatedMember)
                    repeatedID = true
                }
                seen.id = true
                try envelope.readID(bytes, &reader, &seen)
            case .outcome:
                seen.outcome = true
                try reader.skipValue(bytes)
            case .other:
                try reader.skipValue(bytes)
            }
        }
        envelope.end = reader.position
        envelope.judge(seen)
        if repeatedID { envelope.id = nil }
        return envelope
    }

    private mutating func judge(_ seen: Seen) {
        if !seen.method, seen.outcome {
            kind = .response
        } else if let fault = seen.fault {
            kind = .invalid(fault)
        } else if !seen.version {
            kind = .invalid(.version)
        } else if !seen.method {
            kind = .invalid(.methodMissing)
        }
    }

    private mutating func readVersion(
        _ bytes: Span<UInt8>, _ reader: inout JSONReader, _ seen: inout Seen
    ) throws(JSONError) {
        guard try reader.kind(bytes) == .string else {
            seen.note(.version)
            return try reader.skipValue(bytes)
        }
        if !(try reader.string(bytes)).equals(bytes, "2.0") { seen.note(.version) }
    }

    private mutating func readMethod(
        _ bytes: Span<UInt8>, _ reader: inout JSONReader, _ seen: inout Seen
    ) throws(JSONError) {
        guard try reader.kind(bytes) == .string else {
            seen.note(.methodType)
            return try reader.skipValue(bytes)
        }
        method = try reader.string(bytes)
    }

    private mutating func readParams(
        _ bytes: Span<UInt8>, _ reader: inout JSONReader, _ seen: inout Seen
    ) throws(JSONError) {
        let kind = try reader.kind(bytes)
        let start = reader.position
        try reader.skipValue(bytes)
        switch kind {
        case .object, .array:
            params = start..<reader.position
            paramsByName = kind == .object
        case .null: seen.note(.paramsNull)
        default: seen.note(.paramsType)
        }
    }

    private mutating func readID(
        _ bytes: Span<UInt8>, _ reader: inout JSONReader, _ seen: inout Seen
    ) throws(JSONError) {
        let kind = try reader.kind(bytes)
        let start = reader.position
        try reader.skipValue(bytes)
        switch kind {
        case .string, .number, .null: id = start..<reader.position
        default: seen.note(.idType)
        }
    }

    /// The envelope's own members; names are case-sensitive and may be written with escapes.
    private enum Member {
        case version, method, params, id, outcome, other

        init(_ bytes: Span<UInt8>, _ key: JSONText) {
            if key.hasEscapes {
                self = Member(slow: key, bytes)
                return
            }
            switch key.end - key.start {
            case 2: self = key.equals(bytes, "id") ? .id : .other
            case 5: self = key.equals(bytes, "error") ? .outcome : .other
            case 6:
                self =
                    key.equals(bytes, "method")
                    ? .method
                    : key.equals(bytes, "params")
                        ? .params : key.equals(bytes, "result") ? .outcome : .other
            case 7: self = key.equals(bytes, "jsonrpc") ? .version : .other
            default: self = .other
            }
        }

        private init(slow key: JSONText, _ bytes: Span<UInt8>) {
            switch key.string(bytes) {
            case "jsonrpc": self = .version
            case "method": self = .method
            case "params": self = .params
            case "id": self = .id
            case "result", "error": self = .outcome
            default: self = .other
            }
        }
    }
}
