// Conformance tests: every example of the schema is what the real server does in the world that the
// schema describes (x-example-world). They are what help and the reference show.
internal import MuseBase
internal import MuseJSON
internal import Testing
internal import Transcripts

/// One example of a method.
struct Example: Sendable, CustomTestStringConvertible {
    let method: String
    let value: JSONValue
    var testDescription: String { "\(method): \(value["name"]?.string ?? "")" }

    static let all: [Example] = {
        guard let schema = try? Corpus.schema.get() else { return [] }
        return (schema.root["methods"]?.array ?? []).flatMap { method in
            (method["examples"]?.array ?? []).map {
                Example(method: method["name"]?.string ?? "", value: $0)
            }
        }
    }()

    /// The params by name.
    var params: JSONValue {
        .object(
            (value["params"]?.array ?? []).map {
                .init($0["name"]?.string ?? "", $0["value"] ?? .null)
            })
    }
}

extension Wire {
    /// Sends one request, and gives the next line.
    fileprivate func ask(_ id: Int, _ method: String, _ params: JSONValue) throws -> JSONValue {
        let request: JSONValue = .object([
            "jsonrpc": .string("2.0"), "id": .number(id), "method": .string(method),
            "params": params,
        ])
        try send(Array((request.text() + "\n").utf8))
        guard let line = try line() else { throw Differs("closed") }
        return try JSONValue(line.span)
    }
}

/// The world of the examples on a server of its own: who is there, and what stands for which id.
private final class World {
    private let wire: Wire
    private let admin: Wire
    private let shape = Shape()
    private var grants: [String: JSONValue] = [:]
    private var count = 0

    init(_ server: Server, _ schema: SchemaTypes) throws {
        wire = try Wire(server.place("tcp"))
        admin = try Wire(server.place("admin"))
        for step in schema.root["x-example-world"]?.array ?? [] {
            let answer = try call(
                step["method"]?.string ?? "", step["params"] ?? .object([]), as: step["as"]?.string)
            guard let result = answer["result"] else { throw Differs("the world: \(answer.brief)") }
            if let name = step["signs_in"]?.string { grants[name] = result }
            for bind in step["bind"]?.members ?? [] {
                let path = (bind.value.string ?? "").split(separator: "/").map(String.init)
                let found = path.reduce(Optional(result)) { $0?[$1] }
                shape.bound[bind.name] = found?.string
            }
        }
    }

    func call(_ method: String, _ params: JSONValue, as name: String?) throws -> JSONValue {
        count += 1
        var filled = shape.filled(params)
        if let name, let grant = grants[name] {
            filled = .object(
                (filled.members ?? []).map { member in
                    switch member.value.string {
                    case "$refresh_token": .init(member.name, grant["refresh_token"] ?? .null)
                    case "$access_token": .init(member.name, grant["access_token"] ?? .null)
                    default: member
                    }
                })
            let meta: JSONValue = .object(["access_token": grant["access_token"] ?? .null])
            filled = filled.adding([.init("_meta", meta)])
        }
        return try (name == "operator" ? admin : wire).ask(count, method, filled)
    }

    func compare(_ written: JSONValue, _ given: JSONValue) throws {
        try shape.compare(written, given)
    }
}

struct ExampleTests {
    @Test(arguments: Example.all)
    func `an example of the schema is what the server does`(example: Example) throws {
        let schema = try Corpus.schema.get()
        let server = try Program.server(
            flags: ["--login-failures-address-max=100"], alone: true)
        let world = try World(server, schema)
        let answer = try world.call(
            example.method, example.params, as: example.value["x-as"]?.string)
        if let name = example.value["x-error"]?.string {
            #expect(answer["error"]?["data"]?["name"]?.string == name, "\(answer.brief)")
        } else {
            let result = try #require(answer["result"], "\(answer.brief)")
            try world.compare(example.value["result"]?["value"] ?? .null, result)
        }
    }

    /// Of every method that the schema says it of, by its first example; and with it all sessions
    /// are to end, where a method has a rule of its own for tokens.
    @Test func `an expired token is told by every method that may say so`() throws {
        let methods = try Corpus.schema.get().root["methods"]?.array ?? []
        let server = try Program.server(flags: ["--access-seconds=0"], alone: false)
        let wire = try Wire(server.place("tcp"))
        let grant = try wire.ask(
            0, "auth.register",
            .object([
                "username": .string("late_\(UInt32.random(in: 0 ... .max))"),
                "password": .string("seven late owls"),
            ]))
        let token = try #require(grant["result"]?["access_token"])
        var told = 0
        for method in methods
        where (method["errors"]?.array ?? []).contains(where: {
            $0["$ref"]?.string?.hasSuffix("/token_expired") ?? false
        }) {
            let name = method["name"]?.string ?? ""
            let example = try #require(Example.all.first { $0.method == name })
            var members = (example.params.members ?? []).map { member -> JSONValue.Member in
                member.value.string == "$access_token" ? .init(member.name, token) : member
            }
            if method["x-token"]?.string == "own" { members.append(.init("all", .bool(true))) }
            members.append(.init("_meta", .object(["access_token": token])))
            told += 1
            let answer = try wire.ask(told, name, .object(members))
            #expect(answer["error"]?["data"]?["name"]?.string == "token_expired", "\(name)")
        }
        #expect(told > 20)
    }

    @Test func `there are examples`() {
        #expect(Example.all.count > 50)
    }
}
