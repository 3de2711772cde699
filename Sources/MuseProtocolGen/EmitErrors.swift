// The generator: errors as constructors and codes, the document itself, and notifications.
internal import MuseJSON

enum EmitErrors {
    static func file(_ schema: Schema) -> String {
        var text =
            Banner.swift
            + "internal import MuseJSON\npackage import MuseRPC\n\nextension RPCError {\n"
        for error in schema.errors {
            let params = error.data.map { "\($0.swift): \($0.shape.swift())" }.joined(
                separator: ", ")
            text += "    /// \(error.code): \(error.when)\n"
            text +=
                "    package static func \(Names.declared(Names.lowerCamel(error.name)))(\(params)) -> RPCError {\n"
            text +=
                "        RPCError(\n            code: \(error.code), name: \(literal(error.name)), message: \(literal(error.message)),\n"
            text +=
                "            status: \(literal(error.status)), retry: \(literal(error.retry)))\n"
            for member in error.data {
                text += "        .with(\(literal(member.name))) { writer in\n"
                text += member.shape.encode(member.swift, "            ") + "        }\n"
            }
            text += "    }\n\n"
        }
        text +=
            "}\n\n/// The code of an error: an open set.\npublic struct ErrorCode: RawRepresentable, Hashable, Sendable {\n    public let rawValue: Int\n\n    public init(rawValue: Int) { self.rawValue = rawValue }\n\n"
        for error in schema.errors {
            text +=
                "    /// \(error.when)\n    public static let \(Names.declared(Names.lowerCamel(error.name))) = ErrorCode(rawValue: \(error.code))\n"
        }
        return text + "}\n"
    }

    static func document(_ schema: Schema) -> String {
        let text = ascii(schema.document.text())
        return Banner.swift + """

            /// The schema document, as `rpc.discover` gives it.
            package enum SchemaDocument {
                /// The version of the contract.
                package static let version = \(literal(schema.version))
                /// FNV-1a (64 bits) of the document's compact text.
                package static let hash = "\(hash(text))"
                /// The method that gives the document.
                package static let discoverMethod = \(literal(schema.discoverMethod))
                /// The document as compact JSON.
                package static let text: StaticString = ###"\(text)"###
            }

            """
    }

    static func notifications(_ schema: Schema) -> String {
        var text = Banner.swift + "package import MuseJSON\n"
        for notification in schema.notifications {
            let name = Names.upperCamel(notification.name.replacing(".", with: "_"))
            text +=
                "\n/// \(notification.summary) (`\(notification.name)`)\npublic struct \(name)Notification: Sendable, Equatable {\n"
            for member in notification.params {
                text += "    public var \(member.swift): \(member.shape.swift())\n"
            }
            let list = notification.params.map { "\($0.swift): \($0.shape.swift())" }
            text += "\n    package static let method = \(literal(notification.name))\n"
            text += "\n    package init(\(list.joined(separator: ", "))) {\n"
            for member in notification.params {
                text += "        self.\(member.swift) = \(member.swift)\n"
            }
            text +=
                "    }\n\n    /// Appends the whole message, without its line feed.\n    package func write(into writer: inout JSONWriter) {\n"
            text +=
                "        writer.raw(\(literal("{\"jsonrpc\":\"2.0\",\"method\":\"\(notification.name)\",\"params\":{")))\n"
            for (index, member) in notification.params.enumerated() {
                text +=
                    "        writer.raw(\(literal("\(index == 0 ? "" : ",")\"\(member.name)\":")))\n"
                text += member.shape.encode(member.swift, "        ")
            }
            text += "        writer.raw(\"}}\")\n    }\n\n"
            text += decoder(notification.params) + "}\n"
        }
        return text
    }

    private static func decoder(_ params: [Member]) -> String {
        var text =
            "    /// Reads the params of one.\n    package init(_ bytes: Span<UInt8>, _ reader: inout JSONReader) throws(JSONError) {\n"
        for member in params { text += "        var \(member.local): \(member.shape.swift())?\n" }
        text +=
            "        try reader.beginObject(bytes)\n        var isFirst = true\n        while let key = try reader.nextMember(bytes, isFirst: &isFirst) {\n"
        for (index, member) in params.enumerated() {
            text +=
                "\(index == 0 ? "            if" : " else if") key.equals(bytes, \(literal(member.name))) {\n                \(member.local) = \(member.shape.decode)\n            }"
        }
        text += " else {\n                try reader.skipValue(bytes)\n            }\n        }\n"
        text +=
            "        guard \(params.map { "let \($0.local)" }.joined(separator: ", ")) else {\n            throw JSONError(offset: reader.position, reason: .unexpectedByte)\n        }\n"
        for member in params { text += "        self.\(member.swift) = \(member.local)\n" }
        return text + "    }\n"
    }

    /// The same JSON with every character beyond ASCII escaped; they stand in strings alone.
    private static func ascii(_ text: String) -> String {
        var result = ""
        for unit in text.utf16 {
            if unit < 0x7F {
                result.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            } else {
                let digits = String(unit, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return result
    }

    private static func hash(_ text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
