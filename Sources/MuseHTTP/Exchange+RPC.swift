// The HTTP room: JSON-RPC in the body of a POST: a line's own rules, but that nothing binds to an
// HTTP connection. The members of a batch run one after another.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseRPC
internal import MuseServer

/// A member of a message, read.
private enum Member {
    /// A response, or a refused notification: nothing is said.
    case silent
    case refused(RPCID, RPCError, MethodID?)
    case discover(RPCID)
    case call(RPCID, Invocation, Call)
}

/// A message, read.
private struct Message {
    var members: [Member] = []
    var isBatch = false
}

extension Exchange {
    /// Runs the message of the body, and answers.
    func runRPC() async {
        let message = message()
        let limit = worker.seat.limits.answerBytesMax
        let answers = BatchAnswers(count: max(1, message.members.count), bytesMax: limit)
        for (index, member) in message.members.enumerated() {
            _ = answers.finish(index, await run(member, message.isBatch ? answers : nil))
        }
        let answer = worker.takeAnswer()
        if message.isBatch {
            _ = answers.write(into: &answer.body)
        } else {
            answers.writeOnly(into: &answer.body)
        }
        answer.status = answer.body.count > 0 ? 200 : 204
        if answer.body.count > 0 { answer.add("Content-Type", "application/json") }
        answer.add("Cache-Control", "no-store")
        addCommon(answer)
        finish(answer)
    }

    // MARK: Reading

    private func message() -> Message {
        let limits = worker.seat.limits
        let text = body
        let bytes = text.span
        switch Line.parse(bytes, 0..<bytes.count, depthMax: limits.nestingMax) {
        case .blank:
            return Message(members: [
                .refused(.null, .parseError(offset: bytes.count, reason: "unexpected_end"), nil)
            ])
        case .emptyBatch:
            let reason = InvalidRequest.emptyBatch.rawValue
            return Message(members: [.refused(.null, .invalidRequest(reason: reason), nil)])
        case .unparsable(let error):
            let refusal: RPCError =
                error.reason == .tooDeep
                ? .messageTooLarge(limit: limits.nestingMax)
                : .parseError(offset: error.offset, reason: error.reason.rawValue)
            return Message(members: [.refused(.null, refusal, nil)])
        case .single(let envelope): return Message(members: [member(envelope, bytes)])
        case .batch(let count, var members):
            guard count <= limits.batchMax else {
                return Message(members: [
                    .refused(.null, .batchTooLarge(limit: limits.batchMax), nil)
                ])
            }
            var message = Message(isBatch: true)
            while let envelope = members.next(bytes) {
                message.members.append(member(envelope, bytes))
            }
            return message
        }
    }

    private func member(_ envelope: Envelope, _ bytes: Span<UInt8>) -> Member {
        let id = envelope.ownedID(bytes)
        switch envelope.kind {
        case .response: return .silent
        case .invalid(let fault): return .refused(id, .invalidRequest(reason: fault.rawValue), nil)
        case .request: break
        }
        let method = MethodID.lookup(bytes, envelope.method)
        guard method != nil || envelope.method.equals(bytes, "rpc.discover") else {
            let name = envelope.method
            let isShort = name.end - name.start <= 256
            let near = isShort ? worker.seat.nearest(name.string(bytes)) : nil
            return .refused(id, .methodNotFound(didYouMean: near), nil)
        }
        // Discovery takes what a method without params takes.
        let decoded = Invocation.decode(
            method: method ?? .serverPing, bytes: bytes, params: envelope.params,
            issuesMax: worker.seat.limits.offencesMax)
        if decoded.binds || method?.effect == .session || method == .rpcCancel {
            return .refused(id, .invalidRequest(reason: "nothing_binds_over_http"), method)
        }
        if let refusal = decoded.refusal(of: caller) { return .refused(id, refusal, method) }
        guard let method else { return .discover(id) }
        guard let invocation = decoded.invocation else { return .silent }
        return .call(id, invocation, call(method, decoded.meta))
    }

    /// A call; the head's token is that of whatever names none.
    private func call(_ method: MethodID, _ meta: Meta) -> Call {
        var meta = meta
        if meta.accessToken == nil { meta.accessToken = Authorization.token(head.authorization) }
        return Call(
            method: method, peer: caller, meta: meta, arrivedAt: arrivedAt,
            deadline: meta.deadlineMs.map { arrivedAt + UInt64($0) * 1_000_000 },
            ticket: method.effect == .write ? CallTicket() : nil)
    }

    // MARK: Running

    /// The answer of a member; nil where nothing is said.
    private func run(_ member: Member, _ batch: BatchAnswers?) async -> [UInt8]? {
        switch member {
        case .silent: return nil
        case .refused(let id, let error, let method): return refused(id, error, method)
        case .discover(let id):
            worker.seat.note(.rpcOverHTTP, nil, since: arrivedAt)
            guard !id.isAbsent else { return nil }
            var writer = JSONWriter()
            writer.beginAnswer(id)
            writer.raw(SchemaDocument.text)
            writer.endAnswer()
            return fitting(writer, id, nil, batch)
        case .call(let id, let invocation, let call):
            return await run(id, invocation, call, batch)
        }
    }

    private func run(
        _ id: RPCID, _ invocation: Invocation, _ call: Call, _ batch: BatchAnswers?
    ) async -> [UInt8]? {
        let limit = worker.seat.limits.answerBytesMax
        let now = worker.seat.clock.nanoseconds()
        if let deadline = call.deadline, now >= deadline {
            let elapsed = Int(clamping: (now - arrivedAt) / 1_000_000)
            return refused(
                id, .deadlineExceeded(elapsedMs: elapsed, started: false), call.method, call.meta)
        }
        let reserves = call.method.effect == .write && !id.isAbsent
        if reserves, let batch, !batch.reserve() {
            return refused(id, .responseTooLarge(limit: limit), call.method)
        }
        var writer = JSONWriter(limit: limit)
        var failure: RPCError?
        do throws(RPCError) {
            try await perform(
                invocation, call, methods: worker.seat.methods, answering: id, into: &writer)
        } catch {
            failure = error
        }
        if reserves { batch?.release() }
        worker.seat.note(.rpcOverHTTP, call.method, since: arrivedAt)
        if failure == nil, writer.overflowed { failure = .responseTooLarge(limit: limit) }
        if let failure { return refused(id, failure, call.method, call.meta) }
        logRPC(id, call.method, nil, call.meta)
        return id.isAbsent ? nil : fitting(writer, id, call.method, batch)
    }

    /// An answer, or its refusal where there is no room for it.
    private func fitting(
        _ writer: borrowing JSONWriter, _ id: RPCID, _ method: MethodID?, _ batch: BatchAnswers?
    ) -> [UInt8]? {
        let limit = worker.seat.limits.answerBytesMax
        guard writer.count <= batch?.room ?? limit else {
            return refused(id, .responseTooLarge(limit: limit), method)
        }
        return unsafe writer.withBytes { unsafe Array($0) }
    }

    private func refused(
        _ id: RPCID, _ error: RPCError, _ method: MethodID?, _ meta: Meta? = nil
    ) -> [UInt8]? {
        worker.seat.noteRefusal(.rpcOverHTTP, method, error)
        logRPC(id, method, error, meta)
        guard !id.isAbsent else { return nil }
        var writer = JSONWriter()
        writer.refuse(id, error)
        return unsafe writer.withBytes { unsafe Array($0) }
    }

    private func logRPC(_ id: RPCID, _ method: MethodID?, _ error: RPCError?, _ meta: Meta?) {
        var record = SeatRecord(
            connection: entry.id, method: method?.name ?? "", bytes: body.count,
            arrivedAt: arrivedAt)
        record.id = id
        record.error = error
        record.token = meta?.accessToken
        record.traceparent = meta?.traceparent
        worker.seat.log(record)
    }
}
