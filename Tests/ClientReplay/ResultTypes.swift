// The Swift client's replayer: each result as the client's typed calls read it. Read and written
// again it must be the same, so that no member is lost or altered.
internal import MentalMuseProtocol
internal import MuseJSON
package import Transcripts

/// The types of the methods' results.
package struct ResultTypes: Sendable {
    /// Reads a value of a type and writes it again.
    private typealias Again = (Span<UInt8>, inout JSONReader) throws -> JSONWriter

    private let names: [String: String]

    package init(_ schema: SchemaTypes) {
        var names: [String: String] = [:]
        for method in schema.root["methods"]?.array ?? [] {
            guard let name = method["name"]?.string, let result = method["result"]?["schema"],
                let type = result["$ref"]?.string?.split(separator: "/").last
            else { continue }
            names[name] = String(type)
        }
        self.names = names
    }

    /// - Throws: Differs, where the client's type would not hold all of it.
    package func check(_ method: String, _ text: String) throws {
        guard let name = names[method] else { return }
        guard let again = Self.types[name] else { throw Differs("no type \(name) to read") }
        let bytes = Array(text.utf8)
        var reader = JSONReader(position: 0, end: bytes.count, depthMax: 64)
        let writer: JSONWriter
        do {
            writer = try again(bytes.span, &reader)
        } catch {
            throw Differs("the client cannot read a \(name): \(error): \(text.prefix(200))")
        }
        guard try JSONValue(text).equals(JSONValue(writer.string())) else {
            throw Differs("the client reads \(writer.string().prefix(200)) in \(text.prefix(200))")
        }
    }

    private static func type<Value: ResultDecoding>(
        _ write: @escaping (Value) -> (inout JSONWriter) -> Void
    ) -> Again {
        { bytes, reader in
            let value = try Value(bytes, &reader)
            var writer = JSONWriter()
            write(value)(&writer)
            return writer
        }
    }

    private static var types: [String: Again] {
        [
            "Empty": type(Empty.encode), "User": type(User.encode),
            "UserPage": type(UserPage.encode), "Post": type(Post.encode),
            "PostPage": type(PostPage.encode), "Comment": type(Comment.encode),
            "CommentPage": type(CommentPage.encode), "SessionPage": type(SessionPage.encode),
            "Grant": type(Grant.encode), "Caller": type(Caller.encode),
            "JWKSet": type(JWKSet.encode), "Info": type(Info.encode),
            "Health": type(Health.encode), "Metrics": type(Metrics.encode),
            "SigningKey": type(SigningKey.encode), "SigningKeys": type(SigningKeys.encode),
            "Backup": type(Backup.encode), "Connections": type(Connections.encode),
            "RequestLog": type(RequestLog.encode),
        ]
    }
}
