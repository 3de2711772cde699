// The generator: the same operations as an OpenAPI 3.1 document, for REST's own tools. Types and
// constraints are the schema's; what HTTP adds is told here, once.
internal import MuseJSON

enum EmitOpenAPI {
    /// The document for the repository.
    static func file(_ schema: Schema) -> String {
        document(schema).text(indented: true) + "\n"
    }

    /// The document as the server serves it.
    static func embedded(_ schema: Schema) -> String {
        // Not in ASCII: tools that read it as YAML take no surrogate pairs.
        let text = document(schema).text()
        return Banner.swift + """

            /// The OpenAPI document, as `/openapi.json` gives it.
            enum OpenAPIDocument {
                /// The document as compact JSON.
                static let text: StaticString = ###"\(text)"###
            }

            """
    }

    static func document(_ schema: Schema) -> JSONValue {
        let info = schema.document["info"]
        return object(
            ("openapi", "3.1.0"),
            (
                "info",
                object(
                    ("title", "MentalMuse over HTTP"), ("version", .string(schema.version)),
                    (
                        "description",
                        "The operations of MentalMuse RPC as resources. Made from Protocol/openrpc.json."
                    ),
                    (
                        "license",
                        object(("name", .string(info?["license"]?["name"]?.string ?? "")))
                    ))
            ),
            ("servers", .array([object(("url", "/"))])), ("tags", tags(schema)),
            ("paths", paths(schema)), ("components", OpenAPIComponents.all(schema)))
    }

    static func object(_ members: (String, JSONValue)...) -> JSONValue {
        .object(members.map { JSONValue.Member($0.0, $0.1) })
    }

    private static func tags(_ schema: Schema) -> JSONValue {
        .array(
            schema.namespaces.filter { name in
                schema.handled.contains { $0.namespace == name && !$0.rest.isEmpty }
            }.map { object(("name", .string($0))) })
    }

    // MARK: Paths

    private static func paths(_ schema: Schema) -> JSONValue {
        var names: [String] = []
        for method in schema.handled {
            for place in method.rest where !names.contains(place.path) { names.append(place.path) }
        }
        return .object(
            names.map { path in
                var members: [JSONValue.Member] = []
                for method in schema.handled {
                    for (index, place) in method.rest.enumerated() where place.path == path {
                        members.append(
                            JSONValue.Member(
                                place.verb.lowercased(),
                                operation(method, place, index, schema)))
                    }
                }
                return JSONValue.Member(path, .object(members))
            })
    }

    private static func operation(
        _ method: Method, _ place: RestPlace, _ index: Int, _ schema: Schema
    ) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("operationId", .string(operationID(method, index))),
            .init("tags", .array([.string(method.namespace)])),
            .init("summary", .string(method.summary)),
        ]
        if let note = method.note { members.append(.init("description", .string(note))) }
        members.append(.init("security", security(method)))
        let parameters = OpenAPIParameters.all(method, place, schema)
        if !parameters.isEmpty { members.append(.init("parameters", .array(parameters))) }
        if let body = OpenAPIParameters.body(method, place, schema) {
            members.append(.init("requestBody", body))
        }
        members.append(
            .init("responses", OpenAPIResponses.all(method, place, index, schema)))
        return .object(members)
    }

    /// A method's name; its second place has a name of its own.
    static func operationID(_ method: Method, _ index: Int) -> String {
        guard index > 0 else { return method.name }
        return method.name + "_by_" + method.rest[index].pathParams.joined(separator: "_and_")
    }

    /// Who may call it: nobody in particular, anybody or a caller, a caller.
    private static func security(_ method: Method) -> JSONValue {
        let bearer = object(("bearer", .array([])))
        if method.token == "ignored" { return .array([]) }
        return method.auth == "nobody" || method.token == "own"
            ? .array([object(), bearer]) : .array([bearer])
    }
}
