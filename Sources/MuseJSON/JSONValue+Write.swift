// The JSON room: writing trees of values, on one line or indented for people. Without recursion.

extension JSONValue {
    /// The text, on one line, or indented by two spaces a level.
    package func text(indented: Bool = false) -> String {
        var writer = JSONWriter()
        write(into: &writer, indented: indented)
        return writer.string()
    }

    /// Appends the value.
    package func write(into writer: inout JSONWriter, indented: Bool = false) {
        var stack: [Frame] = []
        var next: JSONValue? = self
        while true {
            if let value = next {
                next = nil
                switch value {
                case .array(let elements) where !elements.isEmpty:
                    writer.byte(UInt8(ascii: "["))
                    stack.append(Frame(values: elements, names: nil))
                case .object(let members) where !members.isEmpty:
                    writer.byte(UInt8(ascii: "{"))
                    stack.append(Frame(values: members.map(\.value), names: members.map(\.name)))
                default:
                    value.writeScalar(into: &writer)
                }
            }
            guard var frame = stack.popLast() else { return }
            if frame.index < frame.values.count {
                if frame.index > 0 { writer.byte(UInt8(ascii: ",")) }
                if indented { Self.breakLine(&writer, stack.count + 1) }
                if let names = frame.names {
                    writer.string(names[frame.index])
                    writer.byte(UInt8(ascii: ":"))
                    if indented { writer.byte(UInt8(ascii: " ")) }
                }
                next = frame.values[frame.index]
                frame.index += 1
                stack.append(frame)
            } else {
                if indented { Self.breakLine(&writer, stack.count) }
                writer.byte(frame.names == nil ? UInt8(ascii: "]") : UInt8(ascii: "}"))
            }
        }
    }

    private struct Frame {
        let values: [JSONValue]
        let names: [String]?
        var index = 0
    }

    private static func breakLine(_ writer: inout JSONWriter, _ level: Int) {
        writer.byte(UInt8(ascii: "\n"))
        for _ in 0..<level { writer.raw("  ") }
    }

    private func writeScalar(into writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .bool(let flag): writer.bool(flag)
        case .number(let text): writer.raw(text: text)
        case .string(let text): writer.string(text)
        case .array: writer.raw("[]")
        case .object: writer.raw("{}")
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int) { self = .number(String(value)) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }
}
