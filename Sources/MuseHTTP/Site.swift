// The HTTP room: what this port has besides the schema's paths.
internal import MentalMuseProtocol
internal import MuseJSON
internal import MuseServer

/// Something that is ready to be sent.
struct Document: Sendable {
    let type: String
    let text: String
}

/// A path of our own.
enum Site: String, CaseIterable {
    case rpc
    case openrpc = "openrpc.json"
    case openapi = "openapi.json"
    case healthz
    case readyz

    var verb: Verb { if case .rpc = self { .post } else { .get } }

    var allow: String { Allow.text([verb]) }

    static func find(_ segments: [String]) -> Site? {
        segments.count == 1 ? Site(rawValue: segments[0]) : nil
    }
}

extension Exchange {
    /// The answer of a site that needs no lane.
    func answer(_ site: Site, _ target: Target) -> Answer {
        let answer = worker.takeAnswer()
        addCommon(answer)
        switch site {
        case .rpc: return refusal(.methodNotAllowed)
        case .openrpc:
            answer.add("Content-Type", "application/json")
            answer.body.raw(SchemaDocument.text)
        case .openapi:
            answer.add("Content-Type", "application/json")
            answer.body.raw(OpenAPIDocument.text)
        case .healthz:
            answer.add("Content-Type", "text/plain; charset=utf-8")
            answer.body.raw("ok\n")
        case .readyz:
            answer.add("Content-Type", "text/plain; charset=utf-8")
            answer.body.raw("ok\n")
        }
        return answer
    }
}
