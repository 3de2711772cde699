// The generator: reading the parts of the schema document, strictly.
internal import MuseJSON

/// Turns the document into the model; every unknown keyword is an error.
struct SchemaReader {
    let document: JSONValue

    static let checks: Set<String> = ["uuidv7", "username", "line", "text", "email", "key"]
    private static let keywords: Set<String> = [
        "$ref", "type", "description", "minLength", "maxLength", "pattern", "format", "minimum",
        "maximum", "enum", "items", "oneOf", "properties", "required", "default",
        "additionalProperties", "x-check", "x-secret", "x-min-bytes", "x-max-bytes", "x-page",
    ]

    func read(into schema: inout Schema) throws(SchemaError) {
        let components = document["components"]?["schemas"]?.members ?? []
        for component in components {
            let at = "/components/schemas/\(component.name)"
            guard component.value["type"]?.string == "object" else {
                let shape = try shape(component.value, at, named: component.name)
                if case .choice(let words, _) = shape {
                    schema.choices.append((component.name, words))
                }
                continue
            }
            schema.objects.append(try object(component.name, component.value, at))
        }
        try readErrors(into: &schema)
        var names: Set<String> = []
        for (index, value) in (document["methods"]?.array ?? []).enumerated() {
            let method = try method(value, "/methods/\(index)", schema)
            guard names.insert(method.name).inserted else {
                throw SchemaError(pointer: "/methods/\(index)/name", why: "a second \(method.name)")
            }
            schema.methods.append(method)
        }
        for (index, value) in (document["x-notifications"]?.array ?? []).enumerated() {
            let at = "/x-notifications/\(index)"
            schema.notifications.append(
                (
                    try text(value, "name", at), try text(value, "summary", at),
                    try members(value, at), value["examples"]?.array ?? []
                ))
        }
    }

    private func text(_ value: JSONValue, _ name: String, _ at: String) throws(SchemaError)
        -> String
    {
        guard let text = value[name]?.string else {
            throw SchemaError(pointer: "\(at)/\(name)", why: "a string is needed")
        }
        return text
    }

    // MARK: Shapes

    func shape(_ value: JSONValue, _ at: String, named: String? = nil) throws(SchemaError) -> Shape
    {
        for member in value.members ?? [] where !Self.keywords.contains(member.name) {
            throw SchemaError(pointer: "\(at)/\(member.name)", why: "this keyword is not known")
        }
        if let reference = value["$ref"]?.string { return try resolve(reference, at) }
        if let options = value["oneOf"]?.array {
            guard options.count == 2, options[1]["type"]?.string == "null" else {
                throw SchemaError(pointer: "\(at)/oneOf", why: "only a type or null can be told")
            }
            return .nullable(try shape(options[0], "\(at)/oneOf/0"))
        }
        if let types = value["type"]?.array {
            if types == ["string", "null"] { return .nullable(.text(TextRules())) }
            if types == ["string", "number", "null"] { return .any }
            throw SchemaError(pointer: "\(at)/type", why: "this union cannot be told")
        }
        switch value["type"]?.string {
        case nil: return .any
        case "boolean": return .boolean
        case "integer":
            return .integer(min: value["minimum"]?.int, max: value["maximum"]?.int)
        case "array":
            guard let items = value["items"] else {
                throw SchemaError(pointer: "\(at)/items", why: "the items' type is needed")
            }
            return .list(try shape(items, "\(at)/items"))
        case "string": return try string(value, at, named)
        case "object":
            throw SchemaError(pointer: at, why: "objects are told in components alone")
        case let other?:
            throw SchemaError(pointer: "\(at)/type", why: "the type \(other) cannot be told")
        }
    }

    private func string(
        _ value: JSONValue, _ at: String, _ named: String?
    ) throws(SchemaError) -> Shape {
        if let words = value["enum"]?.array {
            return .choice(words.compactMap(\.string), type: named)
        }
        if let format = value["format"]?.string {
            guard format == "date-time" else {
                throw SchemaError(pointer: "\(at)/format", why: "the format \(format) is not known")
            }
            return .time
        }
        var rules = TextRules()
        rules.min = value["minLength"]?.int
        rules.max = value["maxLength"]?.int
        rules.minBytes = value["x-min-bytes"]?.int
        rules.maxBytes = value["x-max-bytes"]?.int
        rules.pattern = value["pattern"]?.string
        rules.check = value["x-check"]?.string
        rules.isSecret = value["x-secret"]?.bool ?? false
        guard (rules.pattern == nil) == (rules.check == nil) else {
            throw SchemaError(pointer: "\(at)/pattern", why: "a pattern needs its x-check")
        }
        if let check = rules.check, !Self.checks.contains(check) {
            throw SchemaError(pointer: "\(at)/x-check", why: "the check \(check) is not known")
        }
        return rules.check == "uuidv7" ? .id : .text(rules)
    }

    private func resolve(_ reference: String, _ at: String) throws(SchemaError) -> Shape {
        let prefix = "#/components/schemas/"
        guard reference.hasPrefix(prefix) else {
            throw SchemaError(pointer: "\(at)/$ref", why: "references go to components alone")
        }
        let name = String(reference.dropFirst(prefix.count))
        guard let target = document["components"]?["schemas"]?[name] else {
            throw SchemaError(pointer: "\(at)/$ref", why: "there is no \(name)")
        }
        if target["type"]?.string == "object" { return .object(name) }
        guard target["$ref"] == nil else {
            throw SchemaError(pointer: "\(at)/$ref", why: "a reference to a reference")
        }
        return try shape(target, "/components/schemas/\(name)", named: name)
    }

    // MARK: Objects, methods, errors

    private func object(
        _ name: String, _ value: JSONValue, _ at: String
    ) throws(SchemaError) -> ObjectType {
        let required = Set((value["required"]?.array ?? []).compactMap(\.string))
        var members: [Member] = []
        for property in value["properties"]?.members ?? [] {
            let place = "\(at)/properties/\(property.name)"
            members.append(
                Member(
                    name: property.name, summary: property.value["description"]?.string,
                    shape: try shape(property.value, place),
                    isRequired: required.contains(property.name)))
        }
        for name in required where !members.contains(where: { $0.name == name }) {
            throw SchemaError(pointer: "\(at)/required", why: "\(name) is no property")
        }
        return ObjectType(
            name: name, summary: value["description"]?.string ?? "", members: members,
            isPage: value["x-page"]?.bool ?? false,
            links: (value["x-links"]?.members ?? []).map { ($0.name, $0.value.string ?? "") })
    }

    private func members(_ value: JSONValue, _ at: String) throws(SchemaError) -> [Member] {
        var members: [Member] = []
        for (index, param) in (value["params"]?.array ?? []).enumerated() {
            let place = "\(at)/params/\(index)"
            guard let schema = param["schema"] else {
                throw SchemaError(pointer: "\(place)/schema", why: "a schema is needed")
            }
            var member = Member(
                name: try text(param, "name", place), summary: param["summary"]?.string,
                shape: try shape(schema, "\(place)/schema"),
                isRequired: param["required"]?.bool ?? false)
            member.binds = param["x-binds"]?.bool ?? false
            member.isClearable = param["x-clearable"]?.bool ?? false
            member.needs = param["x-needs"]?.string
            if member.isRequired, members.contains(where: { !$0.isRequired }) {
                throw SchemaError(pointer: place, why: "a required param after an optional one")
            }
            if members.contains(where: { $0.name == member.name }) {
                throw SchemaError(pointer: place, why: "a second \(member.name)")
            }
            members.append(member)
        }
        for (index, member) in members.enumerated() {
            guard let needs = member.needs else { continue }
            guard members.contains(where: { $0.name == needs }) else {
                throw SchemaError(
                    pointer: "\(at)/params/\(index)/x-needs", why: "\(needs) is no param")
            }
        }
        return members
    }

    private func method(
        _ value: JSONValue, _ at: String, _ schema: Schema
    ) throws(SchemaError) -> Method {
        let name = try text(value, "name", at)
        guard name.split(separator: ".").count == 2 else {
            throw SchemaError(pointer: "\(at)/name", why: "a name is namespace.verb")
        }
        var errors: [String] = []
        for (index, error) in (value["errors"]?.array ?? []).enumerated() {
            let prefix = "#/components/errors/"
            guard let reference = error["$ref"]?.string, reference.hasPrefix(prefix),
                schema.errors.contains(where: { $0.name == reference.dropFirst(prefix.count) })
            else { throw SchemaError(pointer: "\(at)/errors/\(index)", why: "no such error") }
            errors.append(String(reference.dropFirst(prefix.count)))
        }
        let effect = try text(value, "x-effect", at)
        guard ["none", "read", "write", "session"].contains(effect) else {
            throw SchemaError(pointer: "\(at)/x-effect", why: "none, read, write or session")
        }
        let auth = try text(value, "x-auth", at)
        guard ["nobody", "caller", "owner", "moderator", "admin", "operator"].contains(auth) else {
            throw SchemaError(pointer: "\(at)/x-auth", why: "the access \(auth) is not known")
        }
        var result: Shape?
        if let descriptor = value["result"] {
            guard let schema = descriptor["schema"] else {
                throw SchemaError(pointer: "\(at)/result/schema", why: "a schema is needed")
            }
            result = try shape(schema, "\(at)/result/schema")
        }
        let params = try members(value, at)
        return Method(
            name: name, summary: try text(value, "summary", at),
            note: value["description"]?.string, params: params, result: result,
            errors: errors, effect: effect, auth: auth,
            authOr: (value["x-auth-or"]?.array ?? []).compactMap(\.string),
            token: value["x-token"]?.string ?? "checked",
            oneOf: (value["x-one-of"]?.array ?? []).compactMap(\.string),
            rest: try RestPlace.all(value, at, params), examples: value["examples"]?.array ?? [])
    }

    private func readErrors(into schema: inout Schema) throws(SchemaError) {
        for error in document["components"]?["errors"]?.members ?? [] {
            let at = "/components/errors/\(error.name)"
            guard let code = error.value["code"]?.int, let data = error.value["data"] else {
                throw SchemaError(pointer: at, why: "a code and data are needed")
            }
            guard !schema.errors.contains(where: { $0.code == code }) else {
                throw SchemaError(pointer: "\(at)/code", why: "a second error \(code)")
            }
            let extra = document["x-error-data"]?[error.name]
            let place = "/x-error-data/\(error.name)"
            schema.errors.append(
                ErrorType(
                    name: error.name, code: code, message: try text(error.value, "message", at),
                    status: try text(data, "status", "\(at)/data"),
                    retry: try text(data, "retry", "\(at)/data"),
                    when: extra?["when"]?.string ?? "",
                    data: try dataMembers(extra?["properties"], "\(place)/properties", true),
                    optional: try dataMembers(extra?["optional"], "\(place)/optional", false)))
        }
        schema.commonErrors = (document["x-common-errors"]?.array ?? []).compactMap(\.string)
    }

    private func dataMembers(
        _ value: JSONValue?, _ at: String, _ isRequired: Bool
    ) throws(SchemaError) -> [Member] {
        var members: [Member] = []
        for property in value?.members ?? [] {
            members.append(
                Member(
                    name: property.name, summary: nil,
                    shape: try shape(property.value, "\(at)/\(property.name)"),
                    isRequired: isRequired))
        }
        return members
    }
}
