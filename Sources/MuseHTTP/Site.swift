// The HTTP room: what this port has besides the schema's paths: the documents, JSON-RPC, and what
// operators' tools ask.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseRPC
internal import MuseServer

/// A path of our own.
enum Site: String, CaseIterable {
    /// `/` itself.
    case page = ""
    case rpc
    case openrpc = "openrpc.json"
    case openapi = "openapi.json"
    case healthz
    case readyz
    case metrics

    var verb: Verb { if case .rpc = self { .post } else { .get } }

    var allow: String { Allow.text([verb]) }

    static func find(_ segments: [String]) -> Site? {
        if segments.isEmpty { return .page }
        return segments.count == 1 ? Site(rawValue: segments[0]) : nil
    }
}

extension Exchange {
    /// The answer of a site that needs no lane.
    func answer(_ site: Site, _ target: Target) -> Answer {
        switch site {
        case .page: return page()
        case .openrpc: return openRPC(target)
        case .openapi: return document(OpenAPIDocument.text)
        case .healthz: return word("ok")
        case .rpc, .metrics, .readyz: return refusal(.methodNotAllowed)
        }
    }

    /// The page for people; it may load nothing from elsewhere, nor be shown within another's.
    private func page() -> Answer {
        let answer = worker.takeAnswer()
        answer.body.raw(PageDocument.text)
        answer.add("Content-Type", "text/html; charset=utf-8")
        answer.add("Cache-Control", "no-cache")
        answer.add("Content-Security-Policy", PageDocument.policy)
        answer.add("Cross-Origin-Opener-Policy", "same-origin")
        answer.add("Referrer-Policy", "no-referrer")
        addCommon(answer)
        return answer
    }

    private func document(_ text: StaticString, head: StaticString? = nil, from: Int = 0) -> Answer
    {
        let answer = worker.takeAnswer()
        if let head { answer.body.raw(head) }
        // `from` is below the length of every document.
        unsafe answer.body.raw(
            UnsafeRawBufferPointer(
                start: text.utf8Start + from, count: text.utf8CodeUnitCount - from))
        answer.add("Content-Type", "application/json")
        answer.add("Cache-Control", "no-cache")
        addCommon(answer)
        return answer
    }

    /// The schema document; `?version=1.3.2` for tools that know no other.
    private func openRPC(_ target: Target) -> Answer {
        let asked = target.query.first
        let isKnown =
            target.query.count <= 1 && asked?.name ?? "version" == "version"
            && ["1.4.1", "1.3.2"].contains(asked?.value ?? "1.4.1")
        guard isKnown else {
            return refusal(
                .invalidParams(errors: [
                    Offence(
                        path: ParamIssues.pointer("", asked?.name ?? ""),
                        rule: asked?.name == "version" ? "enum" : "additionalProperties",
                        expected: asked?.name == "version" ? "[\"1.4.1\",\"1.3.2\"]" : "false")
                ]))
        }
        guard asked?.value == "1.3.2" else { return document(SchemaDocument.text) }
        let own: StaticString = "{\"openrpc\":\"1.4.1\""
        return document(
            SchemaDocument.text, head: "{\"openrpc\":\"1.3.2\"", from: own.utf8CodeUnitCount)
    }

    private func word(_ word: String, status: Int = 200) -> Answer {
        let answer = worker.takeAnswer()
        answer.status = status
        answer.body.raw(text: word)
        answer.body.raw("\n")
        answer.add("Content-Type", "text/plain; charset=utf-8")
        answer.add("Cache-Control", "no-store")
        addCommon(answer)
        return answer
    }

    /// Answers whether requests should be sent here; whoever is on this machine, or an admin, is
    /// also told why not.
    func runReady() async {
        finish(ready(isWhole: await seesParts))
    }

    private var seesParts: Bool {
        get async {
            guard !isLocal else { return true }
            guard let token = Authorization.token(head.authorization) else { return false }
            let call = Call(
                method: .authWhoami, peer: caller, meta: Meta(accessToken: token),
                arrivedAt: arrivedAt)
            let found = try? await worker.seat.methods.auth.whoami(AuthWhoamiParams(), call)
            return found?.user.role == .admin
        }
    }

    private func ready(isWhole: Bool) -> Answer {
        let call = Call(method: .serverHealth, peer: peer, arrivedAt: arrivedAt)
        guard
            let health = try? worker.seat.methods.server.health(ServerHealthParams(), call)
        else { return word("failed", status: 503) }
        let isReady = health.status == "ok" && !worker.seat.isDraining
        guard isWhole else {
            return word(isReady ? "ok" : health.status, status: isReady ? 200 : 503)
        }
        let answer = worker.takeAnswer()
        answer.status = isReady ? 200 : 503
        health.encode(into: &answer.body)
        answer.add("Content-Type", "application/json")
        answer.add("Cache-Control", "no-store")
        addCommon(answer)
        return answer
    }
}
