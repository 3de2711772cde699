// The server room: calls that touch the store wait for their turn in the connection's order, and
// may be taken back until they have begun.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseNet
internal import MuseRPC
internal import MuseTLS

extension ServerConnection {
    // MARK: In order

    /// Takes a call that touches the store: it begins now or waits.
    func offer(_ call: PendingCall) {
        calls.append(call)
        callBytes += call.bytes
        if let deadline = call.deadline, deadline < timerDue { armTimer() }
        if waiting.isEmpty, mayBegin, gate.admits(call.effect) {
            begin(call)
        } else {
            waiting.append(call)
        }
    }

    private func begin(_ call: PendingCall) {
        gate.begin(call.effect)
        makeReady(call)
    }

    /// Begins whatever the order does not hold back any more.
    func admit() {
        while let call = waiting.first, mayBegin, gate.admits(call.effect) {
            _ = waiting.popFirst()
            if call.state == .waiting { begin(call) }
        }
    }

    /// A write stands in the writer's queue, so the next may follow.
    func writeQueued(_ call: PendingCall) {
        guard call.effect == .write, phase != .closed else { return }
        gate.queued()
        admit()
    }

    // MARK: Taking back

    func takeCancel(_ envelope: Envelope, _ bytes: Span<UInt8>, _ place: AnswerPlace) {
        if envelope.id != nil {
            return refuse(
                envelope, bytes, .invalidRequest(reason: "rpc_cancel_is_a_notification"), place)
        }
        finish(place, nil)
        guard let id = CancelParams.id(envelope, bytes) else { return }
        let wanted = RPCID(bytes, id)
        for call in calls where call.id == wanted && call.refusal == nil {
            if takeBack(call, .cancelled()) { return }
            // It has begun: done and answered as done. A later one of the same id is another call.
            return
        }
    }

    /// Refuses a call that has not begun; false if it has.
    func takeBack(_ call: PendingCall, _ refusal: RPCError) -> Bool {
        switch call.state {
        case .waiting, .ready:
            call.refusal = refusal
            // A session change keeps its place, where it will leave nobody bound.
            if call.effect == .session { return true }
            if call.state == .waiting { waiting.remove { $0 === call } }
            finish(call, refusal)
            return true
        case .running:
            guard let ticket = call.ticket, ticket.cancel() else { return false }
            call.refusal = refusal
            return true
        case .done: return false
        }
    }

    /// Refuses the calls whose time has passed before they began.
    func expire(now: UInt64) {
        let due = calls.filter { !$0.wasExpired && $0.deadline.map { $0 <= now } ?? false }
        for call in due {
            call.wasExpired = true
            if call.refusal == nil { _ = takeBack(call, call.expired(now: now, started: false)) }
        }
    }
}

extension PendingCall {
    /// The refusal for a call that is over its time.
    func expired(now: UInt64, started: Bool) -> RPCError {
        let elapsed = now > arrivedAt ? (now - arrivedAt) / 1_000_000 : 0
        return .deadlineExceeded(elapsedMs: Int(clamping: elapsed), started: started)
    }
}
