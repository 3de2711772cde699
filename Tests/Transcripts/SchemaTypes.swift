// Transcripts: the schema's types and errors, read from the schema itself, so that an answer
// that the server's own encoders got wrong is seen.
internal import Foundation
package import MuseJSON

/// What a string may be.
package enum Kinds {
    static let named: [String: @Sendable (JSONValue) -> Bool] = [
        "any": { _ in true },
        "string": { $0.string != nil },
        "text": { $0.string.map { !$0.isEmpty } ?? false },
        "int": { $0.int != nil },
        "bool": { $0.bool != nil },
        "object": { $0.members != nil },
        "list": { $0.array != nil },
        "id": { $0.string.map(isID) ?? false },
        "time": { $0.string.map(isTime) ?? false },
        "token": { $0.string.map(isToken) ?? false },
    ]

    package static func isID(_ text: String) -> Bool {
        text.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/)
            != nil
    }

    package static func isTime(_ text: String) -> Bool {
        text.wholeMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z/)
            != nil
    }

    package static func isToken(_ text: String) -> Bool {
        text.wholeMatch(of: /[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/) != nil
    }
}

/// The document Protocol/openrpc.json.
package struct SchemaTypes: Sendable {
    package let root: JSONValue

    init() throws {
        let url = Corpus.root.appending(path: "Protocol/openrpc.json")
        root = try JSONValue(String(contentsOf: url, encoding: .utf8))
    }

    func has(_ type: String) -> Bool { root["components"]?["schemas"]?[type] != nil }

    func error(_ name: String) -> JSONValue? { root["components"]?["errors"]?[name] }

    // MARK: Values

    /// A value of a type with exactly its required members and, of the optional ones, those named;
    /// what is named is looked at by its own pattern.
    func check(
        type: String, _ value: JSONValue, _ place: String, naming named: Set<String>
    ) throws {
        guard let schema = root["components"]?["schemas"]?[type] else {
            throw Differs("no type \(type)")
        }
        guard let properties = schema["properties"] else { return try check(schema, value, place) }
        let required = Set((schema["required"]?.array ?? []).compactMap(\.string))
        let optional = Set((properties.members ?? []).map(\.name)).intersection(named)
        try check(value, place, required.union(optional), properties, but: named)
    }

    private func check(
        _ value: JSONValue, _ place: String, _ expected: Set<String>, _ properties: JSONValue,
        but named: Set<String> = []
    ) throws {
        guard let members = value.members else {
            throw Differs("\(place): \(value.brief) is no object")
        }
        let there = Set(members.map(\.name))
        guard there == expected else {
            let more = there.subtracting(expected).sorted()
            let less = expected.subtracting(there).sorted()
            throw Differs("\(place): has \(more), lacks \(less)")
        }
        for member in members where !named.contains(member.name) {
            guard let schema = properties[member.name] else { continue }
            try check(schema, member.value, "\(place)/\(member.name)")
        }
    }

    private func check(_ schema: JSONValue, _ value: JSONValue, _ place: String) throws {
        if let reference = schema["$ref"]?.string {
            let type = reference.split(separator: "/").last.map(String.init) ?? ""
            return try check(type: type, value, place, naming: [])
        }
        if let choices = schema["oneOf"]?.array {
            for choice in choices where (try? check(choice, value, place)) != nil { return }
            throw Differs("\(place): \(value.brief) fits none of \(schema.brief)")
        }
        try check(kind: schema, value, place)
        switch value {
        case .string(let text):
            if schema["x-check"]?.string == "uuidv7", !Kinds.isID(text) {
                throw Differs("\(place): \(text) is no id")
            }
            if schema["format"]?.string == "date-time", !Kinds.isTime(text) {
                throw Differs("\(place): \(text) is no time")
            }
        case .number:
            guard let number = value.double else { break }
            if let least = schema["minimum"]?.double, number < least {
                throw Differs("\(place): \(number) is below \(least)")
            }
            if let most = schema["maximum"]?.double, number > most {
                throw Differs("\(place): \(number) is above \(most)")
            }
        case .array(let items):
            guard let item = schema["items"] else { break }
            for (index, value) in items.enumerated() { try check(item, value, "\(place)/\(index)") }
        case .object:
            guard let properties = schema["properties"] else { break }
            let required = Set((schema["required"]?.array ?? []).compactMap(\.string))
            try check(value, place, required, properties)
        default: break
        }
    }

    private func check(kind schema: JSONValue, _ value: JSONValue, _ place: String) throws {
        if let words = schema["enum"]?.array, !words.contains(where: { $0.equals(value) }) {
            throw Differs("\(place): \(value.brief) is none of \(words.map(\.brief))")
        }
        guard let type = schema["type"] else { return }
        let kinds = type.array?.compactMap(\.string) ?? [type.string ?? ""]
        let fits = kinds.contains { kind in
            switch kind {
            case "string": value.string != nil
            case "integer": value.int != nil
            case "number": value.double != nil
            case "boolean": value.bool != nil
            case "object": value.members != nil
            case "array": value.array != nil
            case "null": value.isNull
            default: false
            }
        }
        guard fits else { throw Differs("\(place): \(value.brief) is no \(type.brief)") }
    }

    // MARK: Errors

    /// An error's `data`: name, status, retry, and exactly the members that the schema states.
    func check(
        data: JSONValue, of name: String, _ place: String, naming named: Set<String>
    ) throws {
        let stated = error(name)?["data"] ?? .null
        let told = root["x-error-data"]?[name] ?? .null
        let properties = (told["properties"] ?? .null).adding(
            (told["optional"]?.members ?? []).filter { named.contains($0.name) })
        let more = Set((properties.members ?? []).map(\.name))
        try check(data, place, more.union(["name", "status", "retry"]), properties)
        for member in ["name", "status", "retry"] where data[member] != stated[member] {
            throw Differs("\(place)/\(member): \(data[member]?.brief ?? "nothing")")
        }
    }
}
