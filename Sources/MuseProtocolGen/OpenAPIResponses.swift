// The generator: what an operation of the OpenAPI document may be answered with: a representation
// or a problem, and their fields.
internal import MuseJSON

enum OpenAPIResponses {
    static func all(
        _ method: Method, _ place: RestPlace, _ index: Int, _ schema: Schema
    ) -> JSONValue {
        var answers: [(status: Int, value: JSONValue)] = [
            (place.status, success(method, place, schema))
        ]
        if OpenAPIParameters.isTagged(method, place) {
            answers.append(
                (304, described("What the caller has is current.", headers: ["ETag"])))
        }
        for (status, errors) in OpenAPIProblems.all(method, place, schema) {
            let name = OpenAPIProblems.name(status, errors)
            answers.append((status, reference(name)))
        }
        var members = answers.sorted { $0.status < $1.status }.map {
            JSONValue.Member(String($0.status), $0.value)
        }
        members.append(.init("default", reference("Problem")))
        return .object(members)
    }

    private static func reference(_ name: String) -> JSONValue {
        EmitOpenAPI.object(("$ref", .string("#/components/responses/\(name)")))
    }

    // MARK: Success

    private static func success(
        _ method: Method, _ place: RestPlace, _ schema: Schema
    ) -> JSONValue {
        var members: [JSONValue.Member] = [.init("description", .string(method.summary))]
        var headers: [String] = []
        if place.location != nil { headers.append("Location") }
        if OpenAPIParameters.isTagged(method, place) { headers.append("ETag") }
        if EmitREST.kind(method, place, schema) == "page" { headers.append("Link") }
        if !headers.isEmpty { members.append(.init("headers", references(headers))) }
        guard place.status != 204, let result = method.result else { return .object(members) }
        members.append(
            .init(
                "content",
                EmitOpenAPI.object(
                    (
                        "application/json",
                        EmitOpenAPI.object(("schema", representation(result, method, schema)))
                    ))))
        let links = OpenAPILinks.all(result, schema)
        if !links.isEmpty { members.append(.init("links", .object(links))) }
        return .object(members)
    }

    static func references(_ names: [String]) -> JSONValue {
        .object(
            names.map {
                JSONValue.Member(
                    $0, EmitOpenAPI.object(("$ref", .string("#/components/headers/\($0)"))))
            })
    }

    private static func described(_ text: String, headers: [String]) -> JSONValue {
        EmitOpenAPI.object(("description", .string(text)), ("headers", references(headers)))
    }

    private static func representation(
        _ result: Shape, _ method: Method, _ schema: Schema
    ) -> JSONValue {
        guard case .object(let name) = result, let object = schema.object(name) else {
            let methods = schema.document["methods"]?.array ?? []
            let found = methods.first { $0["name"]?.string == method.name }
            return OpenAPIComponents.plain(found?["result"]?["schema"] ?? .bool(true))
        }
        let own = EmitOpenAPI.object(("$ref", .string("#/components/schemas/\(name)")))
        guard !object.links.isEmpty else { return own }
        let links = EmitOpenAPI.object(("$ref", .string("#/components/schemas/\(name)Links")))
        return EmitOpenAPI.object(("allOf", .array([own, links])))
    }
}
