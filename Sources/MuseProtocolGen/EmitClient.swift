// The generator: the Swift client's typed calls, by namespace. What binds a connection
// (`auth.attach`, an `attach` param) is not among them: the client attaches each of its connections
// by itself.

enum EmitClient {
    static func file(_ schema: Schema) -> String {
        var text = Banner.swift + "public import MentalMuseProtocol\npublic import MuseBase\n"
        for namespace in schema.namespaces {
            let type = Names.capitalized(namespace) + "Calls"
            text +=
                "\n/// The calls of `\(namespace).*`.\npublic struct \(type): Sendable {\n    let client: MentalMuseClient\n"
            for method in schema.handled
            where method.namespace == namespace && method.effect != "session" {
                text += call(method, schema)
            }
            text += "}\n"
        }
        text += "\nextension MentalMuseClient {\n"
        for namespace in schema.namespaces {
            let type = Names.capitalized(namespace) + "Calls"
            text +=
                "    /// The calls of `\(namespace).*`.\n    public nonisolated var \(namespace): \(type) { \(type)(client: self) }\n"
        }
        return text + "}\n"
    }

    private static func call(_ method: Method, _ schema: Schema) -> String {
        let offered = method.params.filter { !$0.binds }
        let params = offered.map { member -> String in
            let fallback = member.isRequired ? "" : member.isClearable ? " = .absent" : " = nil"
            return "\(member.swift): \(member.paramType)\(fallback)"
        }
        let list = (params + ["options: CallOptions = CallOptions()"]).joined(separator: ", ")
        let names = offered.map { "\($0.swift): \($0.swift)" }.joined(separator: ", ")
        let result = method.result?.swift() ?? "Empty"
        var text = "\n    /// \(method.summary)\n"
        if result == "Empty" { text += "    @discardableResult\n" }
        text +=
            "    public func \(Names.declared(method.verb))(\(list)) async throws(ClientError) -> \(result) {\n"
        text +=
            "        try await client.perform(.\(method.swift), \(method.paramsType)(\(names)), options)\n    }\n"
        guard case .object(let name)? = method.result, let item = schema.object(name)?.item else {
            return text
        }
        let rest = method.params.filter { $0.name != "cursor" }.map { member -> String in
            "\(member.swift): \(member.paramType)\(member.isRequired ? "" : " = nil")"
        }
        let pass = method.params.map {
            $0.name == "cursor" ? "cursor: cursor" : "\($0.swift): \($0.swift)"
        }
        text +=
            "\n    /// \(method.summary) All of them: the next page is fetched when it is needed.\n"
        text +=
            "    public func \(method.verb)All(\(rest.joined(separator: ", "))) -> Items<\(item)> {\n"
        text += "        Items { cursor throws(ClientError) in\n"
        text +=
            "            let page = try await self.\(Names.declared(method.verb))(\(pass.joined(separator: ", ")))\n"
        return text + "            return (page.items, page.nextCursor)\n        }\n    }\n"
    }
}
