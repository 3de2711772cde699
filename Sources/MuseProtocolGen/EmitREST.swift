// The generator: the routes of the HTTP side, and the way from a route to its handler. Its
// representations are those of the lines, with links.

enum EmitREST {
    // MARK: Routes

    static func routes(_ schema: Schema) -> String {
        var paths: [String] = []
        for method in schema.handled {
            for place in method.rest where !paths.contains(place.path) { paths.append(place.path) }
        }
        var text = Banner.swift + "internal import MentalMuseProtocol\n\n"
        text += "extension Resource {\n"
        text += "    /// Every path of the schema, with what may be done there.\n"
        text += "    static let all: [Resource] = [\n"
        for path in paths { text += resource(path, schema) }
        return text + "    ]\n}\n"
    }

    private static func resource(_ path: String, _ schema: Schema) -> String {
        var pieces: [RestPlace.Piece] = []
        var operations = ""
        for method in schema.handled {
            for place in method.rest where place.path == path {
                pieces = place.pieces
                operations += operation(method, place, schema)
            }
        }
        let list = pieces.map { piece in
            switch piece {
            case .literal(let text): ".literal(\(literal(text)))"
            case .param: ".param"
            }
        }
        return """
                    Resource(
                        \(literal(path)), [\(list.joined(separator: ", "))],
                        [
            \(operations)            ]),

            """
    }

    private static func operation(
        _ method: Method, _ place: RestPlace, _ schema: Schema
    ) -> String {
        let path = place.pathParams.map(literal).joined(separator: ", ")
        let numbers = method.params.filter { if case .integer = $0.shape { true } else { false } }
        let query = place.verb == "GET" ? numbers.map { literal($0.name) } : []
        let binding = method.params.filter(\.binds).map { literal($0.name) }
        return """
                            Operation(
                                .\(method.swift), .\(place.verb.lowercased()), status: \(place.status), kind: .\(kind(method, place, schema)),
                                inPath: [\(path)], numbers: [\(query.joined(separator: ", "))], withheld: [\(binding.joined(separator: ", "))]),

            """
    }

    /// What comes back.
    static func kind(_ method: Method, _ place: RestPlace, _ schema: Schema) -> String {
        if place.status == 204 { return "nothing" }
        guard case .object(let name)? = method.result else { return "value" }
        if schema.object(name)?.isPage ?? false { return "page" }
        let isSecret = schema.object(name)?.members.contains { $0.shape.isSecret } ?? false
        return isSecret ? "secret" : "object"
    }

    // MARK: Representations

    static func representations(_ schema: Schema) -> String {
        var text = Banner.swift
        text += "internal import MentalMuseProtocol\ninternal import MuseBase\n"
        text += "internal import MuseJSON\n"
        text += "internal import MuseRPC\n\n"
        text += """
            /// Runs a method and appends its representation: the object with its links, or a page.
            /// - Returns: where the new thing is, of a method that makes one.
            func represent(
                _ invocation: Invocation, _ call: Call, methods: borrowing Methods,
                into writer: inout JSONWriter
            ) async throws(RPCError) -> String? {
                switch invocation {

            """
        for method in schema.handled where !method.rest.isEmpty { text += run(method, schema) }
        text += """
                default: throw RPCError.methodNotFound(didYouMean: nil)
                }
            }

            """
        let names = Set(
            schema.handled.compactMap { method -> String? in
                guard !method.rest.isEmpty, case .object(let name)? = method.result else {
                    return nil
                }
                return name
            })
        for object in schema.objects where names.contains(object.name) && !object.links.isEmpty {
            text += links(object, schema)
        }
        return text
    }

    private static func run(_ method: Method, _ schema: Schema) -> String {
        let marker = method.effect == "none" ? "" : "await "
        let target = "methods.\(method.namespace).\(method.verb)(params, call"
        var text = "    case .\(method.swift)(let params):\n"
        guard case .object(let name)? = method.result, let object = schema.object(name) else {
            text += "        let result = try \(marker)\(target))\n"
            text += (method.result ?? .any).encode("result", "        ").replacing(
                "writer.text(", with: "writer.string(")
            return text + "        return nil\n"
        }
        if object.isPage {
            return text + "        try \(marker)\(target), into: &writer)\n        return nil\n"
        }
        text += "        let result = try \(marker)\(target))\n"
        text += "        result.encode(into: &writer)\n"
        if !object.links.isEmpty { text += "        result.link(into: &writer)\n" }
        let location = method.rest.compactMap(\.location).first
        return text + "        return \(location.map { expression($0, "result.") } ?? "nil")\n"
    }

    private static func links(_ object: ObjectType, _ schema: Schema) -> String {
        var text = """

            extension \(object.name) {
                /// Appends its links, after it was appended itself.
                fileprivate func link(into writer: inout JSONWriter) {
                    writer.truncate(to: writer.count - 1)
                    writer.raw(",\\"links\\":{")

            """
        for (index, link) in object.links.enumerated() {
            let name = "\(index == 0 ? "" : ",")\"\(link.relation)\":\""
            text += "        writer.raw(\(literal(name)))\n"
            for piece in split(link.template) {
                switch piece {
                case .literal(let words): text += "        writer.raw(\(literal(words)))\n"
                case .param(let member, _):
                    text += "        writer.raw(text: \(Names.path(member)).description)\n"
                }
            }
            text += "        writer.raw(\"\\\"\")\n"
        }
        return text + "        writer.raw(\"}}\")\n    }\n}\n"
    }

    /// A template as an interpolated literal.
    private static func expression(_ template: String, _ root: String) -> String {
        var text = "\""
        for piece in split(template) {
            switch piece {
            case .literal(let words): text += words
            case .param(let member, _): text += "\\(\(root)\(Names.path(member)))"
            }
        }
        return text + "\""
    }

    /// A template's words and the members in braces.
    static func split(_ template: String) -> [RestPlace.Piece] {
        var pieces: [RestPlace.Piece] = []
        var rest = template[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            if open > rest.startIndex { pieces.append(.literal(String(rest[..<open]))) }
            let name = String(rest[rest.index(after: open)..<close])
            pieces.append(.param(name, placeholder: name))
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { pieces.append(.literal(String(rest))) }
        return pieces
    }
}

extension Names {
    /// `author.id`, `post_id` as the properties they are.
    static func path(_ members: String) -> String {
        members.split(separator: ".").map { lowerCamel(String($0)) }.joined(separator: ".")
    }
}
