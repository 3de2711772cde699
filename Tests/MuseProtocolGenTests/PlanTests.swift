// Tests of the generator: what is generated is what is committed, always the same; what the schema
// cannot say is refused with its place.
internal import Foundation
internal import MuseJSON
internal import MuseProtocolGen
internal import Testing

/// The repository's top, and its schema.
enum Top {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: folder.appending(path: path), encoding: .utf8)
    }

    static func schema() throws -> JSONValue {
        try JSONValue(try text("Protocol/openrpc.json"))
    }
}

extension JSONValue {
    /// A copy with another value at a path of member names and indices.
    func replacing(_ path: [String], with value: JSONValue?) -> JSONValue {
        guard let head = path.first else { return value ?? .null }
        let rest = Array(path.dropFirst())
        switch self {
        case .object(var members):
            if let index = members.firstIndex(where: { $0.name == head }) {
                if rest.isEmpty, value == nil {
                    members.remove(at: index)
                } else {
                    members[index].value = members[index].value.replacing(rest, with: value)
                }
            } else if let value {
                members.append(Member(head, JSONValue.object([]).replacing(rest, with: value)))
            }
            return .object(members)
        case .array(var elements):
            guard let index = Int(head), elements.indices.contains(index) else { return self }
            elements[index] = elements[index].replacing(rest, with: value)
            return .array(elements)
        default: return self
        }
    }
}

@Suite struct PlanTests {
    @Test func `every generated file is what the schema gives`() throws {
        let files = try Plan.files(try Top.schema())
        #expect(files.count > 15)
        for file in files {
            #expect(try Top.text(file.path) == file.text, "\(file.path) is stale")
        }
    }

    @Test func `the plan is the same every time`() throws {
        let schema = try Top.schema()
        let first = try Plan.files(schema)
        let second = try Plan.files(schema)
        #expect(first.map(\.path) == second.map(\.path))
        #expect(first.map(\.text) == second.map(\.text))
        #expect(first.map(\.path) == first.map(\.path).sorted())
    }

    /// Places where one character of the schema is changed.
    static let changes: [([String], JSONValue)] = [
        (["info", "version"], "1.0.1"),
        (["methods", "0", "name"], "auth.registr"),
        (["methods", "0", "summary"], "Make an account and log in to it"),
        (["methods", "0", "params", "0", "required"], false),
        (["methods", "0", "params", "2", "x-needs"], "display_name"),
        (["methods", "0", "x-effect"], "read"),
        (["components", "schemas", "Username", "maxLength"], 31),
        (["components", "errors", "not_found", "code"], 1202),
        (["components", "errors", "not_found", "message"], "There is no such thin."),
        (["x-notifications", "0", "name"], "server.drainin"),
    ]

    @Test(arguments: 0..<changes.count)
    func `a change of the schema changes what is generated`(_ index: Int) throws {
        let (path, value) = Self.changes[index]
        let schema = try Top.schema()
        let before = Dictionary(
            uniqueKeysWithValues: try Plan.files(schema).map { ($0.path, $0.text) })
        let changed = schema.replacing(path, with: value)
        #expect(changed != schema)
        // A schema that can no longer be expressed is told as loudly.
        guard let after = try? Plan.files(changed) else { return }
        #expect(after.contains { before[$0.path] != $0.text })
    }

    static let refusals: [([String], JSONValue?, String)] = [
        (["info", "version"], nil, "/info/version"),
        (["x-hidden-methods"], nil, "/x-hidden-methods"),
        (
            ["components", "schemas", "Username", "multipleOf"], 3,
            "/components/schemas/Username/multipleOf"
        ),
        (
            ["components", "schemas", "Username", "x-check"], "klingon",
            "/components/schemas/Username/x-check"
        ),
        (
            ["components", "schemas", "Username", "x-check"], nil,
            "/components/schemas/Username/pattern"
        ),
        (
            ["components", "schemas", "Time", "format"], "duration",
            "/components/schemas/Time/format"
        ),
        (
            ["components", "schemas", "User", "required"], ["nothing"],
            "/components/schemas/User/required"
        ),
        (
            ["components", "schemas", "User", "properties", "id", "$ref"],
            "#/components/schemas/Nothing", "/components/schemas/User/properties/id/$ref"
        ),
        (
            ["components", "schemas", "User", "properties", "id", "$ref"],
            "https://example.com", "/components/schemas/User/properties/id/$ref"
        ),
        (["methods", "1", "name"], "auth.register", "/methods/1/name"),
        (["methods", "1", "name"], "login", "/methods/1/name"),
        (["methods", "1", "x-effect"], "maybe", "/methods/1/x-effect"),
        (["methods", "1", "x-auth"], "anybody", "/methods/1/x-auth"),
        (["methods", "1", "summary"], nil, "/methods/1/summary"),
        (["methods", "1", "params", "0", "required"], false, "/methods/1/params/1"),
        (["methods", "1", "params", "1", "name"], "username", "/methods/1/params/1"),
        (["methods", "1", "params", "0", "schema"], nil, "/methods/1/params/0/schema"),
        (
            ["methods", "1", "params", "2", "x-needs"], "nothing",
            "/methods/1/params/2/x-needs"
        ),
        (["methods", "1", "errors", "0", "$ref"], "#/components/errors/no", "/methods/1/errors/0"),
        (["methods", "1", "result", "schema"], nil, "/methods/1/result/schema"),
        (["components", "errors", "busy", "code"], 1201, "/components/errors/not_found/code"),
    ]

    @Test(arguments: 0..<refusals.count)
    func `what cannot be expressed is refused with its place`(_ index: Int) throws {
        let (path, value, pointer) = Self.refusals[index]
        let schema = try Top.schema().replacing(path, with: value)
        let error = #expect(throws: SchemaError.self) { try Plan.files(schema) }
        #expect(error?.pointer == pointer)
        #expect(error?.why.isEmpty == false)
    }
}
