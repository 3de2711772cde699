// The client's side: the schema document as tables, for typing params, for help and for completion.
internal import MentalMuseProtocol
internal import MuseJSON
internal import MuseOptions

/// A param of a method, as far as a command line needs to know it.
struct ParamInfo: Sendable {
    enum Kind: String, Sendable {
        case string, integer, number, boolean
        /// Several kinds, or none that a word can write.
        case any
    }

    let name: String
    let kind: Kind
    let isRequired: Bool
    /// Never shown, never logged; read without echo.
    let isSecret: Bool
    /// The words it may be; empty for any.
    let choices: [String]
    /// What the schema asks of it, in short: `integer, 1 to 100, default 20`.
    let rule: String
    let summary: String?
}

/// A method of the schema.
struct MethodInfo: Sendable {
    let name: String
    let summary: String
    let params: [ParamInfo]
    /// False for what can only be notified.
    let hasResult: Bool
    /// The name of the result's type.
    let resultType: String?
    /// `x-effect`.
    let effect: String
    /// `x-auth`.
    let auth: String
    let errors: [String]
    /// Pairings of the schema.
    let examples: [JSONValue]

    /// Whether a stored session's token goes along: not where it is not looked at.
    let looksAtToken: Bool

    func param(_ name: String) -> ParamInfo? {
        params.first { $0.name == name }
    }
}

/// All methods of the schema.
struct SchemaIndex: Sendable {
    let document: JSONValue
    let methods: [MethodInfo]

    /// The schema that this program was built with.
    static let builtIn = SchemaIndex(text: SchemaDocument.text)

    private init(text: StaticString) {
        let bytes = unsafe UnsafeBufferPointer(
            start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard let document = try? JSONValue(unsafe Span(_unsafeElements: bytes)) else {
            preconditionFailure("the generated schema document is no JSON")
        }
        self.document = document
        let listed = document["methods"]?.array ?? []
        let hidden = document["x-hidden-methods"]?.array ?? []
        methods = (listed + hidden).map { Self.method($0, document) }
    }

    func method(_ name: String) -> MethodInfo? {
        methods.first { $0.name == name }
    }

    /// The name that somebody may have meant.
    func near(_ name: String) -> String? {
        Suggestion.near(name, among: methods.map(\.name))
    }

    private static func method(_ value: JSONValue, _ document: JSONValue) -> MethodInfo {
        let result = value["result"]
        let type = result?["schema"]?["$ref"]?.string ?? result?["schema"]?["type"]?.string
        return MethodInfo(
            name: value["name"]?.string ?? "", summary: value["summary"]?.string ?? "",
            params: (value["params"]?.array ?? []).map { param($0, document) },
            hasResult: result != nil, resultType: type.map(lastPart),
            effect: value["x-effect"]?.string ?? "none", auth: value["x-auth"]?.string ?? "nobody",
            errors: (value["errors"]?.array ?? []).compactMap { $0["$ref"]?.string.map(lastPart) },
            examples: value["examples"]?.array ?? [],
            looksAtToken: value["x-token"]?.string != "ignored")
    }

    private static func param(_ value: JSONValue, _ document: JSONValue) -> ParamInfo {
        var schema = resolved(value["schema"] ?? .null, document)
        var isNullable = false
        if let choices = schema["oneOf"]?.array {
            let others = choices.map { resolved($0, document) }.filter { $0["type"] != "null" }
            isNullable = others.count < choices.count
            if others.count == 1 { schema = others[0] }
        }
        let kind = schema["type"]?.string.flatMap(ParamInfo.Kind.init) ?? .any
        return ParamInfo(
            name: value["name"]?.string ?? "", kind: kind,
            isRequired: value["required"]?.bool ?? false,
            isSecret: (value["x-secret"]?.bool ?? schema["x-secret"]?.bool) ?? false,
            choices: (schema["enum"]?.array ?? []).compactMap(\.string),
            rule: rule(schema, kind, isNullable), summary: value["summary"]?.string)
    }

    /// Follows references; the generator has refused circles.
    private static func resolved(_ schema: JSONValue, _ document: JSONValue) -> JSONValue {
        var schema = schema
        for _ in 0..<16 {
            guard let name = schema["$ref"]?.string.map(lastPart) else { break }
            schema = document["components"]?["schemas"]?[name] ?? .null
        }
        return schema
    }

    private static func rule(_ schema: JSONValue, _ kind: ParamInfo.Kind, _ isNullable: Bool)
        -> String
    {
        var parts = [kind == .any ? "any" : kind.rawValue]
        let choices = (schema["enum"]?.array ?? []).compactMap(\.string)
        if !choices.isEmpty { parts = [choices.joined(separator: " or ")] }
        if let low = schema["x-min-bytes"]?.int, let high = schema["x-max-bytes"]?.int {
            parts.append("\(low) to \(high) bytes")
        } else if let low = schema["minLength"]?.int, let high = schema["maxLength"]?.int,
            low < high
        {
            parts.append("\(low) to \(high) characters")
        }
        if let low = schema["minimum"]?.int, let high = schema["maximum"]?.int {
            parts.append("\(low) to \(high)")
        }
        if isNullable { parts.append("null clears it") }
        if let fallback = schema["default"] { parts.append("default \(fallback.text())") }
        return parts.joined(separator: ", ")
    }

    private static func lastPart(_ reference: String) -> String {
        String(reference.split(separator: "/").last ?? "")
    }
}

extension Help {
    /// The help of one method, for `call METHOD --help` and the shell.
    static func method(_ method: MethodInfo) -> String {
        let words = method.params.map { $0.isRequired ? "\($0.name)=…" : "[\($0.name)=…]" }
        var lines = [
            (["Usage: mentalmuse call", method.name] + words).joined(separator: " "), "",
            method.summary,
        ]
        let column = (method.params.map(\.name.count).max() ?? 0) + 4
        if !method.params.isEmpty { lines += ["", "Params:"] }
        for param in method.params {
            let needed = param.isRequired ? "" : "; optional"
            let summary = param.summary.map { ". " + $0 } ?? ""
            lines.append(
                Text.padded("  " + param.name, column) + param.rule + needed + summary)
        }
        lines += [
            "", "Result: \(method.resultType ?? "none: it is sent as a notification")",
            "Effect: \(method.effect)    Needs: \(method.auth)",
        ]
        if !method.errors.isEmpty {
            lines += ["Errors: " + method.errors.joined(separator: ", ")]
        }
        for example in method.examples {
            lines += ["", "\(example["name"]?.string ?? "Example"):"]
            lines.append("  mentalmuse call \(method.name)" + exampleWords(example, method))
            if let result = example["result"]?["value"] { lines.append("  " + result.text()) }
            if let error = example["x-error"]?.string { lines.append("  refused: \(error)") }
        }
        return lines.joined(separator: "\n")
    }

    private static func exampleWords(_ example: JSONValue, _ method: MethodInfo) -> String {
        (example["params"]?.array ?? []).map { param in
            let name = param["name"]?.string ?? ""
            let value = param["value"] ?? .null
            guard let kind = method.param(name)?.kind else { return " \(name):='\(value.text())'" }
            if method.param(name)?.isSecret == true { return " \(name)=-" }
            if kind == .string, let text = value.string {
                let isPlain = text.utf8.allSatisfy {
                    $0 > 0x2A && $0 < 0x7F && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "`")
                        && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: "|")
                        && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">")
                }
                return isPlain ? " \(name)=\(text)" : " '\(name)=\(text)'"
            }
            return kind == .any ? " \(name):='\(value.text())'" : " \(name)=\(value.text())"
        }.joined()
    }
}
