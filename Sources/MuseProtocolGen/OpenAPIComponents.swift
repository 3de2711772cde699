// The generator: the types, fields and params that operations of the OpenAPI document share.
internal import MuseJSON

enum OpenAPIComponents {
    static func all(_ schema: Schema) -> JSONValue {
        EmitOpenAPI.object(
            ("schemas", schemas(schema)), ("parameters", parameters), ("headers", headers),
            ("responses", responses(schema)),
            (
                "securitySchemes",
                EmitOpenAPI.object(
                    (
                        "bearer",
                        EmitOpenAPI.object(
                            ("type", "http"), ("scheme", "bearer"), ("bearerFormat", "JWT"))
                    ))
            ))
    }

    private static func responses(_ schema: Schema) -> JSONValue {
        let type = EmitOpenAPI.object(("$ref", "#/components/schemas/Problem"))
        let content = EmitOpenAPI.object(
            ("application/problem+json", EmitOpenAPI.object(("schema", type))))
        let any = EmitOpenAPI.object(
            ("description", "A refusal or failure (RFC 9457)."), ("content", content))
        return .object([.init("Problem", any)] + OpenAPIProblems.components(schema))
    }

    /// A schema without what is ours alone.
    static func plain(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            .object(
                members.filter { !$0.name.hasPrefix("x-") }.map {
                    JSONValue.Member($0.name, plain($0.value))
                })
        case .array(let elements): .array(elements.map(plain))
        default: value
        }
    }

    // MARK: Types

    private static func schemas(_ schema: Schema) -> JSONValue {
        let all = schema.document["components"]?["schemas"]?.members ?? []
        var wanted: Set<String> = ["IdempotencyKey"]
        for method in schema.handled where !method.rest.isEmpty {
            let found = (schema.document["methods"]?.array ?? []).first {
                $0["name"]?.string == method.name
            }
            collect(found ?? .null, all, &wanted)
        }
        var members: [JSONValue.Member] = []
        for type in all where wanted.contains(type.name) {
            members.append(.init(type.name, plain(type.value)))
            if let object = schema.object(type.name), !object.links.isEmpty,
                schema.handled.contains(where: { $0.result == .object(type.name) })
            {
                members.append(.init(type.name + "Links", links(object)))
            }
        }
        members.append(.init("Problem", problem(schema)))
        return .object(members)
    }

    /// The names of the types that a value refers to, and of those that they refer to.
    private static func collect(
        _ value: JSONValue, _ all: [JSONValue.Member], _ found: inout Set<String>
    ) {
        var waiting = [value]
        while let next = waiting.popLast() {
            switch next {
            case .array(let elements): waiting += elements
            case .object(let members):
                for member in members {
                    guard member.name == "$ref",
                        let name = member.value.string?.split(
                            separator: "/"
                        ).last.map(String.init)
                    else {
                        waiting.append(member.value)
                        continue
                    }
                    guard found.insert(name).inserted else { continue }
                    if let type = all.first(where: { $0.name == name }) {
                        waiting.append(type.value)
                    }
                }
            default: break
            }
        }
    }

    private static func links(_ object: ObjectType) -> JSONValue {
        let path = EmitOpenAPI.object(("type", "string"), ("pattern", "^/"))
        let names = object.links.map { JSONValue.string($0.relation) }
        return EmitOpenAPI.object(
            ("type", "object"),
            (
                "properties",
                EmitOpenAPI.object(
                    (
                        "links",
                        EmitOpenAPI.object(
                            ("type", "object"),
                            (
                                "properties",
                                .object(object.links.map { .init($0.relation, path) })
                            ),
                            ("required", .array(names)))
                    ))
            ), ("required", .array(["links"])))
    }

    private static func problem(_ schema: Schema) -> JSONValue {
        func type(_ name: String) -> JSONValue { EmitOpenAPI.object(("type", .string(name))) }
        let data = EmitOpenAPI.object(
            ("type", "object"), ("description", "What a line's error has as data."),
            (
                "properties",
                EmitOpenAPI.object(
                    ("name", type("string")), ("status", type("string")),
                    ("retry", type("string")))
            ), ("required", .array(["name", "status", "retry"])))
        return EmitOpenAPI.object(
            ("type", "object"), ("description", "Problem details (RFC 9457)."),
            (
                "properties",
                EmitOpenAPI.object(
                    ("type", type("string")), ("title", type("string")),
                    ("status", type("integer")), ("code", type("integer")), ("data", data))
            ), ("required", .array(["type", "title", "status", "code", "data"])))
    }

    // MARK: Head

    private static let parameters = EmitOpenAPI.object(
        ("IdempotencyKey", header("Idempotency-Key", "#/components/schemas/IdempotencyKey")),
        ("IfMatch", header("If-Match", nil)), ("IfNoneMatch", header("If-None-Match", nil)))

    private static func header(_ name: String, _ reference: String?) -> JSONValue {
        let type =
            reference.map { EmitOpenAPI.object(("$ref", .string($0))) }
            ?? EmitOpenAPI.object(("type", "string"))
        return EmitOpenAPI.object(
            ("name", .string(name)), ("in", "header"), ("required", .bool(false)),
            ("schema", type))
    }

    private static let headers = EmitOpenAPI.object(
        ("ETag", told("The state of what was sent, and its coding.")),
        ("Link", told("Where the next page is, with rel=\"next\".")),
        ("Location", told("Where the new thing is.")),
        ("Retry-After", told("Seconds.")),
        ("WWW-Authenticate", told("That a bearer's token is wanted, and what was wrong with it.")))

    private static func told(_ words: String) -> JSONValue {
        EmitOpenAPI.object(
            ("description", .string(words)),
            ("schema", EmitOpenAPI.object(("type", "string"))))
    }
}
