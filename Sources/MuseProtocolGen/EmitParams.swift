// The generator: params as structs; strict decoders for the server, encoders for clients,
// fingerprints for idempotency.

internal import MuseJSON

enum EmitParams {
    static func file(_ schema: Schema, namespace: String) -> String {
        var text = ""
        for method in schema.handled where method.namespace == namespace {
            text += structure(
                method.paramsType, "The params of `\(method.name)`.", method.params,
                oneOf: method.oneOf, isMeta: false)
        }
        let base = text.contains("UUIDv7") ? "package import MuseBase\n" : ""
        return Banner.swift + base + "package import MuseJSON\n" + text
    }

    static func meta(_ schema: Schema) -> String {
        guard let meta = schema.object("Meta") else { return "" }
        return Banner.swift + "package import MuseJSON\n"
            + structure("Meta", meta.summary, meta.members, oneOf: [], isMeta: true)
    }

    /// The rules of all texts, each once.
    static func rules(_ schema: Schema) -> String {
        var text = Banner.swift + "\n/// What the schema asks of texts.\nenum Rules {\n"
        text += "    static let idPattern = \(literal(idPattern(schema)))\n"
        var seen: Set<String> = []
        let members = schema.handled.flatMap(\.params) + (schema.object("Meta")?.members ?? [])
        for member in members {
            guard let rules = textRules(member.shape), seen.insert(name(rules)).inserted else {
                continue
            }
            func number(_ value: Int?) -> String { value.map(String.init) ?? "nil" }
            text += """
                    static let \(name(rules)) = TextRule(
                        min: \(number(rules.min)), max: \(number(rules.max)), minBytes: \(number(rules.minBytes)), maxBytes: \(number(rules.maxBytes)),
                        check: .\(rules.check ?? "any"), pattern: \(literal(rules.pattern ?? "")))

                """
        }
        return text + "}\n"
    }

    private static func idPattern(_ schema: Schema) -> String {
        schema.document["components"]?["schemas"]?["ID"]?["pattern"]?.string ?? ""
    }

    private static func textRules(_ shape: Shape) -> TextRules? {
        switch shape {
        case .text(let rules): rules
        case .nullable(let inner): textRules(inner)
        default: nil
        }
    }

    private static func name(_ rules: TextRules) -> String {
        guard rules.min != nil || rules.max != nil || rules.check != nil else { return "any" }
        let bytes = rules.minBytes.map { "Bytes\($0)" } ?? ""
        return "\(rules.check ?? "any")\(rules.min ?? 0)to\(rules.max ?? 0)\(bytes)"
    }

    private static func structure(
        _ name: String, _ summary: String, _ members: [Member], oneOf: [String], isMeta: Bool
    ) -> String {
        var text =
            "\n/// \(summary)\npackage struct \(name): Sendable, Equatable, \(isMeta ? "ParamsEncoding" : "CallParams") {\n"
        for member in members { text += "    package var \(member.swift): \(member.paramType)\n" }
        let list = members.map {
            "\($0.swift): \($0.paramType)\($0.isRequired ? "" : $0.isClearable ? " = .absent" : " = nil")"
        }
        text += "\n    package init(\(list.joined(separator: ", "))) {\n"
        for member in members { text += "        self.\(member.swift) = \(member.swift)\n" }
        text += "    }\n\n" + decoder(members, oneOf, isMeta)
        text +=
            "\n    package func encode(into writer: inout JSONWriter) {\n"
            + body(members, all: true)
        if !isMeta {
            text += "\n    /// What tells this call from another with the same idempotency key.\n"
            text +=
                "    package func fingerprint(into writer: inout JSONWriter) {\n"
                + body(members, all: false)
        }
        return text + "}\n"
    }

    /// Encodes all members, or those that a fingerprint has: neither secrets nor what binds.
    private static func body(_ members: [Member], all: Bool) -> String {
        var text = "        writer.byte(UInt8(ascii: \"{\"))\n"
        let chosen = members.filter { all || !($0.shape.isSecret || $0.binds) }
        if chosen.contains(where: { _ in true }) { text += "        var comma = false\n" }
        for member in chosen {
            let head = "writer.member(\(literal(member.name)), &comma)\n"
            if member.isClearable, case .nullable(let inner) = member.shape {
                text +=
                    "        switch \(member.property) {\n        case .absent: break\n        case .clear:\n            \(head)            writer.null()\n"
                text +=
                    "        case .set(let value):\n            \(head)\(inner.encode("value", "            "))        }\n"
            } else if member.isRequired {
                text += "        \(head)\(member.shape.encode(member.property, "        "))"
            } else {
                text +=
                    "        if let value = \(member.property) {\n            \(head)\(member.shape.encode("value", "            "))        }\n"
            }
        }
        return text + "        writer.byte(UInt8(ascii: \"}\"))\n    }\n"
    }

    // MARK: The decoder

    private static func decoder(_ members: [Member], _ oneOf: [String], _ isMeta: Bool) -> String {
        var text =
            "    /// Reads them by name or by position; nil where the cursor has an offence.\n"
        text +=
            "    static func decode(_ bytes: Span<UInt8>, _ cursor: inout ParamsCursor) -> Self? {\n"
        for member in members {
            let absent = member.isClearable ? " = .absent" : ""
            let type = member.isClearable ? member.paramType : member.shape.swift() + "?"
            text += "        var \(member.local): \(type)\(absent)\n"
        }
        text +=
            "        while let index = cursor.next(bytes, count: \(members.count), { bytes, key in\n"
        for (index, member) in members.enumerated() {
            text +=
                "            if key.equals(bytes, \(literal(member.name))) { return \(index) }\n"
        }
        if members.isEmpty { text += "            _ = (bytes, key)\n" }
        text += "            return nil\n        }) {\n            switch index {\n"
        for (index, member) in members.enumerated() {
            text += "            case \(index): \(member.local) = \(read(member, isMeta))\n"
            if member.binds {
                text += "                if \(member.local) == true { cursor.binds = true }\n"
            }
        }
        text += "            default: break\n            }\n        }\n"
        for (index, member) in members.enumerated() where member.isRequired {
            text += "        cursor.require(\(index), \(literal("/" + member.name)))\n"
        }
        for (index, member) in members.enumerated() {
            guard let needed = members.firstIndex(where: { $0.name == member.needs }) else {
                continue
            }
            let path = literal("/" + members[needed].name)
            text += "        cursor.require(\(needed), \(path), with: \(index))\n"
        }
        if !oneOf.isEmpty {
            let indices = oneOf.compactMap { name in members.firstIndex { $0.name == name } }
            let names = "[" + oneOf.map { "\"\($0)\"" }.joined(separator: ",") + "]"
            text += "        cursor.exactlyOne(\(indices), \(literal(names)))\n"
        }
        let needed = members.filter(\.isRequired).map { ", let \($0.local)" }.joined()
        text += "        guard cursor.isClean\(needed) else { return nil }\n"
        let list = members.map { "\($0.swift): \($0.local)" }.joined(separator: ", ")
        return text + "        return Self(\(list))\n    }\n"
    }

    private static func read(_ member: Member, _ isMeta: Bool) -> String {
        let path = literal("/" + member.name)
        // A token that is null must not let a gateway fall back to the bound user.
        let optional = member.isRequired || (isMeta && member.shape.isSecret) ? "false" : "true"
        func call(_ shape: Shape) -> String {
            switch shape {
            case .id: return "cursor.id(bytes, \(path), optional: \(optional))"
            case .text(let rules):
                return "cursor.text(bytes, \(path), Rules.\(name(rules)), optional: \(optional))"
            case .integer(let min, let max):
                let low = min.map(String.init) ?? "nil"
                let high = max.map(String.init) ?? "nil"
                return
                    "cursor.integer(bytes, \(path), min: \(low), max: \(high), optional: \(optional))"
            case .boolean: return "cursor.boolean(bytes, \(path), optional: \(optional))"
            case .choice(let words, let type):
                let list = "[" + words.map(literal).joined(separator: ", ") + "]"
                let raw = "cursor.choice(bytes, \(path), \(list), optional: \(optional))"
                return type.map { "\(raw).map(\($0).init(rawValue:))" } ?? raw
            case .nullable(let inner): return call(inner)
            case .any: return "cursor.anything(bytes)"
            case .time, .object, .list: return "nil"
            }
        }
        if member.isClearable, case .nullable(let inner) = member.shape {
            return
                "cursor.clearable(bytes) { cursor in \(call(inner).replacing("optional: true", with: "optional: false")) }"
        }
        return call(member.shape)
    }
}
