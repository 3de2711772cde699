// The generator: object types as structs, with their encoders and tolerant decoders, and lent views
// of what stands in pages.

enum EmitModels {
    static func file(_ schema: Schema) -> String {
        var text = Banner.swift
        text += "package import MuseBase\npackage import MuseJSON\n"
        for choice in schema.choices { text += self.choice(choice.name, choice.words) }
        for object in schema.objects where object.name != "Meta" {
            text += structure(object, view: false)
        }
        for object in viewed(schema) { text += structure(object, view: true) }
        return text.replacing("package import MuseBase", with: "public import MuseBase")
    }

    /// The items of pages, and the objects in them.
    private static func viewed(_ schema: Schema) -> [ObjectType] {
        var names = schema.objects.compactMap(\.item)
        var index = 0
        while index < names.count {
            for member in schema.object(names[index])?.members ?? [] {
                var shape = member.shape
                if case .nullable(let inner) = shape { shape = inner }
                if case .object(let name) = shape, !names.contains(name) { names.append(name) }
            }
            index += 1
        }
        return names.compactMap(schema.object)
    }

    private static func choice(_ name: String, _ words: [String]) -> String {
        var text = """

            /// One of a set of words that may grow.
            public struct \(name): RawRepresentable, Hashable, Sendable {
                public let rawValue: String

                public init(rawValue: String) { self.rawValue = rawValue }


            """
        for word in words {
            text +=
                "    public static let \(Names.lowerCamel(word)) = \(name)(rawValue: \(literal(word)))\n"
        }
        return text + "}\n"
    }

    private static func structure(_ object: ObjectType, view: Bool) -> String {
        let name = view ? object.name + "View" : object.name
        let access = view ? "package" : "public"
        var text = "\n/// \(object.summary)\(view ? " Texts are lent." : "")\n"
        text += "\(access) struct \(name): Sendable\(view ? "" : ", Equatable, ResultDecoding") {\n"
        for member in object.members {
            if let summary = member.summary { text += "    /// \(summary)\n" }
            text += "    \(access) var \(member.swift): \(member.objectType(view: view))\n"
        }
        let list = object.members.map {
            "\($0.swift): \($0.objectType(view: view))\($0.isRequired ? "" : " = nil")"
        }
        text += "\n    \(access) init(\(list.joined(separator: ", "))) {\n"
        for member in object.members { text += "        self.\(member.swift) = \(member.swift)\n" }
        text += "    }\n\n"
        text += encoder(object)
        if !view { text += "\n" + decoder(object) }
        return (view ? text.replacing(": Sendable {", with: " {") : text) + "}\n"
    }

    private static func encoder(_ object: ObjectType) -> String {
        var text = "    package func encode(into writer: inout JSONWriter) {\n"
        guard !object.members.isEmpty else {
            return text + "        writer.raw(\"{}\")\n    }\n"
        }
        for (index, member) in object.members.enumerated() {
            let lead = index == 0 ? "{" : ","
            let head = "writer.raw(\(literal("\(lead)\"\(member.name)\":")))\n"
            if member.isRequired {
                text += "        \(head)\(member.shape.encode(member.property, "        "))"
            } else {
                text += "        if let value = \(member.property) {\n            \(head)"
                text += member.shape.encode("value", "            ") + "        }\n"
            }
        }
        return text + "        writer.byte(UInt8(ascii: \"}\"))\n    }\n"
    }

    private static func decoder(_ object: ObjectType) -> String {
        var text = """
                /// Reads one; members that are not known are passed over.
                package init(_ bytes: Span<UInt8>, _ reader: inout JSONReader) throws(JSONError) {

            """
        for member in object.members {
            let type = member.objectType(view: false)
            text += "        var \(member.local): \(member.isRequired ? type + "?" : type)\n"
        }
        text += "        try reader.beginObject(bytes)\n        var isFirst = true\n"
        text += "        while let key = try reader.nextMember(bytes, isFirst: &isFirst) {\n"
        if object.members.isEmpty { text += "            _ = key\n" }
        for (index, member) in object.members.enumerated() {
            let lead = index == 0 ? "            if " : " else if "
            text += "\(lead)key.equals(bytes, \(literal(member.name))) {\n"
            text += "                \(member.local) = \(wrapped(member))\n            }"
        }
        text +=
            object.members.isEmpty
            ? "            try reader.skipValue(bytes)\n        }\n"
            : " else {\n                try reader.skipValue(bytes)\n            }\n        }\n"
        let needed = object.members.filter(\.isRequired).map { "let \($0.local)" }
        if !needed.isEmpty {
            text += "        guard \(needed.joined(separator: ", ")) else {\n"
            text +=
                "            throw JSONError(offset: reader.position, reason: .unexpectedByte)\n        }\n"
        }
        for member in object.members { text += "        self.\(member.swift) = \(member.local)\n" }
        return text + "    }\n"
    }

    /// A nullable value has to be wrapped once more, lest null be taken for absence.
    private static func wrapped(_ member: Member) -> String {
        guard case .nullable(let inner) = member.shape else { return member.shape.decode }
        return ".some(try reader.skipNull(bytes) ? nil : \(inner.decode))"
    }
}
