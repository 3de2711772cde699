// The model's test: one step of a contest. What a step needs of earlier answers it names by their
// step, so that steps can be replayed, and left out.
internal import MuseJSON

/// A value in the params of a call.
indirect enum Term {
    case value(JSONValue)
    /// A member of the result of a step; the other value where that step gave none.
    case from(Int, [String], JSONValue)
    /// A text with one character changed.
    case altered(Term)

    static func text(_ text: String) -> Term { .value(.string(text)) }

    func value(_ book: Book) -> JSONValue {
        switch self {
        case .value(let value): return value
        case .from(let step, let path, let other):
            return path.reduce(book.results[step]) { $0?[$1] } ?? other
        case .altered(let term):
            let text = term.value(book).string ?? ""
            guard text.count > 20 else { return .string(text + "x") }
            let place = text.index(text.endIndex, offsetBy: -9)
            return .string(
                text.replacingCharacters(in: place, with: text[place] == "A" ? "B" : "A"))
        }
    }
}

extension String {
    fileprivate func replacingCharacters(in place: String.Index, with text: String) -> String {
        self[..<place] + text + self[index(after: place)...]
    }
}

struct CallStep {
    var connection: Int
    var method: String
    var params: [(name: String, value: Term)]
    var byPosition = false
    var token: Term?
    var key: String?
    var moreMeta: [JSONValue.Member] = []
}

struct Step {
    enum Action {
        case call(CallStep)
        case restart
        case removeDeleted(rows: Int)
        case finishDeletions
        case sweep
    }

    let number: Int
    /// How far the clocks go before it, in milliseconds.
    var wall: Int64 = 1
    var monotonic: Int64 = 1
    let action: Action
}

/// What the answers so far have given.
struct Book {
    var results: [Int: JSONValue] = [:]
    /// In which step's result an id, a token or a cursor stood first.
    private var origins: [String: Term] = [:]

    private static let paths: [[String]] = [
        ["id"], ["user", "id"], ["session_id"], ["access_token"], ["refresh_token"],
        ["next_cursor"],
    ]
    static let noID = JSONValue.string("01936b2f-5a20-7c3e-9f00-0a1b2c3d4e61")

    mutating func note(_ result: JSONValue, of step: Int) {
        results[step] = result
        for path in Self.paths {
            guard let text = path.reduce(Optional(result), { $0?[$1] })?.string,
                origins[text] == nil
            else { continue }
            let isID = path.last?.hasSuffix("id") ?? false
            origins[text] = .from(step, path, isID ? Self.noID : .string("no such thing"))
        }
    }

    /// A text as a step may name it.
    func term(_ text: String) -> Term { origins[text] ?? .text(text) }
}

extension CallStep {
    /// The params as they are written: in the table's order where by position.
    func params(_ book: Book) -> JSONValue {
        let members = params.map { JSONValue.Member($0.name, $0.value.value(book)) }
        guard byPosition else { return .object(members) }
        let table = Param.table[method] ?? []
        let last = table.lastIndex { param in members.contains { $0.name == param.name } }
        guard let last else { return .array([]) }
        return .array(
            table[...last].map { param in
                members.first { $0.name == param.name }?.value ?? .null
            })
    }

    func modelCall(_ book: Book, address: String) -> ModelCall {
        ModelCall(
            connection: connection, address: address, method: method, params: params(book),
            token: token?.value(book).string, key: key, moreMeta: moreMeta)
    }
}
