// The generator: what a request of the OpenAPI document may carry: params of path, query and head,
// and a body.
internal import MuseJSON

enum OpenAPIParameters {
    /// The params of an operation, in the order path, query, head.
    static func all(_ method: Method, _ place: RestPlace, _ schema: Schema) -> [JSONValue] {
        var list: [JSONValue] = []
        for case .param(let name, let placeholder) in place.pieces {
            guard let schema = value(name, method, schema) else { continue }
            list.append(
                EmitOpenAPI.object(
                    ("name", .string(placeholder)), ("in", "path"), ("required", .bool(true)),
                    ("schema", schema)))
        }
        if place.verb == "GET" {
            for member in rest(method, place) {
                guard let schema = value(member.name, method, schema) else { continue }
                list.append(
                    EmitOpenAPI.object(
                        ("name", .string(member.name)), ("in", "query"),
                        ("required", .bool(member.isRequired)), ("schema", schema)))
            }
        }
        let names = headers(method, place, schema)
        return list
            + names.map {
                EmitOpenAPI.object(("$ref", .string("#/components/parameters/\($0)")))
            }
    }

    private static func headers(
        _ method: Method, _ place: RestPlace, _ schema: Schema
    ) -> [String] {
        guard place.verb != "GET" else {
            return isTagged(method, place) ? ["IfNoneMatch"] : []
        }
        var names = ["IdempotencyKey"]
        if isGuarded(place, schema) { names.append("IfMatch") }
        return names
    }

    /// Whether its answer has a tag.
    static func isTagged(_ method: Method, _ place: RestPlace) -> Bool {
        place.verb == "GET" && (method.effect == "read" && method.auth != "admin")
            || method.name == "auth.jwks"
    }

    /// Whether what it changes can be read at its own path.
    static func isGuarded(_ place: RestPlace, _ schema: Schema) -> Bool {
        guard ["PATCH", "PUT", "DELETE"].contains(place.verb) else { return false }
        return schema.handled.contains { method in
            method.rest.contains { $0.verb == "GET" && $0.path == place.path }
        }
    }

    /// The params that are neither in the path nor without meaning over HTTP. Of those of which one
    /// is wanted, the path has it.
    static func rest(_ method: Method, _ place: RestPlace) -> [Member] {
        method.params.filter { member in
            !place.pathParams.contains(member.name) && !member.binds
                && !method.oneOf.contains(member.name)
        }
    }

    /// A param's own schema, as the document has it.
    private static func value(
        _ name: String, _ method: Method, _ schema: Schema
    ) -> JSONValue? {
        let methods = schema.document["methods"]?.array ?? []
        let found = methods.first { $0["name"]?.string == method.name }
        let param = (found?["params"]?.array ?? []).first { $0["name"]?.string == name }
        return param?["schema"].map(OpenAPIComponents.plain)
    }

    // MARK: Body

    /// The body of an operation; nil where it has none.
    static func body(
        _ method: Method, _ place: RestPlace, _ schema: Schema
    ) -> JSONValue? {
        let members = rest(method, place)
        guard place.verb != "GET", !members.isEmpty else { return nil }
        var properties: [JSONValue.Member] = []
        var needs: [JSONValue.Member] = []
        for member in members {
            guard let own = value(member.name, method, schema) else { continue }
            properties.append(.init(member.name, member.isRequired ? own : nullable(own)))
            guard let name = member.needs, let needed = value(name, method, schema) else {
                continue
            }
            needs.append(
                .init(
                    member.name,
                    EmitOpenAPI.object(
                        ("required", .array([.string(name)])),
                        ("properties", EmitOpenAPI.object((name, needed))))))
        }
        var type: [JSONValue.Member] = [
            .init("type", "object"), .init("properties", .object(properties)),
        ]
        let required = members.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { type.append(.init("required", .array(required))) }
        if !needs.isEmpty { type.append(.init("dependentSchemas", .object(needs))) }
        type.append(.init("additionalProperties", .bool(false)))
        return EmitOpenAPI.object(
            ("required", .bool(!required.isEmpty)),
            (
                "content",
                EmitOpenAPI.object(
                    ("application/json", EmitOpenAPI.object(("schema", .object(type)))))
            ))
    }

    /// A null for a member that may be absent is its absence.
    private static func nullable(_ own: JSONValue) -> JSONValue {
        if own["oneOf"] != nil { return own }
        return EmitOpenAPI.object(
            ("oneOf", .array([own, EmitOpenAPI.object(("type", "null"))])))
    }
}
