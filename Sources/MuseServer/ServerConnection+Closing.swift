// The server room: how a connection ends. With a farewell where there is a cause, so that no reset
// destroys it; after the last answer where the client has ended; at once where it is broken.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseNet
internal import MuseRPC
internal import MuseTLS

extension ServerConnection {
    /// Nothing more is taken; after the answers that are due comes this error, then the end.
    func refuseAndClose(_ error: RPCError) {
        worker.metrics.noteError(nil, code: error.code, name: error.name)
        if worker.logMode.wants(isError: true, nanoseconds: 0) { log(.null, "", error) }
        var writer = JSONWriter()
        writer.refuse(.null, error)
        writer.byte(UInt8(ascii: "\n"))
        closeAfter(unsafe writer.withBytes { unsafe Array($0) })
    }

    /// The same, once a handshake is done: before it nothing could be read.
    func refuseOnceOpen(_ error: RPCError) {
        guard phase == .handshaking else { return refuseAndClose(error) }
        refusalOnceOpen = error
    }

    /// The first bytes are another protocol's.
    func refuseForeign(_ reason: String) {
        worker.metrics.add(.linesUnparsable, 1)
        refuseAndClose(RPCError.parseError(offset: 0, reason: reason).withExample)
    }

    /// Nothing more is taken; after the answers that are due come these bytes, then the end.
    func closeAfter(_ bytes: [UInt8]) {
        guard phase == .open || phase == .handshaking else { return }
        phase = .closing
        farewell = bytes
        input = []
        inputStart = 0
        lineBegunAt = 0
        markDirty()
    }

    /// Tells of the end, and ends.
    func sayGoodbye(reason: String) {
        closeAfter(Self.draining(reason: reason, closesInMs: 0))
    }

    /// Tells of the end that will come.
    func announceEnd(reason: String, closesInMs: Int) {
        guard phase == .open else { return }
        let buffer = openOutput()
        buffer.writer.raw(Self.draining(reason: reason, closesInMs: closesInMs).span)
    }

    private static func draining(reason: String, closesInMs: Int) -> [UInt8] {
        var writer = JSONWriter()
        ServerDrainingNotification(reason: reason, closesInMs: closesInMs).write(into: &writer)
        writer.byte(UInt8(ascii: "\n"))
        return unsafe writer.withBytes { unsafe Array($0) }
    }

    /// After a flush: is there anything left to be said?
    func concludeIfDone() {
        guard calls.isEmpty else { return }
        switch phase {
        case .open:
            guard inputEnded, unread == 0, stop == .needMore else { return }
            close()
        case .closing:
            if let farewell {
                self.farewell = nil
                openOutput().writer.raw(farewell.span)
                // Sent in this pass: what has come in a pass is answered in it.
                return markDirty()
            }
            guard unread == 0 else { return }
            beginSwallowing()
        case .handshaking, .swallowing, .closed: break
        }
    }

    private func beginSwallowing() {
        if let tls, !tls.hasSentEnd {
            tls.end()
            return markDirty()
        }
        guard !inputEnded else { return close() }
        phase = .swallowing
        socket.endSending()
        closesAt = worker.loop.now + Turn.swallowNanoseconds
        armTimer()
        resumeReading()
    }

    /// Throws away what still comes.
    func swallow() {
        switch socket.read(into: worker.scratch) {
        case .bytes(let count):
            swallowed += count
            if swallowed > Turn.swallowBytesMax { close() }
        case .wouldBlock: break
        case .end, .failed: close()
        }
    }

    /// The connection is broken: what has not begun is dropped.
    func reset() {
        close()
    }

    /// Ends it at once.
    func close() {
        guard phase != .closed else { return }
        phase = .closed
        worker.loop.unwatch(socket.number)
        worker.loop.forgetCall(token)
        socket.close()
        tls = nil
        input = []
        if let output { worker.giveBack(output) }
        output = nil
        waiting.removeAll()
        dropReady()
        for call in calls {
            switch call.state {
            case .waiting, .ready:
                call.state = .done
                callBytes -= call.bytes
            case .running: _ = call.ticket?.cancel()
            case .done: break
            }
        }
        calls.removeAll { $0.state == .done }
        account()
        worker.closed(self)
    }

    // MARK: Time

    /// Asks to be called at the earliest moment at which there may be something to do.
    func armTimer() {
        guard let due = nextDue, due < timerDue else { return }
        timerDue = due
        worker.loop.callAt(due, token: token)
    }

    /// A moment that was asked for has come.
    func timerFired() {
        guard phase != .closed else { return }
        timerDue = .max
        let now = worker.loop.now
        let limits = worker.limits
        expire(now: now)
        if closesAt != 0, now >= closesAt {
            return close()
        } else if phase == .open, lineBegunAt != 0,
            now >= moment(lineBegunAt, limits.lineSeconds)
        {
            closeAfter([])
        } else if stalledSince != 0, now >= moment(stalledSince, limits.outputStallSeconds) {
            return close()
        } else if phase == .open, calls.isEmpty, unread == 0, stop == .needMore,
            now >= moment(activeAt, limits.idleSeconds)
        {
            sayGoodbye(reason: "idle")
        }
        armTimer()
    }

    /// A limit in seconds, counted from then; never where it is off.
    private func moment(_ from: UInt64, _ seconds: Int) -> UInt64 {
        seconds > 0 ? from + UInt64(seconds) * 1_000_000_000 : .max
    }

    private var nextDue: UInt64? {
        let limits = worker.limits
        var due = UInt64.max
        if closesAt != 0 { due = min(due, closesAt) }
        if lineBegunAt != 0 { due = min(due, moment(lineBegunAt, limits.lineSeconds)) }
        if stalledSince != 0 { due = min(due, moment(stalledSince, limits.outputStallSeconds)) }
        for call in calls where !call.wasExpired {
            if let deadline = call.deadline { due = min(due, deadline) }
        }
        if phase == .open {
            let idle = moment(activeAt, limits.idleSeconds)
            // Busy just now: look again a whole period later.
            due = min(
                due, idle > worker.loop.now ? idle : moment(worker.loop.now, limits.idleSeconds))
        }
        return due == .max ? nil : due
    }
}
