// The generator: the problems of the OpenAPI document: which status each error of the schema has.
internal import MuseJSON

enum OpenAPIProblems {
    /// The statuses of errors, as the HTTP side maps them.
    static func status(_ error: ErrorType) -> Int {
        switch error.name {
        case "message_too_large": return 413
        case "method_not_found": return 404
        case "idempotency_mismatch": return 422
        case "conflict", "stale_revision": return 409
        default: break
        }
        switch error.status {
        case "invalid_argument", "failed_precondition": return 400
        case "unauthenticated": return 401
        case "permission_denied": return 403
        case "not_found": return 404
        case "already_exists", "aborted": return 409
        case "resource_exhausted": return 429
        case "canceled": return 499
        case "unavailable": return 503
        case "deadline_exceeded": return 504
        default: return 500
        }
    }

    /// The errors of an operation by status.
    static func all(
        _ method: Method, _ place: RestPlace, _ schema: Schema
    ) -> [(status: Int, errors: [ErrorType])] {
        var found: [(status: Int, errors: [ErrorType])] = []
        func add(_ status: Int, _ error: ErrorType) {
            if let index = found.firstIndex(where: { $0.status == status }) {
                found[index].errors.append(error)
            } else {
                found.append((status, [error]))
            }
        }
        let common = [
            "invalid_request", "internal", "busy", "draining", "rate_limited", "unavailable",
            "response_too_large",
        ]
        let ofBody = place.verb == "GET" ? [] : ["parse_error", "message_too_large"]
        for error in schema.errors {
            let isOwn = method.errors.contains(error.name)
            guard isOwn || common.contains(error.name) || ofBody.contains(error.name) else {
                continue
            }
            add(status(error), error)
            if error.name == "stale_revision", OpenAPIParameters.isGuarded(place, schema) {
                add(412, error)
            }
            guard error.name == "invalid_request" else { continue }
            add(406, error)
            if place.verb != "GET" { add(415, error) }
            if place.verb != "GET", !OpenAPIParameters.isGuarded(place, schema) { add(412, error) }
        }
        let deletes = OpenAPIParameters.isGuarded(place, schema)
        if deletes, !method.errors.contains("stale_revision"),
            let stale = schema.errors.first(where: { $0.name == "stale_revision" })
        {
            add(412, stale)
        }
        return found
    }

    /// The name under which the components have a problem.
    static func name(_ status: Int, _ errors: [ErrorType]) -> String {
        "\(status).\(errors.map(\.name).joined(separator: "."))"
    }

    /// The problems of all operations, each once.
    static func components(_ schema: Schema) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        for method in schema.handled {
            for place in method.rest {
                for (status, errors) in all(method, place, schema) {
                    let name = name(status, errors)
                    guard !members.contains(where: { $0.name == name }) else { continue }
                    members.append(.init(name, problem(status, errors)))
                }
            }
        }
        return members.sorted { $0.name < $1.name }
    }

    private static func problem(_ status: Int, _ errors: [ErrorType]) -> JSONValue {
        let codes = Set(errors.map(\.code)).sorted().map { JSONValue.number(String($0)) }
        let words = errors.map { "\($0.name): \($0.when)" }
        let narrowed = EmitOpenAPI.object(
            (
                "properties",
                EmitOpenAPI.object(
                    ("status", EmitOpenAPI.object(("const", .number(String(status))))),
                    ("code", EmitOpenAPI.object(("enum", .array(codes)))))
            ))
        let base = EmitOpenAPI.object(("$ref", "#/components/schemas/Problem"))
        var members: [JSONValue.Member] = [
            .init("description", .string(words.joined(separator: " ")))
        ]
        if status == 401 {
            members.append(.init("headers", OpenAPIResponses.references(["WWW-Authenticate"])))
        }
        if status == 429 || status == 503 {
            members.append(.init("headers", OpenAPIResponses.references(["Retry-After"])))
        }
        members.append(
            .init(
                "content",
                EmitOpenAPI.object(
                    (
                        "application/problem+json",
                        EmitOpenAPI.object(
                            ("schema", EmitOpenAPI.object(("allOf", .array([base, narrowed])))))
                    ))))
        return .object(members)
    }
}
