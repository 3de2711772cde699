// The server room: bytes become lines. Nothing is copied but what has to wait.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseNet
internal import MuseRPC
internal import MuseTLS

extension ServerConnection {
    /// Reads what has come, once.
    func readable() {
        if phase == .swallowing { return swallow() }
        guard phase == .open || phase == .handshaking, !inputEnded, stop != .blocked else {
            return stopReading()
        }
        // What was read before is taken first, in this connection's next turn.
        guard stop == .needMore else { return }
        guard !worker.isReadingPaused else { return worker.pause(self) }
        if let tls { return readEncrypted(tls) }
        switch socket.read(into: worker.scratch) {
        case .bytes(let count):
            worker.metrics.add(.bytesIn, count)
            worker.scratch.withSpan(count) { received($0) }
        case .wouldBlock: break
        case .end: ended()
        case .failed: reset()
        }
    }

    /// Takes bytes that have just come, in clear.
    func received(_ bytes: Span<UInt8>) {
        receivedAt = worker.loop.now
        activeAt = receivedAt
        guard input.isEmpty, !awaitsProxyHeader else {
            unsafe bytes.withUnsafeBytes { unsafe input.append(contentsOf: $0) }
            return takeInput()
        }
        let taken = takeLines(bytes, from: 0)
        if phase == .open, taken < bytes.count {
            unsafe bytes.extracting(taken..<bytes.count).withUnsafeBytes {
                unsafe input.append(contentsOf: $0)
            }
        }
        linesTaken()
    }

    /// Goes on with what was kept.
    func takeInput() {
        guard phase == .open else { return }
        if awaitsProxyHeader, !takeProxyHeader(), !inputEnded { return linesTaken() }
        if inputStart < input.count {
            // Moved out, so that nothing that a line causes can touch the bytes it is read from.
            var bytes: [UInt8] = []
            swap(&bytes, &input)
            let taken = takeLines(bytes.span, from: inputStart)
            inputStart = 0
            if phase == .open, taken < bytes.count {
                swap(&bytes, &input)
                if taken > 0, taken >= input.count / 2 {
                    input.removeSubrange(0..<taken)
                } else {
                    inputStart = taken
                }
            }
        }
        linesTaken()
    }

    /// The other side has ended its sending. An end of input ends the last line too, unless it was
    /// cut.
    func ended(isCut: Bool = false) {
        inputEnded = true
        lineBegunAt = 0
        if !input.isEmpty, !isCut { input.append(UInt8(ascii: "\n")) }
        if phase == .open { takeInput() }
        markDirty()
    }

    /// Takes one line after another; gives how far it came, and says in `stop` why it ended.
    private func takeLines(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var position = start
        var taken = 0
        var turn = LineTurn(Call(method: .serverPing, peer: peer, arrivedAt: receivedAt))
        var framer = framer
        let unreadBefore = unread
        defer {
            self.framer = framer
            isCostly = bytes.count - start + unread - unreadBefore > Turn.cheapBytes
        }
        worker.beginTurn()
        let outputEnd = unreadBefore + Turn.outputBytesMax
        if isFirstLine, let reason = ForeignProtocol.reason(start: bytes) {
            refuseForeign(reason)
        }
        while true {
            if turn.room <= 0 {
                guard phase == .open else {
                    stop = .closing
                    return bytes.count
                }
                guard mayTake else {
                    stop = .blocked
                    return position
                }
                guard unread < outputEnd else {
                    stop = .budget
                    return position
                }
                turn.room = min(worker.limits.outputBytesMax + 1, outputEnd) - unread
            }
            if taken >= Turn.requestsMax || (taken & 15 == 15 && worker.turnIsOver()) {
                stop = .budget
                return position
            }
            switch framer.next(bytes, from: position) {
            case .needMore:
                stop = .needMore
                return position
            case .tooLong:
                refuseAndClose(.messageTooLarge(limit: worker.limits.lineBytesMax))
                turn.room = 0
            case .line(let range, let next):
                position = next
                taken += takeLine(bytes, range, &turn)
            }
        }
    }

    /// Looks after what `takeLines` has left.
    private func linesTaken() {
        switch stop {
        case .needMore:
            if input.isEmpty {
                lineBegunAt = 0
            } else if lineBegunAt == 0, !inputEnded {
                lineBegunAt = worker.loop.now
                armTimer()
            }
        case .budget: worker.carry(self)
        case .blocked: lineBegunAt = 0
        case .closing: input = []
        }
        if !isDirty { account() }
    }

    /// Something was answered or sent: lines that could not be taken may go on.
    func unblock() {
        guard stop == .blocked, phase == .open, mayTake else { return }
        stop = .budget
        worker.carry(self)
    }

    /// Reads after the others: once a pass, where it has a costly turn behind it.
    func readLater() {
        guard !readsLater, stop == .needMore else { return }
        readsLater = true
        worker.carry(self)
    }

    /// Its next turn, after `carry`.
    func nextTurn() {
        if readsLater {
            readsLater = false
            if phase != .closed { readable() }
            return
        }
        guard phase == .open, stop == .budget else { return }
        stop = .needMore
        takeInput()
        if inputEnded {
            markDirty()
        } else if stop == .needMore {
            resumeReading()
        }
    }
}
