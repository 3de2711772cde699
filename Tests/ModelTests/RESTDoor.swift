// The model's test: a call as a request of REST: its params written into path, query, body and
// head, read again by the HTTP room, and its representation taken back to what a line would have
// said. What cannot be said so goes as a line.
internal import Foundation
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseHTTP
internal import MuseJSON
internal import MuseRPC

/// The other way to the same handlers. Whether a call takes it is drawn by lot.
struct RESTDoor {
    private let random: RandomSource
    private let isOpen: Bool
    /// The methods that were called this way.
    private(set) var taken: Set<String> = []

    init(seed: UInt64) {
        random = RandomSource.seeded(seed ^ 0x5245_5354)
        // MUSE_MODEL_STYLE=rpc: lines alone.
        isOpen = ProcessInfo.processInfo.environment["MUSE_MODEL_STYLE"] != "rpc"
    }

    /// A request on its way.
    struct Request {
        let verb: String
        let target: String
        let fields: [(String, String)]
        let body: [UInt8]
    }

    /// The request for a call; nil where it goes as a line.
    mutating func request(
        as caller: Caller, _ method: MethodID, _ params: JSONValue
    ) -> Request? {
        guard isOpen, random.uint64() & 1 == 0, caller.moreMeta.isEmpty,
            let request = Self.write(caller, method, params)
        else { return nil }
        taken.insert(method.name)
        return request
    }

    // MARK: Writing

    private static func write(
        _ caller: Caller, _ method: MethodID, _ params: JSONValue
    ) -> Request? {
        guard case .object(var members) = params,
            Set(members.map(\.name)).count == members.count,
            !members.contains(where: { $0.name == "attach" || $0.name == "_meta" }),
            var (verb, path) = RESTRequest.place(of: method)
        else { return nil }
        if method == .usersGet, members.map(\.name) == ["username"] {
            (verb, path) = ("GET", "/usernames/{username}")
        }
        var fields: [(String, String)] = [("Host", "test")]
        for (name, value, prefix) in [
            ("Authorization", caller.token, "Bearer "), ("Idempotency-Key", caller.key, ""),
        ] {
            guard let value else { continue }
            let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
            guard isPlain else { return nil }
            fields.append((name, prefix + value))
        }
        var target = ""
        for piece in path.dropFirst().split(separator: "/") {
            guard piece.hasPrefix("{") else {
                target += "/" + piece
                continue
            }
            let name = String(piece.dropFirst().dropLast())
            guard let index = members.firstIndex(where: { $0.name == name }),
                let value = members[index].value.string, !value.isEmpty,
                !value.utf8.contains(0)
            else { return nil }
            members.remove(at: index)
            target += "/" + encoded(value)
        }
        guard verb == "GET" else {
            let body = members.isEmpty ? "" : JSONValue.object(members).text()
            return Request(verb: verb, target: target, fields: fields, body: Array(body.utf8))
        }
        guard let query = query(members) else { return nil }
        return Request(verb: verb, target: target + query, fields: fields, body: [])
    }

    /// Members as a query; nil where one of them is of a kind that a query does not have.
    private static func query(_ members: [JSONValue.Member]) -> String? {
        var items: [String] = []
        for member in members {
            guard !member.name.isEmpty, !member.name.utf8.contains(0) else { return nil }
            switch member.value {
            case .string(let text) where member.name != "limit" && !text.utf8.contains(0):
                items.append(encoded(member.name) + "=" + encoded(text))
            case .number(let text) where member.name == "limit" && text.utf8.count <= 32:
                items.append(encoded(member.name) + "=" + encoded(text))
            default: return nil
            }
        }
        return items.isEmpty ? "" : "?" + items.joined(separator: "&")
    }

    private static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            let character = Character(Unicode.Scalar(byte))
            let isPlain = byte < 0x80 && (character.isLetter || character.isNumber)
            result += isPlain ? String(character) : String(format: "%%%02X", byte)
        }
        return result
    }

    // MARK: Calling

    /// Makes the call.
    static func call(
        _ request: Request, _ peer: Peer, _ methods: borrowing Methods
    ) async throws -> Answer {
        var head = Head()
        for (name, value) in request.fields {
            let (name, value) = (Array(name.utf8), Array(value.utf8))
            head.take(name.span, value.span)
        }
        head.end(isHTTP11: true)
        guard head.fault == nil else { throw NotAMethod(name: "a head: \(request.fields)") }
        var writer = JSONWriter()
        do throws(RPCError) {
            let read = try RESTRequest(
                request.verb, request.target, head: head, body: request.body.span,
                offencesMax: 32, nestingMax: 32)
            let call = Call(method: read.method, peer: peer, meta: read.meta, arrivedAt: 0)
            _ = try await read.run(call, methods: methods, into: &writer)
            if read.status == 204 { return .result(.object([])) }
        } catch {
            return .refusal(try line(of: error))
        }
        return .result(withoutLinks(try JSONValue(writer.string())))
    }

    /// The error of a line, from the problem details.
    private static func line(of error: RPCError) throws -> JSONValue {
        let problem = try JSONValue(error.problem(isConditional: false).text)
        return .object([
            .init("code", problem["code"] ?? .null), .init("message", problem["title"] ?? .null),
            .init("data", problem["data"] ?? .null),
        ])
    }

    private static func withoutLinks(_ value: JSONValue) -> JSONValue {
        guard case .object(let members) = value else { return value }
        return .object(members.filter { $0.name != "links" })
    }
}
