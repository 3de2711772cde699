// The server room: a line becomes calls. Those that touch no store are answered at once; the others
// wait for their turn in the connection's order and then for a lane.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseNet
internal import MuseRPC
internal import MuseTLS

/// What lasts for one turn of a connection.
struct LineTurn {
    /// Bytes that may be answered before it is asked again whether another line may be taken; 0
    /// after whatever may have changed more than the output.
    var room = 0
    /// The call of the last request without params: made once for many pings.
    var call: Call

    init(_ call: Call) {
        self.call = call
    }
}

/// Where an answer goes: into the connection's output, or into a batch.
struct AnswerPlace {
    var batch: Batch?
    var index = 0

    static var line: AnswerPlace { AnswerPlace(batch: nil) }
}

extension ServerConnection {
    // MARK: Lines

    /// Takes one line; gives how many requests it was, at least one.
    func takeLine(_ bytes: Span<UInt8>, _ range: Range<Int>, _ turn: inout LineTurn) -> Int {
        if isFirstLine {
            isFirstLine = false
            if let reason = ForeignProtocol.reason(line: bytes.extracting(range)) {
                refuseForeign(reason)
                turn.room = 0
                return 1
            }
        }
        switch Line.parse(bytes, range, depthMax: worker.limits.nestingMax) {
        case .single(let envelope):
            unparsableLines = 0
            if worker.takesBareCalls, envelope.hasNoParams, case .request = envelope.kind,
                let id = envelope.id, let method = MethodID.lookup(bytes, envelope.method),
                let bare = worker.bareCalls[Int(method.rawValue)]
            {
                requests += 1
                runBare(bare, bytes.extracting(id), &turn)
                return 1
            }
            turn.room = 0
            take(envelope, bytes, line: range.count, .line)
        case .batch(let count, let members):
            unparsableLines = 0
            turn.room = 0
            return takeBatch(bytes, count, members, line: range.count)
        case .blank: break
        case .emptyBatch:
            unparsableLines = 0
            turn.room = 0
            refuse(.null, .invalidRequest(reason: InvalidRequest.emptyBatch.rawValue))
        case .unparsable(let error):
            turn.room = 0
            unparsable(error, range)
        }
        return 1
    }

    private func takeBatch(
        _ bytes: Span<UInt8>, _ count: Int, _ members: BatchMembers, line: Int
    ) -> Int {
        let max = worker.limits.batchMax
        guard max == 0 || count <= max else {
            refuse(.null, .batchTooLarge(limit: max))
            return 1
        }
        let batch = Batch(count: count, bytesMax: worker.limits.answerBytesMax)
        var members = members
        var index = 0
        while let envelope = members.next(bytes) {
            take(envelope, bytes, line: line / count, AnswerPlace(batch: batch, index: index))
            index += 1
        }
        return count
    }

    private func unparsable(_ error: JSONError, _ range: Range<Int>) {
        guard error.reason != .tooDeep else {
            unparsableLines = 0
            return refuse(.null, .messageTooLarge(limit: worker.limits.nestingMax))
        }
        unparsableLines += 1
        worker.metrics.add(.linesUnparsable, 1)
        var refusal = RPCError.parseError(
            offset: error.offset - range.lowerBound, reason: error.reason.rawValue)
        if !hasShownExample {
            hasShownExample = true
            refusal = refusal.withExample
        }
        let max = worker.limits.unparsableLinesMax
        if max > 0, unparsableLines >= max {
            refuseAndClose(refusal)
        } else {
            refuse(.null, refusal)
        }
    }

    // MARK: Envelopes

    private func take(
        _ envelope: Envelope, _ bytes: Span<UInt8>, line: Int, _ place: AnswerPlace
    ) {
        switch envelope.kind {
        case .response:
            worker.metrics.add(.responsesDropped, 1)
            finish(place, nil)
        case .invalid(let fault):
            refuse(envelope.ownedID(bytes), .invalidRequest(reason: fault.rawValue), place)
        case .request:
            requests += 1
            let over = rate.refusal(max: worker.limits.requestsPerSecondMax, now: receivedAt)
            guard let method = MethodID.lookup(bytes, envelope.method) else {
                if let over { return refuse(envelope, bytes, over, place) }
                return takeUnlisted(envelope, bytes, place)
            }
            if method == .rpcCancel { return takeCancel(envelope, bytes, place) }
            if worker.isDraining { return refuse(envelope, bytes, worker.drainingError, place) }
            take(method, envelope, bytes, line: line, place, over)
        }
    }

    private func take(
        _ method: MethodID, _ envelope: Envelope, _ bytes: Span<UInt8>, line: Int,
        _ place: AnswerPlace, _ over: RPCError?
    ) {
        let decoded = Invocation.decode(
            method: method, bytes: bytes, params: envelope.params,
            issuesMax: worker.limits.offencesMax)
        let effect = decoded.binds ? .session : method.effect
        let refusal = over ?? decoded.refusal(of: peer)
        if case .none = effect, refusal == nil, let invocation = decoded.invocation {
            return runNow(method, invocation, decoded.meta, envelope, bytes, place)
        }
        if let refusal, effect != .session {
            worker.note(Int(method.rawValue), since: receivedAt)
            return refuse(envelope, bytes, refusal, place, method: method)
        }
        // A refused session change takes its place in the order too, for then nobody is bound.
        let call = PendingCall(
            self, id: envelope.ownedID(bytes), method: method, effect: effect, decoded: decoded,
            refusal: refusal, arrivedAt: receivedAt, bytes: line, batch: place.batch,
            index: place.index)
        offer(call)
    }

    /// What the schema does not list as a method of its own: discovery, examples, mistakes.
    private func takeUnlisted(_ envelope: Envelope, _ bytes: Span<UInt8>, _ place: AnswerPlace) {
        if envelope.method.equals(bytes, "rpc.discover") {
            return discover(envelope, bytes, place)
        }
        if worker.hasConformanceMethods,
            let outcome = ConformanceMethods.run(envelope, bytes)
        {
            switch outcome {
            case .success(let result):
                answerNow(envelope, bytes, place) { $0.raw(text: result) }
            case .failure(let error): refuse(envelope, bytes, error, place)
            }
            return
        }
        guard envelope.id != nil else { return finish(place, nil) }
        let name = envelope.method
        let isShort = name.end - name.start <= 256
        let near = isShort ? DidYouMean.method(name.string(bytes)) : nil
        refuse(envelope, bytes, .methodNotFound(didYouMean: near), place)
    }

    /// Answers with the schema. It takes what a method without params takes: `_meta`, and nothing
    /// else.
    private func discover(_ envelope: Envelope, _ bytes: Span<UInt8>, _ place: AnswerPlace) {
        let decoded = Invocation.decode(
            method: .serverPing, bytes: bytes, params: envelope.params,
            issuesMax: worker.limits.offencesMax)
        if let refusal = decoded.refusal(of: peer) {
            return refuse(envelope, bytes, refusal, place)
        }
        answerNow(envelope, bytes, place) { $0.raw(SchemaDocument.text) }
        worker.note(WorkerMetrics.discover, since: receivedAt)
    }

    // MARK: At once

    /// Answers a request without params whose method touches no store: most pings are such.
    private func runBare(_ bare: BareCall, _ id: Span<UInt8>, _ turn: inout LineTurn) {
        if turn.call.method.rawValue != bare.method.rawValue {
            turn.call = Call(method: bare.method, peer: peer, arrivedAt: receivedAt)
        }
        worker.noteInTurn(bare.method, since: receivedAt)
        let buffer = openOutput()
        var refusal: RPCError
        do throws(RPCError) {
            let length = try worker.handlers.answer(
                bare.invocation, turn.call, id, into: &buffer.writer)
            turn.room -= length
            if length <= worker.limits.answerBytesMax { return }
            buffer.writer.truncate(to: buffer.writer.count - length)
            refusal = .responseTooLarge(limit: worker.limits.answerBytesMax)
        } catch {
            refusal = error
        }
        turn.room = 0
        refuse(RPCID(id, 0..<id.count), refusal, method: bare.method)
    }

    private func runNow(
        _ method: MethodID, _ invocation: Invocation, _ meta: Meta, _ envelope: Envelope,
        _ bytes: Span<UInt8>, _ place: AnswerPlace
    ) {
        let buffer = openOutput()
        let mark = buffer.writer.count
        if let id = envelope.id {
            buffer.writer.raw("{\"jsonrpc\":\"2.0\",\"id\":")
            buffer.writer.raw(bytes.extracting(id))
            buffer.writer.raw(",\"result\":")
        }
        let call = Call(method: method, peer: peer, meta: meta, arrivedAt: receivedAt)
        var refusal: RPCError?
        do throws(RPCError) {
            try worker.handlers.run(invocation, call, into: &buffer.writer)
        } catch {
            refusal = error
        }
        if refusal == nil, buffer.writer.count - mark > worker.limits.answerBytesMax {
            refusal = .responseTooLarge(limit: worker.limits.answerBytesMax)
        }
        worker.noteInTurn(method, since: receivedAt)
        if let refusal {
            buffer.writer.truncate(to: mark)
            refuse(envelope, bytes, refusal, place, method: method)
        } else {
            buffer.writer.byte(UInt8(ascii: "}"))
            settle(buffer, from: mark, envelope, bytes, place)
        }
        if case .all = worker.logMode, refusal == nil {
            log(envelope.ownedID(bytes), method.name, nil, traceparent: meta.traceparent)
        }
    }

    /// Answers with what `write` appends.
    private func answerNow(
        _ envelope: Envelope, _ bytes: Span<UInt8>, _ place: AnswerPlace,
        _ write: (inout JSONWriter) -> Void
    ) {
        guard let id = envelope.id else { return finish(place, nil) }
        let buffer = openOutput()
        let mark = buffer.writer.count
        buffer.writer.raw("{\"jsonrpc\":\"2.0\",\"id\":")
        buffer.writer.raw(bytes.extracting(id))
        buffer.writer.raw(",\"result\":")
        write(&buffer.writer)
        buffer.writer.byte(UInt8(ascii: "}"))
        settle(buffer, from: mark, envelope, bytes, place)
    }

    /// Leaves an answer that stands in the output where it is, or moves it into its batch.
    private func settle(
        _ buffer: OutputBuffer, from mark: Int, _ envelope: Envelope, _ bytes: Span<UInt8>,
        _ place: AnswerPlace
    ) {
        guard envelope.id == nil || place.batch != nil else {
            return buffer.writer.byte(UInt8(ascii: "\n"))
        }
        let answer = unsafe buffer.writer.withBytes { unsafe Array($0[mark...]) }
        buffer.writer.truncate(to: mark)
        if envelope.id == nil {
            finish(place, nil)
        } else if let batch = place.batch, answer.count > batch.room {
            refuse(envelope, bytes, .responseTooLarge(limit: worker.limits.answerBytesMax), place)
        } else {
            finish(place, answer)
        }
    }
}

extension RPCError {
    /// The same error with a line that works.
    var withExample: RPCError {
        with("example") { $0.string("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.ping\"}") }
    }
}
