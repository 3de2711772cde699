// The generator: the method table, the params with their strict decoders, and the way to the
// handlers.

enum EmitMethods {
    // MARK: The table

    static func table(_ schema: Schema) -> String {
        var text = Banner.swift + "package import MuseJSON\npackage import MuseRPC\n\n"
        text +=
            "/// Every method of the schema.\npackage enum MethodID: UInt8, CaseIterable, Sendable {\n"
        for method in schema.methods { text += "    case \(method.swift)\n" }
        text +=
            "\n    /// The name on the wire.\n    package var name: String {\n        switch self {\n"
        for method in schema.methods {
            text += "        case .\(method.swift): \(literal(method.name))\n"
        }
        text += "        }\n    }\n\n"
        text += property(schema, "effect", "Effect", "`x-effect`") { ".\($0.effect)" }
        text += property(schema, "access", "Access", "`x-auth`") { ".\($0.auth)" }
        text += property(
            schema, "looksAtToken", "Bool", "Whether a token that does not hold is refused"
        ) {
            $0.token == "checked" ? "true" : "false"
        }
        text += lookup(schema)
        return text + "}\n"
    }

    private static func property(
        _ schema: Schema, _ name: String, _ type: String, _ summary: String,
        _ value: (Method) -> String
    ) -> String {
        var groups: [(value: String, cases: [String])] = []
        for method in schema.methods {
            let value = value(method)
            if let index = groups.firstIndex(where: { $0.value == value }) {
                groups[index].cases.append("." + method.swift)
            } else {
                groups.append((value, ["." + method.swift]))
            }
        }
        var text =
            "    /// \(summary).\n    package var \(name): \(type) {\n        switch self {\n"
        for group in groups {
            text += "        case \(group.cases.joined(separator: ",\n            ")):\n"
            text += "            \(group.value)\n"
        }
        return text + "        }\n    }\n\n"
    }

    private static func lookup(_ schema: Schema) -> String {
        var text = """
                /// The method of that name; nil if there is none. No heap, but where the name has
                /// escapes.
                package static func lookup(_ bytes: Span<UInt8>, _ name: JSONText) -> MethodID? {
                    if name.hasEscapes {
                        let decoded = name.string(bytes)
                        return allCases.first { $0.name == decoded }
                    }
                    switch name.end - name.start {

            """
        for length in Set(schema.methods.map(\.name.utf8.count)).sorted() {
            text += "        case \(length):\n"
            for method in schema.methods where method.name.utf8.count == length {
                text +=
                    "            if name.equals(bytes, \(literal(method.name))) { return .\(method.swift) }\n"
            }
        }
        return text + "        default: break\n        }\n        return nil\n    }\n"
    }

    // MARK: Interfaces

    static func interfaces(_ schema: Schema) -> String {
        var text = Banner.swift + "package import MuseJSON\npackage import MuseRPC\n"
        for namespace in schema.namespaces {
            text += "\n/// The methods `\(namespace).*`.\n"
            text += "package protocol \(Names.capitalized(namespace))Methods {\n"
            for method in schema.handled where method.namespace == namespace {
                text += "    /// \(method.summary)\n    \(signature(method, schema))\n"
            }
            text += "}\n"
        }
        text += "\n/// All handlers, by namespace.\npackage struct Methods {\n"
        let list = schema.namespaces.map { "\($0): any \(Names.capitalized($0))Methods" }
        for item in list { text += "    package let \(item)\n" }
        text += "\n    package init(\(list.joined(separator: ", "))) {\n"
        for namespace in schema.namespaces { text += "        self.\(namespace) = \(namespace)\n" }
        return text + "    }\n}\n"
    }

    /// For the tests of the server: handlers that refuse whatever a stub does not answer.
    static func unserved(_ schema: Schema) -> String {
        var text = Banner.swift
        for room in ["MentalMuseProtocol", "MuseJSON", "MuseRPC"] {
            text += "internal import \(room)\n"
        }
        for namespace in schema.namespaces {
            let name = Names.capitalized(namespace)
            text += "\n/// `\(namespace).*`, each refused but those that a stub has itself.\n"
            text += "protocol Unserved\(name): \(name)Methods {}\n\nextension Unserved\(name) {\n"
            for method in schema.handled where method.namespace == namespace {
                text += "    \(signature(method, schema)) {\n"
                text += "        throw RPCError.internal(incident: \"unserved\")\n    }\n"
            }
            text += "}\n"
        }
        return text
    }

    private static func isPage(_ method: Method, _ schema: Schema) -> Bool {
        guard case .object(let name)? = method.result else { return false }
        return schema.object(name)?.isPage ?? false
    }

    private static func signature(_ method: Method, _ schema: Schema) -> String {
        let async = method.effect == "none" ? "" : " async"
        let head =
            "func \(Names.declared(method.verb))(_ params: \(method.paramsType), _ call: Call"
        if isPage(method, schema) {
            return "\(head), into page: inout JSONWriter)\(async) throws(RPCError)"
        }
        return "\(head))\(async) throws(RPCError) -> \(method.result?.swift() ?? "Empty")"
    }

    // MARK: Dispatch

    static func dispatch(_ schema: Schema) -> String {
        var text = Banner.swift + "package import MuseJSON\npackage import MuseRPC\n\n"
        text += "/// A method with its typed params.\npackage enum Invocation: Sendable {\n"
        for method in schema.handled { text += "    case \(method.swift)(\(method.paramsType))\n" }
        text += "\n    /// Reads the params of a call, strictly; every offence is told.\n"
        text +=
            "    package static func decode(\n        method: MethodID, bytes: Span<UInt8>, params: Range<Int>?, issuesMax: Int\n    ) -> Decoded {\n"
        text +=
            "        var cursor = ParamsCursor(bytes, params, issuesMax: issuesMax)\n        let invocation: Invocation?\n        switch method {\n"
        for method in schema.methods {
            guard method.result != nil else {
                text += "        case .\(method.swift): invocation = nil\n"
                continue
            }
            text +=
                "        case .\(method.swift): invocation = \(method.paramsType).decode(bytes, &cursor).map(Invocation.\(method.swift))\n"
        }
        text += "        }\n        return cursor.decoded(bytes, invocation)\n    }\n}\n"
        text += perform(schema, now: false) + perform(schema, now: true)
        return text
    }

    private static func perform(_ schema: Schema, now: Bool) -> String {
        let name = now ? "performNow" : "perform"
        var text =
            now
            ? "\n/// Runs a method that touches no store and appends its result.\n"
            : "\n/// Runs a method and appends its whole answer; nothing is written before it has a result, but\n/// for a list's, whose rows are written as they come.\n/// - Parameter id: nil: the result alone is appended.\n"
        text +=
            "package func \(name)(\n    _ invocation: Invocation, _ call: Call, methods: borrowing Methods,\n    \(now ? "" : "answering id: RPCID? = nil, ")into writer: inout JSONWriter\n)\(now ? "" : " async") throws(RPCError) {\n    switch invocation {\n"
        let begin = now ? "" : "        if let id { writer.beginAnswer(id) }\n"
        for method in schema.handled where !now || method.effect == "none" {
            let marker = method.effect == "none" ? "" : "await "
            let target = "methods.\(method.namespace).\(method.verb)(params, call"
            text += "    case .\(method.swift)(let params):\n"
            if isPage(method, schema) {
                text += begin + "        try \(marker)\(target), into: &writer)\n"
            } else {
                text += "        let result = try \(marker)\(target))\n" + begin
                text += (method.result ?? .any).encode("result", "        ")
            }
        }
        if now {
            text += "    default: preconditionFailure(\"a method that waits was to run at once\")\n"
        }
        return text + "    }\n\(now ? "" : "    if id != nil { writer.endAnswer() }\n")}\n"
    }
}
