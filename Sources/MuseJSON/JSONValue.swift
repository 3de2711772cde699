// The JSON room: a tree of values, for tools, the command line and tests. Never on a request's
// path.

/// Any JSON value. Numbers keep their text; an object keeps its members' order.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// One member of an object.
    package struct Member: Sendable, Equatable {
        package var name: String
        package var value: JSONValue

        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    // MARK: Reading

    /// Reads a whole text; strict, nesting up to `depthMax` (at most 512). Without recursion.
    package init(_ bytes: Span<UInt8>, depthMax: Int = 64) throws(JSONError) {
        var reader = JSONReader(position: 0, end: bytes.count, depthMax: depthMax)
        self = try JSONValue(bytes, &reader)
        try reader.expectEnd(bytes)
    }

    /// Reads a whole text.
    package init(_ text: String, depthMax: Int = 64) throws(JSONError) {
        self = try JSONValue(text.utf8.span, depthMax: depthMax)
    }

    /// Reads the value at the reader's position.
    package init(_ bytes: Span<UInt8>, _ reader: inout JSONReader) throws(JSONError) {
        var stack: [Open] = []
        while true {
            var value: JSONValue
            if let scalar = try Self.scalar(bytes, &reader) {
                value = scalar
            } else {
                let isObject = try reader.kind(bytes) == .object
                isObject ? try reader.beginObject(bytes) : try reader.beginArray(bytes)
                stack.append(Open(isObject: isObject))
                if try stack[stack.count - 1].advance(bytes, &reader) { continue }
                value = stack.removeLast().value
            }
            while true {
                guard !stack.isEmpty else {
                    self = value
                    return
                }
                stack[stack.count - 1].add(value)
                if try stack[stack.count - 1].advance(bytes, &reader) { break }
                value = stack.removeLast().value
            }
        }
    }

    /// An array or object that is being read.
    private struct Open {
        let isObject: Bool
        var isFirst = true
        var name = ""
        var members: [Member] = []
        var elements: [JSONValue] = []

        init(isObject: Bool) {
            self.isObject = isObject
        }

        var value: JSONValue { isObject ? .object(members) : .array(elements) }

        mutating func add(_ value: JSONValue) {
            isObject ? members.append(Member(name, value)) : elements.append(value)
        }

        mutating func advance(
            _ bytes: Span<UInt8>, _ reader: inout JSONReader
        ) throws(JSONError) -> Bool {
            guard isObject else { return try reader.nextElement(bytes, isFirst: &isFirst) }
            guard let text = try reader.nextMember(bytes, isFirst: &isFirst) else { return false }
            name = text.string(bytes)
            return true
        }
    }

    private static func scalar(
        _ bytes: Span<UInt8>, _ reader: inout JSONReader
    ) throws(JSONError) -> JSONValue? {
        switch try reader.kind(bytes) {
        case .string: return .string(try reader.string(bytes).string(bytes))
        case .number: return .number(try reader.number(bytes).text(bytes))
        case .boolean: return .bool(try reader.boolean(bytes))
        case .null:
            try reader.null(bytes)
            return .null
        case .object, .array: return nil
        }
    }

    // MARK: Looking in

    /// The member of that name (the first, if it is repeated); nil if there is none or this is no
    /// object.
    package subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The element at that index; nil if there is none or this is no array.
    package subscript(_ index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    package var bool: Bool? {
        if case .bool(let flag) = self { flag } else { nil }
    }

    package var int: Int? {
        guard case .number(let text) = self else { return nil }
        let bytes = Array(text.utf8)
        var reader = JSONReader(position: 0, end: bytes.count)
        return (try? reader.number(bytes.span))?.int64(bytes.span).map(Int.init)
    }

    package var double: Double? {
        if case .number(let text) = self { Double(text) } else { nil }
    }

    package var array: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    package var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    package var isNull: Bool { self == .null }
}
