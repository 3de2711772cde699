// The generator: the schema document as a model. Whatever it cannot express is refused with the
// JSON pointer of the place. Called by Plan.
package import MuseJSON

/// The schema cannot be used: where, and why.
package struct SchemaError: Error, Sendable, CustomStringConvertible {
    /// A JSON pointer (RFC 6901) into the document.
    package let pointer: String
    package let why: String

    package var description: String { "\(pointer.isEmpty ? "/" : pointer): \(why)" }
}

/// What a value may be.
indirect enum Shape: Equatable {
    case id
    case time
    case text(TextRules)
    case integer(min: Int?, max: Int?)
    case boolean
    /// One of some words; `type` is the component that names them, if one does.
    case choice([String], type: String?)
    case object(String)
    case list(Shape)
    case nullable(Shape)
    case any

    var isSecret: Bool {
        switch self {
        case .text(let rules): rules.isSecret
        case .nullable(let inner): inner.isSecret
        default: false
        }
    }
}

/// What a string has to keep to.
struct TextRules: Equatable {
    var min: Int?
    var max: Int?
    var minBytes: Int?
    var maxBytes: Int?
    var pattern: String?
    var check: String?
    var isSecret = false
}

/// A member of an object, or a param.
struct Member {
    let name: String
    let summary: String?
    let shape: Shape
    let isRequired: Bool
    var binds = false
    var isClearable = false
    /// The param that has to come along.
    var needs: String?

    var swift: String { Names.lowerCamel(name) }

    /// Its name where the generated code has words of its own.
    var local: String { Self.words.contains(swift) ? swift + "Value" : swift }

    /// Its value, inside the type that has it.
    var property: String { Self.words.contains(swift) ? "self." + swift : swift }

    private static let words: Set<String> = [
        "bytes", "cursor", "index", "isFirst", "key", "reader", "value", "writer",
    ]
}

/// An object type of `components.schemas`.
struct ObjectType {
    let name: String
    let summary: String
    let members: [Member]
    let isPage: Bool
    /// `x-links`: relations, and paths with the names of members in braces.
    var links: [(relation: String, template: String)] = []

    /// The item type of a page.
    var item: String? {
        guard isPage, case .list(.object(let name))? = members.first?.shape else { return nil }
        return name
    }
}

/// A method of the service.
struct Method {
    let name: String
    let summary: String
    let note: String?
    let params: [Member]
    let result: Shape?
    let errors: [String]
    let effect: String
    let auth: String
    let authOr: [String]
    let token: String
    let oneOf: [String]
    /// Where it stands in REST: `x-rest`, and then `x-rest-also`.
    let rest: [RestPlace]
    let examples: [JSONValue]

    var namespace: String { String(name.split(separator: ".")[0]) }
    var verb: String { Names.lowerCamel(String(name.split(separator: ".")[1])) }
    /// `postsCreate`.
    var swift: String { Names.lowerCamel(name.replacing(".", with: "_")) }
    /// `PostsCreateParams`.
    var paramsType: String { Names.upperCamel(name.replacing(".", with: "_")) + "Params" }
}

/// An error of the service.
struct ErrorType {
    let name: String
    let code: Int
    let message: String
    let status: String
    let retry: String
    let when: String
    let data: [Member]
    let optional: [Member]
}

/// The whole document.
package struct Schema {
    let document: JSONValue
    let version: String
    let title: String
    var objects: [ObjectType] = []
    /// Named sets of words: name, words.
    var choices: [(name: String, words: [String])] = []
    var methods: [Method] = []
    var errors: [ErrorType] = []
    var commonErrors: [String] = []
    var notifications: [(name: String, summary: String, params: [Member], examples: [JSONValue])] =
        []
    let discoverMethod: String

    /// Reads a document.
    package init(_ document: JSONValue) throws(SchemaError) {
        self.document = document
        version = document["info"]?["version"]?.string ?? ""
        title = document["info"]?["title"]?.string ?? ""
        guard !version.isEmpty else {
            throw SchemaError(pointer: "/info/version", why: "a version is needed")
        }
        guard let hidden = document["x-hidden-methods"]?[0]?["name"]?.string else {
            throw SchemaError(pointer: "/x-hidden-methods", why: "the discovery method is needed")
        }
        discoverMethod = hidden
        try SchemaReader(document: document).read(into: &self)
    }

    func object(_ name: String) -> ObjectType? { objects.first { $0.name == name } }

    var namespaces: [String] {
        var seen: [String] = []
        for method in methods where !seen.contains(method.namespace) {
            seen.append(method.namespace)
        }
        return seen.filter { $0 != "rpc" }
    }

    /// The methods that have handlers: all with a result.
    var handled: [Method] { methods.filter { $0.result != nil } }
}
