// The HTTP room: an error as HTTP shows it: a status, and problem details (RFC 9457) with the
// code and the data that a line would have had.
internal import MentalMuseProtocol
internal import MuseJSON
internal import MuseRPC

/// What only HTTP can refuse: -32600 with a reason, and a status of its own.
enum Refusal: String {
    case methodNotAllowed = "method_not_allowed"
    case notAcceptable = "not_acceptable"
    case targetTooLong = "target_too_long"
    case mediaType = "media_type"
    case contentEncoding = "content_encoding"
    case headTooLarge = "head_too_large"
    case notImplemented = "method_not_implemented"
    case bodyUnexpected = "body_unexpected"
    case noTag = "no_representation"
    case expectation = "expectation"

    var status: Int {
        switch self {
        case .methodNotAllowed: 405
        case .notAcceptable: 406
        case .noTag: 412
        case .targetTooLong: 414
        case .mediaType, .contentEncoding: 415
        case .expectation: 417
        case .headTooLarge: 431
        case .notImplemented: 501
        case .bodyUnexpected: 400
        }
    }
}

/// The statuses of errors.
enum ProblemStatus {
    /// The status that goes with an error.
    /// - Parameter isConditional: whether a precondition of the request failed rather than a
    ///   revision in its params.
    static func of(_ error: RPCError, isConditional: Bool) -> Int {
        switch error.code {
        case -32050: 413
        case -32601: 404
        case 1302: isConditional ? 412 : 409
        case 1303: 422
        case 1304: 409
        default: of(word: error.status)
        }
    }

    /// As Connect maps its words.
    private static func of(word: String) -> Int {
        switch word {
        case "invalid_argument", "out_of_range": 400
        case "unauthenticated": 401
        case "permission_denied": 403
        case "not_found": 404
        case "already_exists", "aborted": 409
        case "failed_precondition": 400
        case "resource_exhausted": 429
        case "canceled": 499
        case "unimplemented": 501
        case "unavailable": 503
        case "deadline_exceeded": 504
        default: 500
        }
    }
}

extension RPCError {
    /// Appends it as problem details.
    func problem(_ status: Int, into writer: inout JSONWriter) {
        writer.raw("{\"type\":\"urn:mentalmuse:error:")
        writer.raw(text: name)
        writer.raw("\",\"title\":")
        writer.string(message)
        writer.raw(",\"status\":")
        writer.int(status)
        writer.raw(",\"code\":")
        writer.int(code)
        writer.raw(",\"data\":{\"name\":")
        writer.string(name)
        writer.raw(",\"status\":")
        writer.string(self.status)
        writer.raw(",\"retry\":")
        writer.string(retry)
        writer.raw(extra.span)
        writer.raw("}}")
    }

    /// The number of a member of `data`; nil where there is none.
    func number(_ member: String) -> Int? {
        var text: [UInt8] = Array("{\"\":0".utf8)
        text += extra
        text.append(UInt8(ascii: "}"))
        return (try? JSONValue(text.span))?[member]?.int
    }
}
