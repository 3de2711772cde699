// The generator: where a method stands in REST. Read from `x-rest` and `x-rest-also`; used by what
// is emitted for HTTP.
internal import MuseJSON

/// A verb and a path, and what they have to do with the params.
struct RestPlace {
    /// A piece of a path.
    enum Piece: Equatable {
        case literal(String)
        /// The param that stands there, and the name the path has for it.
        case param(String, placeholder: String)
    }

    let verb: String
    let path: String
    let status: Int
    /// Where the new thing is: a path with the names of the result's members in braces.
    let location: String?
    let pieces: [Piece]

    static let verbs: Set<String> = ["GET", "POST", "PUT", "PATCH", "DELETE"]

    /// The params that stand in the path.
    var pathParams: [String] {
        pieces.compactMap { piece in
            if case .param(let name, _) = piece { name } else { nil }
        }
    }

    /// All places of a method.
    /// - Throws: SchemaError for a verb, path or status that cannot be used.
    static func all(
        _ method: JSONValue, _ at: String, _ params: [Member]
    ) throws(SchemaError) -> [RestPlace] {
        var places: [RestPlace] = []
        if let rest = method["x-rest"], rest != .null {
            places.append(try RestPlace(rest, at + "/x-rest", params))
        }
        for (index, rest) in (method["x-rest-also"]?.array ?? []).enumerated() {
            places.append(try RestPlace(rest, "\(at)/x-rest-also/\(index)", params))
        }
        return places
    }

    private init(_ rest: JSONValue, _ at: String, _ params: [Member]) throws(SchemaError) {
        guard let verb = rest["verb"]?.string, Self.verbs.contains(verb) else {
            throw SchemaError(pointer: at + "/verb", why: "a verb of HTTP is needed")
        }
        guard let path = rest["path"]?.string, path.hasPrefix("/") else {
            throw SchemaError(pointer: at + "/path", why: "a path begins with a slash")
        }
        guard let status = rest["status"]?.int, [200, 201, 204].contains(status) else {
            throw SchemaError(pointer: at + "/status", why: "200, 201 or 204")
        }
        let location = rest["location"]?.string
        guard (status == 201) == (location != nil) else {
            throw SchemaError(pointer: at + "/location", why: "201 tells where the new thing is")
        }
        var pieces: [Piece] = []
        for piece in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard piece.hasPrefix("{"), piece.hasSuffix("}") else {
                pieces.append(.literal(String(piece)))
                continue
            }
            let name = String(piece.dropFirst().dropLast())
            guard let param = Self.param(name, params) else {
                throw SchemaError(pointer: at + "/path", why: "\(name) is no param")
            }
            pieces.append(.param(param, placeholder: name))
        }
        self.verb = verb
        self.path = path
        self.status = status
        self.location = location
        self.pieces = pieces
    }

    /// The param of that name, or the one required param that ends in it: `{id}` for `post_id`.
    private static func param(_ name: String, _ params: [Member]) -> String? {
        if params.contains(where: { $0.name == name }) { return name }
        let others = params.filter { $0.isRequired && $0.name.hasSuffix("_" + name) }
        return others.count == 1 ? others[0].name : nil
    }
}
