// The client: errors of the wire as ClientError.
internal import MentalMuseProtocol
internal import MuseJSON

/// An error that the server gave and this version of the client does not know.
public struct ServerError: Error, Sendable, Equatable {
    /// The integer of `error.code`.
    public var code: Int
    /// Its name in the server's schema; empty if it gave none.
    public var name: String
    /// A short sentence for people.
    public var message: String
    /// What a client may do.
    public var retry: Retry
    /// `error.data` as JSON text; empty if there is none.
    public var data: String

    /// An error of these parts.
    public init(
        code: Int, name: String = "", message: String = "", retry: Retry = .never, data: String = ""
    ) {
        self.code = code
        self.name = name
        self.message = message
        self.retry = retry
        self.data = data
    }
}

/// What the schema says of repeating a refused call.
public enum Retry: String, Sendable {
    /// It would be refused again.
    case never
    /// With a new access token.
    case refresh
    /// As it is, with the same idempotency key.
    case same
    /// As it is, after the time that the error gives.
    case after
}

extension ClientError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .invalidParams(let errors):
            errors.reduce("The params do not fit this method:") { text, offence in
                text + " \(offence.path.isEmpty ? "/" : offence.path) (\(offence.rule))"
            }
        case .alreadyExists(let field): "This \(field) exists already."
        case .weakPassword(let rules):
            "This password is too weak: \(rules.joined(separator: ", "))."
        default: message
        }
    }

    /// Reads an error object, `bytes[reader.position...]`.
    static func read(
        _ bytes: Span<UInt8>, _ reader: inout JSONReader
    ) throws(JSONError) -> ClientError {
        let error = try JSONValue(bytes, &reader)
        guard let code = error["code"]?.int else {
            return .malformedAnswer("The answer has an error without a code.")
        }
        let data = error["data"] ?? .null
        if let known = known(code, data) { return known }
        return .other(
            ServerError(
                code: code, name: data["name"]?.string ?? "",
                message: error["message"]?.string ?? "",
                retry: data["retry"]?.string.flatMap(Retry.init(rawValue:)) ?? .never,
                data: data.isNull ? "" : data.text()))
    }

    /// A list of the error's data.
    static func list<Item: ResultDecoding>(_ value: JSONValue?, of type: Item.Type) -> [Item]? {
        guard let elements = value?.array else { return nil }
        var items: [Item] = []
        for element in elements {
            let text = Array(element.text().utf8)
            var reader = JSONReader(position: 0, end: text.count)
            guard let item = try? Item(text.span, &reader) else { return nil }
            items.append(item)
        }
        return items
    }
}
