// The HTTP room: which method stands where. The table is generated from the schema (Generated/
// Routes.swift); this is what its rows say, and how a path finds its row.
internal import MentalMuseProtocol
internal import MuseRPC

/// The verbs of our paths.
enum Verb: String, Sendable, CaseIterable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
}

/// What a path can be asked for: a method of the schema.
struct Operation: Sendable {
    /// What comes back.
    enum Kind: Sendable {
        /// An object, or a page, that may be kept and is known by its tag.
        case object, page
        /// An object with tokens in it.
        case secret
        /// A value that is no object.
        case value
        /// Nothing: 204.
        case nothing
    }

    let method: MethodID
    let verb: Verb
    let status: Int
    let kind: Kind
    /// The params that stand in the path, in its order.
    let inPath: [String]
    /// The params of the query that are numbers.
    let numbers: [String]
    /// Params of the method that have no meaning here.
    let withheld: [String]

    init(
        _ method: MethodID, _ verb: Verb, status: Int, kind: Kind, inPath: [String],
        numbers: [String], withheld: [String]
    ) {
        self.method = method
        self.verb = verb
        self.status = status
        self.kind = kind
        self.inPath = inPath
        self.numbers = numbers
        self.withheld = withheld
    }

    /// Whether its answer has a tag of its own.
    var isTagged: Bool {
        guard verb == .get else { return false }
        switch method.effect {
        case .read: return method != .serverMetrics
        default: return method == .authJwks
        }
    }
}

/// A path of the schema.
struct Resource: Sendable {
    enum Piece: Sendable, Equatable {
        case literal(String)
        /// Whatever stands there is a param.
        case param
    }

    let path: String
    let pieces: [Piece]
    let operations: [Operation]

    init(_ path: String, _ pieces: [Piece], _ operations: [Operation]) {
        self.path = path
        self.pieces = pieces
        self.operations = operations
    }

    /// The resource at a path that was split and decoded, and what stands in its params' places;
    /// nil where there is none.
    static func find(_ segments: [String]) -> (resource: Resource, values: [String])? {
        for resource in all where resource.pieces.count == segments.count {
            if let values = resource.match(segments) { return (resource, values) }
        }
        return nil
    }

    private func match(_ segments: [String]) -> [String]? {
        var values: [String] = []
        for (piece, segment) in zip(pieces, segments) {
            switch piece {
            case .literal(let text): guard text == segment else { return nil }
            case .param:
                guard !segment.isEmpty else { return nil }
                values.append(segment)
            }
        }
        return values
    }

    func operation(_ verb: Verb) -> Operation? {
        operations.first { $0.verb == verb }
    }

    /// The field `Allow`: what may be done here.
    var allow: String { Allow.text(operations.map(\.verb)) }

    /// Whether it can be read, and so has a tag to be compared with.
    var isReadable: Bool { operation(.get) != nil }
}

/// The field `Allow` (RFC 9110 section 10.2.1).
enum Allow {
    static func text(_ verbs: [Verb]) -> String {
        var words: [String] = []
        for verb in Verb.allCases where verbs.contains(verb) {
            words.append(verb.rawValue)
            if verb == .get { words.append("HEAD") }
        }
        return (words + ["OPTIONS"]).joined(separator: ", ")
    }
}
