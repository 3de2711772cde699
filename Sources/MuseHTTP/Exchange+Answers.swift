// The HTTP room: the answers that are no representations: refusals, and what OPTIONS is told.
internal import CMicroHTTP
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseRPC
internal import MuseServer

extension Exchange {
    /// What every answer has.
    func addCommon(_ answer: Answer) {
        answer.add("Vary", worker.configuration.vary)
        answer.add("X-Content-Type-Options", "nosniff")
        if let origin = head.origin, let allowed = worker.configuration.allows(origin) {
            answer.add("Access-Control-Allow-Origin", allowed)
            answer.add("Access-Control-Expose-Headers", CORS.exposed)
        }
    }

    /// An error as problem details.
    func refusal(
        _ error: RPCError, status: Int? = nil, method: MethodID? = nil, into used: Answer? = nil
    ) -> Answer {
        worker.seat.noteRefusal(.rest, method, error)
        log(method, error)
        let answer = used ?? worker.takeAnswer()
        let isConditional = head.ifMatch != nil || head.ifNoneMatch != nil
        answer.status = status ?? ProblemStatus.of(error, isConditional: isConditional)
        error.problem(answer.status, into: &answer.body)
        answer.add("Content-Type", "application/problem+json")
        answer.add("Cache-Control", "no-store")
        addCommon(answer)
        if answer.status == 401 {
            answer.add("WWW-Authenticate", Self.challenge(error))
        }
        if let milliseconds = error.number("retry_after_ms") {
            answer.add("Retry-After", String(max(1, (milliseconds + 999) / 1_000)))
        }
        return answer
    }

    /// What only HTTP can refuse.
    func refusal(_ refusal: Refusal) -> Answer {
        self.refusal(malformed(refusal.rawValue), status: refusal.status)
    }

    /// What is wrong with a request as HTTP has it.
    func malformed(_ reason: String) -> RPCError {
        var error = RPCError.invalidRequest(reason: reason)
        error.message = "This request cannot be served."
        return error
    }

    func notFound() -> Answer {
        var error = RPCError.methodNotFound(didYouMean: nil)
        error.message = "There is nothing at this path."
        return refusal(error)
    }

    /// A method that this path does not know, or nobody does.
    func notAllowed(_ allow: String) -> Answer {
        guard Self.knownVerbs.contains(verb) else { return refusal(.notImplemented) }
        let answer = refusal(.methodNotAllowed)
        answer.add("Allow", allow)
        return answer
    }

    /// The methods that HTTP has for everybody (IANA's registry, but WebDAV's).
    private static let knownVerbs: Set<String> = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
        "QUERY",
    ]

    /// What may be done here; for a browser also who may do it.
    func options(_ allow: String) -> Answer {
        let answer = worker.takeAnswer()
        answer.status = 204
        answer.add("Allow", allow)
        addCommon(answer)
        if head.requestMethod != nil, let origin = head.origin,
            worker.configuration.allows(origin) != nil
        {
            answer.add("Access-Control-Allow-Methods", allow)
            answer.add("Access-Control-Allow-Headers", CORS.allowed)
            answer.add("Access-Control-Max-Age", "600")
        }
        return answer
    }

    /// RFC 6750 section 3.
    private static func challenge(_ error: RPCError) -> String {
        switch error.code {
        case 1002, 1003, 1004:
            "Bearer realm=\"mentalmuse\", error=\"invalid_token\", "
                + "error_description=\"\(error.message)\""
        default: "Bearer realm=\"mentalmuse\""
        }
    }

    func log(_ method: MethodID?, _ error: RPCError?) {
        var record = SeatRecord(
            connection: entry.id, method: method?.name ?? "", bytes: body.count,
            arrivedAt: arrivedAt)
        record.error = error
        record.token = Authorization.token(head.authorization)
        record.traceparent = head.traceparent.map { JSONValue.string($0).text() }
        worker.seat.log(record)
    }

    var headBytes: Int { unsafe muse_http_head_bytes(connection) }
}

/// Cross-origin requests of browsers (Fetch, "HTTP extensions").
enum CORS {
    static let allowed =
        "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, traceparent"
    static let exposed = "ETag, Link, Location, Retry-After, WWW-Authenticate, Allow"
}

extension HTTPConfiguration {
    /// What is told to a browser that asks for an origin; nil where it is not among those allowed.
    func allows(_ origin: String) -> String? {
        if origins.contains("*") { return "*" }
        return origins.contains(origin) ? origin : nil
    }

    var vary: String {
        origins.isEmpty || origins.contains("*")
            ? "Authorization, Accept-Encoding" : "Authorization, Accept-Encoding, Origin"
    }
}

/// Answers without the library: to whom it has no connection.
enum HandMade {
    static func answer(_ error: RPCError, status: Int) -> String {
        var body = JSONWriter()
        error.problem(status, into: &body)
        return "HTTP/1.1 \(status) Refused\r\nContent-Type: application/problem+json\r\n"
            + "Content-Length: \(body.count)\r\nConnection: close\r\n\r\n" + body.string()
    }
}
