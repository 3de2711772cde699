// Fuzzing: JSON. Reader and value tree agree, what was read is UTF-8 and comes back when written.
internal import MuseJSON

extension FuzzTarget {
    /// Any bytes as a JSON text.
    package static let json = FuzzTarget(
        name: "json",
        tokens: [
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud83d", "\\ude00", "\\u0000", "\\n",
            "true",
            "false", "null", "-", "0", "1e400", "-0", "1.5E-7", "9223372036854775807", "\u{FEFF}",
            "é", "😀",
            "\u{2028}", "[[[[[[[[", "{\"a\":", " ", "\t\r\n",
        ],
        failure: jsonFailure)

    private static func jsonFailure(_ bytes: [UInt8]) -> String? {
        var skipped: JSONError?
        var reader = JSONReader(position: 0, end: bytes.count, depthMax: 64)
        do throws(JSONError) {
            try reader.skipValue(bytes.span)
            try reader.expectEnd(bytes.span)
        } catch {
            skipped = error
        }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(bytes.span, depthMax: 64)
        } catch {
            guard skipped == error else {
                return "skipped \(String(describing: skipped)), read \(error)"
            }
            return (0...bytes.count).contains(error.offset) ? nil : "the offset \(error.offset)"
        }
        if let skipped { return "read, yet skipping says \(skipped)" }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            return "read what is no UTF-8"
        }
        if reader.depth != 0 { return "left at depth \(reader.depth)" }
        return writingFailure(value) ?? walkingFailure(bytes, value)
    }

    /// What was read comes back, on one line and indented, to the byte.
    private static func writingFailure(_ value: JSONValue) -> String? {
        let text = value.text()
        for written in [text, value.text(indented: true)] {
            guard let again = try? JSONValue(written, depthMax: 64) else { return "wrote no JSON" }
            guard again == value, again.text().utf8.elementsEqual(text.utf8) else {
                return "wrote another value: \(written)"
            }
        }
        return nil
    }

    /// Member by member the reader tells what the tree holds.
    private static func walkingFailure(_ bytes: [UInt8], _ value: JSONValue) -> String? {
        var walk = Walk(bytes.count)
        do throws(JSONError) {
            let read = try walk.events(bytes.span)
            return read == Walk.events(value) ? nil : "the walk and the tree differ"
        } catch {
            return "the walk says \(error)"
        }
    }
}

/// A document as a flat list of what is met in it, in order.
private struct Walk {
    var reader: JSONReader
    var found: [String] = []

    init(_ count: Int) {
        reader = JSONReader(position: 0, end: count, depthMax: 64)
    }

    mutating func events(_ bytes: Span<UInt8>) throws(JSONError) -> [String] {
        var open: [(isObject: Bool, isFirst: Bool)] = []
        try value(bytes, &open)
        while let last = open.indices.last {
            if open[last].isObject {
                guard let name = try reader.nextMember(bytes, isFirst: &open[last].isFirst) else {
                    open.removeLast()
                    continue
                }
                text(name, bytes)
            } else {
                guard try reader.nextElement(bytes, isFirst: &open[last].isFirst) else {
                    open.removeLast()
                    continue
                }
            }
            try value(bytes, &open)
        }
        try reader.expectEnd(bytes)
        return found
    }

    private mutating func text(_ text: JSONText, _ bytes: Span<UInt8>) {
        let string = text.string(bytes)
        var decoded: [UInt8] = []
        text.decode(bytes) { decoded.append($0) }
        let isSound =
            decoded.elementsEqual(string.utf8) && text.utf8Count(bytes) == string.utf8.count
            && text.scalarCount(bytes) == string.unicodeScalars.count
        found.append(isSound ? "\"" + string : "a string that contradicts itself")
    }

    private mutating func value(
        _ bytes: Span<UInt8>, _ open: inout [(isObject: Bool, isFirst: Bool)]
    ) throws(JSONError) {
        switch try reader.kind(bytes) {
        case .object:
            try reader.beginObject(bytes)
            open.append((true, true))
            found.append("{")
        case .array:
            try reader.beginArray(bytes)
            open.append((false, true))
            found.append("[")
        case .string: text(try reader.string(bytes), bytes)
        case .number:
            let number = try reader.number(bytes)
            found.append(number.text(bytes))
            found.append(number.int64(bytes).map(String.init) ?? "-")
        case .boolean: found.append(try reader.boolean(bytes) ? "true" : "false")
        case .null:
            try reader.null(bytes)
            found.append("null")
        }
    }

    static func events(_ value: JSONValue) -> [String] {
        var found: [String] = []
        var open: [(name: String?, value: JSONValue)] = [(nil, value)]
        while let (name, value) = open.popLast() {
            if let name { found.append("\"" + name) }
            switch value {
            case .null: found.append("null")
            case .bool(let flag): found.append(flag ? "true" : "false")
            case .string(let text): found.append("\"" + text)
            case .number(let text): found += [text, value.int.map { String($0) } ?? "-"]
            case .array(let elements):
                found.append("[")
                open += elements.reversed().map { (nil, $0) }
            case .object(let members):
                found.append("{")
                open += members.reversed().map { ($0.name, $0.value) }
            }
        }
        return found
    }
}
