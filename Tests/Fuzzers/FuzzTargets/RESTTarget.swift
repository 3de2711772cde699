// Fuzzing: whole requests of REST. Each is the call that the same params on a line would be.
internal import MentalMuseProtocol
internal import MuseHTTP
internal import MuseJSON
internal import MuseRPC

extension FuzzTarget {
    /// A verb, a space, a target; the lines of a head; an empty line; a body.
    package static let rest = FuzzTarget(
        name: "rest",
        tokens: [
            "GET ", "POST ", "PATCH ", "PUT ", "DELETE ", "/users", "/posts", "/comments", "/me",
            "/sessions", "/refresh", "/likers", "/01936b2f-5a12-7c3e-9f00-0a1b2c3d4e53",
            "?limit=20", "&limit=2.0", "&limit=1e1", "&order=oldest", "&cursor=x", "&_meta=1",
            "&id=x", "%22%2C",
            "\nAuthorization: Bearer x", "\nIdempotency-Key: k", "\ntraceparent: x", "\n\n",
            "{\"body\":\"b\"}", "\"_meta\":{}", "\"attach\":true", "\"id\":1", ",", "{", "}", "[[[",
            "\"revision\":1", "null", " ", "\u{301}",
        ],
        failure: restFailure)

    private static let nestingMax = 8

    private static func restFailure(_ bytes: [UInt8]) -> String? {
        let line = bytes.prefix { $0 != 0x0A }
        let words = line.split(separator: 0x20, maxSplits: 1).map { Array($0).shown }
        guard words.count == 2 else { return nil }
        var head = Head()
        var rest = bytes[line.endIndex...].dropFirst()
        while let feed = rest.firstIndex(of: 0x0A), feed > rest.startIndex {
            for (name, value) in lines(Array(rest[..<feed])) { head.take(name.span, value.span) }
            rest = rest[(feed + 1)...]
        }
        let body = Array(rest.dropFirst())
        guard head.fault == nil else { return nil }
        let wanted = Wanted.read(words[0], words[1], head, body, nestingMax)
        let request: RESTRequest
        do throws(RPCError) {
            request = try RESTRequest(
                words[0], words[1], head: head, body: body.span, offencesMax: 4,
                nestingMax: nestingMax)
        } catch {
            guard case .refused(let code) = wanted, code == error.code else {
                return "refused with \(error.code), wanted \(wanted)"
            }
            return problemFailure(error)
        }
        let read = Wanted.call(
            request.method, ParamsText.of(request.invocation) ?? "", request.meta)
        return read == wanted ? nil : "\(read), wanted \(wanted)"
    }

    /// A refusal can be written as a problem, with a status of a refusal.
    private static func problemFailure(_ error: RPCError) -> String? {
        for isConditional in [false, true] {
            let (status, text) = error.problem(isConditional: isConditional)
            guard (400..<500).contains(status), let tree = try? JSONValue(text),
                tree["status"]?.int == status, tree["code"]?.int == error.code
            else { return "the problem \(status): \(text)" }
        }
        return nil
    }
}

/// What should come of a request, by putting its params together as a tree.
private enum Wanted: Equatable {
    case call(MethodID, String, Meta)
    case refused(Int)

    static func read(
        _ verb: String, _ text: String, _ head: Head, _ body: [UInt8], _ nestingMax: Int
    ) -> Wanted {
        guard let target = try? Target(text.utf8.span),
            let (method, inPath) = place(verb, target.segments)
        else { return .refused(-32601) }
        var params = inPath
        var isForeign = false
        func take(_ name: String, _ value: JSONValue) {
            let isOfPath = inPath.contains { $0.name.utf8.elementsEqual(name.utf8) }
            if isOfPath || ["_meta", "attach"].contains(name) { isForeign = true }
            params.append(.init(name, value))
        }
        for item in target.query {
            if verb != "GET" { isForeign = true }
            take(item.name, item.name == "limit" ? number(item.value) : .string(item.value))
        }
        if !body.isEmpty {
            do throws(JSONError) {
                let tree = try JSONValue(body.span, depthMax: nestingMax)
                if tree.members == nil { isForeign = true }
                for member in tree.members ?? [] { take(member.name, member.value) }
            } catch {
                return .refused(error.reason == .tooDeep ? -32050 : -32700)
            }
        }
        if isForeign { return .refused(-32602) }
        let line = Array(JSONValue.object([meta(head)].compactMap { $0 } + params).text().utf8)
        let decoded = Invocation.decode(
            method: method, bytes: line.span, params: 0..<line.count, issuesMax: 1)
        guard let invocation = decoded.invocation else { return .refused(-32602) }
        return .call(method, ParamsText.of(invocation) ?? "", decoded.meta)
    }

    /// The method at a place, and the params that stand there.
    private static func place(
        _ verb: String, _ segments: [String]
    ) -> (MethodID, [JSONValue.Member])? {
        var found: [(path: String, verb: String, method: MethodID)] = []
        for method in MethodID.allCases {
            guard let place = RESTRequest.place(of: method),
                params(place.path, segments) != nil
            else { continue }
            found.append((place.path, place.verb, method))
        }
        // Where a word stands in the schema, it is no param.
        let params = { (path: String) in path.count { $0 == "{" } }
        guard let path = found.min(by: { params($0.path) < params($1.path) })?.path,
            let method = found.first(where: { $0.path == path && $0.verb == verb })?.method,
            let inPath = Self.params(path, segments)
        else { return nil }
        return (method, inPath)
    }

    private static func params(_ path: String, _ segments: [String]) -> [JSONValue.Member]? {
        let pieces = path.split(separator: "/")
        guard pieces.count == segments.count else { return nil }
        var params: [JSONValue.Member] = []
        for (piece, segment) in zip(pieces, segments) {
            if piece.hasPrefix("{") {
                guard !segment.isEmpty else { return nil }
                params.append(.init(String(piece.dropFirst().dropLast()), .string(segment)))
            } else if !piece.utf8.elementsEqual(segment.utf8) {
                return nil
            }
        }
        return params
    }

    /// What JSON would have as a number is one.
    private static func number(_ text: String) -> JSONValue {
        guard text.utf8.count <= 32, case .number(let number)? = try? JSONValue(text),
            number.utf8.count == text.utf8.count
        else { return .string(text) }
        return .number(number)
    }

    private static func meta(_ head: Head) -> JSONValue.Member? {
        var members: [JSONValue.Member] = []
        if let field = head.authorization {
            let bytes = Array(field.utf8)
            let scheme = bytes.prefix(7).shown.lowercased()
            let isBearer = bytes.count > 7 && scheme.utf8.elementsEqual("bearer ".utf8)
            let token = isBearer ? Array(bytes.dropFirst(7).drop { $0 == 0x20 }).shown : field
            members.append(.init("access_token", .string(token)))
        }
        if let key = head.idempotencyKey { members.append(.init("idempotency_key", .string(key))) }
        if let trace = head.traceparent { members.append(.init("traceparent", .string(trace))) }
        return members.isEmpty ? nil : .init("_meta", .object(members))
    }
}
