// The HTTP room: a request becomes a call of a method, or is refused; and a call becomes an answer.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseRPC
internal import MuseServer

/// What a request asks for.
enum Plan {
    /// A method of the schema, at a place of its own.
    case operation(Operation, values: [String], target: Target)
    /// The same, with its params read.
    case call(RESTRequest, Call)
    /// JSON-RPC in the body.
    case rpc
    /// Everything that is counted.
    case metrics
    /// Whether requests should be sent here.
    case ready
}

extension Exchange {
    // MARK: From the head

    /// Looks where the request goes; gives the answer where that does not depend on its body.
    func settle() -> Answer? {
        if let refused = refuseHead() { return refused }
        let target: Target
        do throws(Target.Fault) {
            target = try Target(self.target.span)
        } catch {
            return refusal(malformed(error.rawValue), status: 400)
        }
        let name = verb == "HEAD" ? "GET" : verb
        if target.isServer {
            return name == "OPTIONS" ? options(Allow.text(Verb.allCases)) : notFound()
        }
        if let site = Site.find(target.segments) { return settle(site, name, target) }
        if worker.seat.isDraining { return refusal(.draining(retryAfterMs: 1_000)) }
        guard let (resource, values) = Resource.find(target.segments) else { return notFound() }
        if name == "OPTIONS" { return options(resource.allow) }
        guard let verb = Verb(rawValue: name), let operation = resource.operation(verb) else {
            return notAllowed(resource.allow)
        }
        planned = .operation(operation, values: values, target: target)
        return refuseBody(operation)
    }

    private func settle(_ site: Site, _ name: String, _ target: Target) -> Answer? {
        if name == "OPTIONS" { return options(site.allow) }
        guard name == site.verb.rawValue else { return notAllowed(site.allow) }
        if case .rpc = site {
            planned = .rpc
            return mediaRefusal()
        }
        if head.hasBody { return refusal(.bodyUnexpected) }
        switch site {
        case .metrics: planned = .metrics
        case .readyz: planned = .ready
        default: return answer(site, target)
        }
        return nil
    }

    private func refuseHead() -> Answer? {
        if target.count > HTTPLimits.targetBytesMax { return refusal(.targetTooLong) }
        if headBytes > HTTPLimits.headBytesMax { return refusal(.headTooLarge) }
        if worker.seat.isFull { return refusal(.busy(retryAfterMs: 1_000)) }
        let max = worker.seat.limits.requestsPerSecondMax
        if let over = rate.refusal(max: max, now: arrivedAt) { return refusal(over) }
        return nil
    }

    private func refuseBody(_ operation: Operation) -> Answer? {
        if operation.verb == .get {
            guard !head.hasBody else { return refusal(.bodyUnexpected) }
        } else if let refused = mediaRefusal() {
            return refused
        }
        guard Accept.admits(head.accept, "application", "json") else {
            return refusal(.notAcceptable)
        }
        return nil
    }

    private func mediaRefusal() -> Answer? {
        guard head.hasBody else { return nil }
        if let coding = head.contentEncoding, coding.lowercased() != "identity" {
            return refusal(.contentEncoding)
        }
        return MediaType.isJSON(head.contentType) ? nil : refusal(.mediaType)
    }

    // MARK: Whole

    /// The request is all there: its call begins, or is refused.
    func begin() {
        switch planned {
        case .operation(let operation, let values, let target):
            plan(operation, values, target)
        case .rpc, .metrics, .ready: start()
        case .call, nil: finish(notFound())
        }
    }

    private func plan(_ operation: Operation, _ values: [String], _ target: Target) {
        let request: RESTRequest
        do throws(RPCError) {
            request = try RESTRequest(
                operation, values: values, target: target, head: head, body: body.span,
                offencesMax: worker.seat.limits.offencesMax,
                nestingMax: worker.seat.limits.nestingMax)
        } catch {
            worker.seat.note(.rest, operation.method, since: arrivedAt)
            return finish(refusal(error, method: operation.method))
        }
        let caller = caller
        switch conditions(operation) {
        case .refused(let answer): return finish(answer)
        case .validator(let validator): caller.validator = validator
        }
        let call = Call(
            method: operation.method, peer: caller, meta: request.meta, arrivedAt: arrivedAt,
            ticket: operation.method.effect == .write ? CallTicket() : nil)
        planned = .call(request, call)
        start()
    }

    /// Whom the request comes from. What a proxy passes on is no word of its own, and names nobody
    /// in `_meta`, even where its fields cannot be read.
    var caller: Peer {
        guard peer.isTrustedProxy, head.forwarded != nil || head.forwardedFor != nil else {
            return peer
        }
        let address = ForwardedAddress.client(
            forwarded: head.forwarded, forwardedFor: head.forwardedFor,
            isTrusted: worker.seat.isTrustedProxy)
        return Peer(id: peer.id, transport: peer.transport, address: address ?? peer.address)
    }
}

extension Exchange: GuestCall {
    /// Runs the planned call in a lane.
    func run() async {
        switch planned {
        case .call(let request, let call): await run(request, call)
        case .rpc: await runRPC()
        case .metrics: await runMetrics()
        case .ready: await runReady()
        case .operation, nil: finish(notFound())
        }
    }

    private func run(_ request: RESTRequest, _ call: Call) async {
        let operation = request.operation
        let answer = worker.takeAnswer()
        var failure: RPCError?
        var location: String?
        do throws(RPCError) {
            location = try await request.run(
                call, methods: worker.seat.methods, into: &answer.body)
            if needsLength(answer, call.peer.validator) {
                call.peer.validator?.known = nil
                _ = try await request.run(
                    call, methods: worker.seat.methods, into: &answer.body)
            }
        } catch {
            failure = error
        }
        if failure == nil, answer.body.overflowed {
            failure = .responseTooLarge(limit: worker.seat.limits.answerBytesMax)
        }
        worker.seat.note(.rest, operation.method, since: arrivedAt)
        let validator = call.peer.validator
        call.peer.validator = nil
        if let failure {
            answer.reset()
            return finish(refusal(failure, method: operation.method, into: answer))
        }
        if let failed = failedPrecondition(validator, operation) {
            answer.reset()
            return finish(refusal(failed, method: operation.method, into: answer))
        }
        log(operation.method, nil)
        answer.status = operation.status
        if operation.kind == .nothing { answer.body.removeAll() }
        if let location { answer.add("Location", location) }
        describe(answer, operation, request.target, hasCaller: call.meta.accessToken != nil)
        if let validator, let failed = tag(answer, operation, validator) {
            answer.reset()
            return finish(refusal(failed, method: operation.method, into: answer))
        }
        finish(answer)
    }

    /// Adds the fields that say what an answer is and who may keep it.
    private func describe(
        _ answer: Answer, _ operation: Operation, _ target: Target, hasCaller: Bool
    ) {
        if operation.kind != .nothing, !operation.isTagged {
            answer.add("Content-Type", "application/json")
        }
        addCommon(answer)
        switch operation.kind {
        case .secret: answer.add("Cache-Control", "no-store")
        default:
            answer.add("Cache-Control", hasCaller ? "private, no-cache" : "no-cache")
        }
        if operation.kind == .page, let link = Page.link(answer.body, target) {
            answer.add("Link", link)
        }
    }
}
