// The RPC room: the one error that a call can end with, as the wire shows it.
// Generated constructors (MentalMuseProtocol) make these from the schema; the door (MuseServer)
// writes them.
package import MuseJSON

/// A refusal or failure as a client sees it: JSON-RPC 2.0 section 5.1, with our `data` members.
///
/// `data` on the wire is `{"name":…,"status":…,"retry":…}` and then `extra`.
public struct RPCError: Error, Sendable, Equatable {
    /// The integer of `error.code`.
    public let code: Int
    /// The error's name in the schema, `not_found` for one.
    public let name: String
    /// A short sentence for people.
    public var message: String
    /// The gRPC and Connect word for it, for generic clients.
    public let status: String
    /// What a client may do: `never`, `refresh`, `same` or `after`.
    public let retry: String
    /// The further members of `data` as JSON bytes, each with a comma before it; empty if there are
    /// none.
    public var extra: [UInt8]
    /// Why, for the log alone; never sent.
    package var cause: String?

    /// An error without further members.
    package init(code: Int, name: String, message: String, status: String, retry: String) {
        self.code = code
        self.name = name
        self.message = message
        self.status = status
        self.retry = retry
        self.extra = []
    }

    /// The same error with one more member of `data`, whose value `write` appends.
    package func with(_ member: StaticString, _ write: (inout JSONWriter) -> Void) -> RPCError {
        var writer = JSONWriter()
        writer.raw(",\"")
        writer.raw(member)
        writer.raw("\":")
        write(&writer)
        var copy = self
        unsafe writer.withBytes { unsafe copy.extra.append(contentsOf: $0) }
        return copy
    }

    /// The same error with its private cause, which only the log shows.
    package func because(_ cause: String) -> RPCError {
        var copy = self
        copy.cause = cause
        return copy
    }

    /// Appends the error object: `{"code":…,"message":…,"data":{…}}`.
    package func write(into writer: inout JSONWriter) {
        writer.raw("{\"code\":")
        writer.int(Int64(code))
        writer.raw(",\"message\":")
        writer.string(message)
        writer.raw(",\"data\":{\"name\":")
        writer.string(name)
        writer.raw(",\"status\":")
        writer.string(status)
        writer.raw(",\"retry\":")
        writer.string(retry)
        writer.raw(extra.span)
        writer.raw("}}")
    }
}
