// The generator: which operations can be asked next, from the links of representations.
internal import MuseJSON

/// The links between operations (OpenAPI 3.1, "Link Object"), from the links of representations.
enum OpenAPILinks {
    static func all(_ result: Shape, _ schema: Schema) -> [JSONValue.Member] {
        guard case .object(let name) = result, var object = schema.object(name) else { return [] }
        var root = ""
        if let item = object.item.flatMap(schema.object) {
            object = item
            root = "items/0/"
        }
        var links: [JSONValue.Member] = []
        for (relation, template) in object.links {
            let path = template.split(separator: "?", maxSplits: 1)
            guard let first = path.first else { continue }
            for method in schema.handled {
                for (index, place) in method.rest.enumerated() {
                    guard var values = match(String(first), place, root) else { continue }
                    if path.count > 1 {
                        guard let query = queryValues(String(path[1]), place, root) else {
                            continue
                        }
                        values += query
                    }
                    let id = EmitOpenAPI.operationID(method, index)
                    links.append(
                        .init(
                            "\(relation).\(id)",
                            EmitOpenAPI.object(
                                ("operationId", .string(id)), ("parameters", .object(values)))))
                }
            }
        }
        return links
    }

    /// The members that stand in a place's path; nil where the path is another.
    private static func match(
        _ path: String, _ place: RestPlace, _ root: String
    ) -> [JSONValue.Member]? {
        let words = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard words.count == place.pieces.count else { return nil }
        var values: [JSONValue.Member] = []
        for (word, piece) in zip(words, place.pieces) {
            switch piece {
            case .literal(let text): guard word == text else { return nil }
            case .param(_, let placeholder):
                guard word.hasPrefix("{"), word.hasSuffix("}") else { return nil }
                values.append(
                    .init("path.\(placeholder)", pointer(root, word.dropFirst().dropLast())))
            }
        }
        return values
    }

    private static func queryValues(
        _ query: String, _ place: RestPlace, _ root: String
    ) -> [JSONValue.Member]? {
        guard place.verb == "GET" else { return nil }
        let parts = query.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, parts[1].hasPrefix("{") else { return nil }
        return [.init("query.\(parts[0])", pointer(root, parts[1].dropFirst().dropLast()))]
    }

    private static func pointer(_ root: String, _ member: Substring) -> JSONValue {
        .string("$response.body#/" + root + member.replacing(".", with: "/"))
    }
}
