// The measuring room: where a call stands in REST, and its request, by `x-rest` of the schema.
internal import MentalMuseProtocol
internal import MuseJSON

/// A method's verb and path.
struct RESTPlace {
    let verb: String
    /// Its path, with names in braces.
    private let path: String
    let status: Int

    private static let methods = (try? JSONValue("\(SchemaDocument.text)"))?["methods"]?.array

    /// The place of a method.
    /// - Throws: where it has none.
    static func of(_ method: MethodID) throws(BenchError) -> RESTPlace {
        guard let rest = methods?.first(where: { $0["name"]?.string == method.name })?["x-rest"],
            let verb = rest["verb"]?.string, let path = rest["path"]?.string,
            let status = rest["status"]?.int
        else { throw BenchError("\(method.name) has no place in REST") }
        return RESTPlace(verb: verb, path: path, status: status)
    }

    /// A whole request: params that are not in the path go into the query of a GET, and into the
    /// body of what is none.
    func request(_ call: OneCall, key: String) -> String {
        var rest = call.members
        let pieces = path.split(separator: "/").map { piece -> String in
            guard piece.hasPrefix("{"), piece.hasSuffix("}") else { return String(piece) }
            let name = String(piece.dropFirst().dropLast())
            // `{id}` stands for `post_id` too.
            guard
                let index = rest.firstIndex(where: {
                    $0.name == name || $0.name.hasSuffix("_" + name)
                })
            else { return "" }
            return Self.text(rest.remove(at: index).value)
        }
        var target = "/" + pieces.joined(separator: "/")
        var body: String?
        if verb == "GET" {
            let query = rest.map { $0.name + "=" + Self.text($0.value) }
            if !query.isEmpty { target += "?" + query.joined(separator: "&") }
        } else {
            body = JSONValue.object(rest).text()
        }
        var fields: [(String, String)] = []
        if let token = call.token { fields.append(("Authorization", "Bearer " + token)) }
        if call.isKeyed { fields.append(("Idempotency-Key", key)) }
        if let known = call.known { fields.append(("If-None-Match", known)) }
        return HTTPText.request(verb, target, fields, body)
    }

    /// Ids and numbers: they stand in a path as they are.
    private static func text(_ value: JSONValue) -> String {
        value.string ?? value.text()
    }
}

/// Requests of HTTP/1.1.
enum HTTPText {
    static func request(
        _ verb: String, _ target: String, _ fields: [(String, String)], _ body: String?
    ) -> String {
        var lines = ["\(verb) \(target) HTTP/1.1", "Host: localhost"]
        lines += fields.map { "\($0): \($1)" }
        if let body {
            lines += ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"]
        }
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
    }

    /// A JSON-RPC message in a POST.
    static func posted(_ message: String) -> String {
        request("POST", "/rpc", [], message)
    }
}
