// The generator: the Swift client's errors as cases that one can switch over, and the server's
// notifications as one type.

enum EmitClientErrors {
    static func file(_ schema: Schema) -> String {
        var text = Banner.swift + head
        for error in schema.errors {
            let list = error.data.map { "\($0.swift): \($0.shape.swift())" }.joined(separator: ", ")
            text += "    /// \(error.code): \(error.when)\n    case \(name(error))"
            text += error.data.isEmpty ? "\n" : "(\(list))\n"
        }
        text += local + "\nextension ClientError {\n"
        text += "    /// The error's code on the wire; nil for what only the client knows of.\n"
        text += "    public var code: ErrorCode? {\n        switch self {\n"
        for error in schema.errors { text += "        case .\(name(error)): .\(name(error))\n" }
        text +=
            "        case .other(let error): ErrorCode(rawValue: error.code)\n        default: nil\n"
        text += "        }\n    }\n\n    /// What the schema says of a repeat.\n"
        text += "    public var retry: Retry {\n        switch self {\n"
        for word in ["refresh", "same", "after"] {
            let names = schema.errors.filter { $0.retry == word }.map { ".\(name($0))" }
            guard !names.isEmpty else { continue }
            text += "        case \(names.joined(separator: ",\n            ")): .\(word)\n"
        }
        text += "        case .other(let error): error.retry\n"
        text +=
            "        case .notConnected, .connectionLost: .same\n        default: .never\n        }\n    }\n"
        text +=
            "\n    /// A short sentence for people.\n    public var message: String {\n        switch self {\n"
        for error in schema.errors {
            text += "        case .\(name(error)): \(literal(error.message))\n"
        }
        return text + messages + decoder(schema) + wire(schema) + "}\n"
    }

    private static func name(_ error: ErrorType) -> String {
        Names.declared(Names.lowerCamel(error.name))
    }

    private static let head = """
        public import MentalMuseProtocol
        internal import MuseJSON
        internal import MuseRPC

        /// What a call can end with besides its result: each error of the schema, and what happens
        /// on this side. `cancelled` is also what a call ends with at once when its task is
        /// cancelled; whether it was run is not known then.
        public enum ClientError: Error, Sendable, Equatable {

        """

    private static let local = """
            /// An error that this version of the client does not know.
            case other(ServerError)
            /// On this side: no address of a server.
            case invalidAddress(String)
            /// On this side: no connection could be made in time, and why.
            case notConnected(String)
            /// On this side: the connection was lost after the call was sent, and why. Whether it
            /// was run is not known.
            case connectionLost(String)
            /// On this side: the deadline has passed. Whether the call was run is not known.
            case timedOut
            /// On this side: the answer is not what the schema says, and why.
            case malformedAnswer(String)
            /// On this side: the client was closed.
            case closed
        }

        """

    private static let messages = """
                case .other(let error): error.message
                case .invalidAddress(let why), .notConnected(let why), .connectionLost(let why): why
                case .timedOut: "The deadline has passed."
                case .malformedAnswer(let why): why
                case .closed: "The client is closed."
                }
            }


        """

    private static func decoder(_ schema: Schema) -> String {
        var text =
            "    /// The error of that code; nil where it is not known or its data are not all there.\n"
        text +=
            "    static func known(_ code: Int, _ data: JSONValue) -> ClientError? {\n        switch code {\n"
        for error in schema.errors {
            text += "        case \(error.code):\n"
            let needed = error.data.filter { !$0.shape.isNullable }
            if !needed.isEmpty {
                let reads = needed.map { "let \($0.local) = \(pick($0))" }
                text += "            guard \(reads.joined(separator: ", ")) else { return nil }\n"
            }
            let values = error.data.map {
                "\($0.swift): \($0.shape.isNullable ? pick($0) : $0.local)"
            }
            text += "            return .\(name(error))"
            text += values.isEmpty ? "\n" : "(\(values.joined(separator: ", ")))\n"
        }
        return text + "        default: return nil\n        }\n    }\n"
    }

    /// The other way: what a server would have sent, for the double.
    private static func wire(_ schema: Schema) -> String {
        var text =
            "\n    /// The error as a server writes it; nil for what only the client knows of.\n"
        text += "    var wire: RPCError? {\n        switch self {\n"
        for error in schema.errors {
            let names = error.data.map(\.swift)
            let bound = names.map { "let \($0)" }.joined(separator: ", ")
            let passed = names.map { "\($0): \($0)" }.joined(separator: ", ")
            text += "        case .\(name(error))\(names.isEmpty ? "" : "(\(bound))"):\n"
            text += "            .\(name(error))(\(passed))\n"
        }
        text += "        case .other(let error):\n            RPCError(\n"
        text += "                code: error.code, name: error.name, message: error.message,\n"
        text += "                status: \"unknown\", retry: error.retry.rawValue)\n"
        return text + "        default: nil\n        }\n    }\n"
    }

    /// An expression that finds a member of the data; nil where it is absent or of another shape.
    private static func pick(_ member: Member) -> String {
        let place = "data[\(literal(member.name))]"
        return switch member.shape.inner {
        case .integer: place + "?.int"
        case .boolean: place + "?.bool"
        case .list(let item): "list(\(place), of: \(item.swift()).self)"
        default: place + "?.string"
        }
    }

    static func notifications(_ schema: Schema) -> String {
        var text = Banner.swift + "public import MentalMuseProtocol\ninternal import MuseJSON\n\n"
        text +=
            "/// What the server says by itself.\npublic enum ServerNotification: Sendable, Equatable {\n"
        for notification in schema.notifications {
            text +=
                "    /// \(notification.summary)\n    case \(caseName(notification.name))(\(type(notification.name)))\n"
        }
        text +=
            "    /// One that this version of the client does not know, by its name.\n    case other(String)\n}\n\n"
        text +=
            "extension ServerNotification {\n    /// Reads the params of a notification, an object in `bytes`.\n"
        text +=
            "    init(_ method: String, _ bytes: Span<UInt8>, _ reader: inout JSONReader) throws(JSONError) {\n"
        text += "        switch method {\n"
        for notification in schema.notifications {
            let type = type(notification.name)
            text +=
                "        case \(type).method: self = .\(caseName(notification.name))(try \(type)(bytes, &reader))\n"
        }
        return text + "        default: self = .other(method)\n        }\n    }\n}\n"
    }

    private static func type(_ name: String) -> String {
        Names.upperCamel(name.replacing(".", with: "_")) + "Notification"
    }

    private static func caseName(_ name: String) -> String {
        Names.lowerCamel(name.replacing(".", with: "_"))
    }
}

extension Shape {
    fileprivate var isNullable: Bool {
        if case .nullable = self { true } else { false }
    }

    fileprivate var inner: Shape {
        if case .nullable(let inner) = self { inner } else { self }
    }
}
