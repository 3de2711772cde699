// The server room: answers go out. One write a connection and pass; what the client does not take
// waits, and counts against it.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseNet
internal import MuseRPC
internal import MuseTLS

extension ServerConnection {
    // MARK: Answers

    /// The output, which it has from now on until all is sent.
    func openOutput() -> OutputBuffer {
        markDirty()
        if let output { return output }
        let buffer = worker.takeBuffer()
        output = buffer
        return buffer
    }

    func markDirty() {
        guard !isDirty, phase != .closed else { return }
        isDirty = true
        worker.dirty.append(self)
    }

    /// Refuses the request of an envelope; a notification is never answered.
    func refuse(
        _ envelope: Envelope, _ bytes: Span<UInt8>, _ error: RPCError, _ place: AnswerPlace,
        method: MethodID? = nil
    ) {
        refuse(envelope.ownedID(bytes), error, place, method: method)
    }

    /// Refuses what has that id; `absent` for a notification.
    /// - Parameter isLogged: false where the call has been logged by itself.
    func refuse(
        _ id: RPCID, _ error: RPCError, _ place: AnswerPlace = .line, method: MethodID? = nil,
        isLogged: Bool = true
    ) {
        worker.metrics.noteError(
            method.map { Int($0.rawValue) }, code: error.code, name: error.name)
        if isLogged, worker.logMode.wants(isError: true, nanoseconds: 0) || error.code == -32603 {
            log(id, method?.name ?? "", error)
        }
        guard !id.isAbsent else { return finish(place, nil) }
        guard place.batch == nil else {
            var writer = JSONWriter()
            writer.refuse(id, error)
            return finish(place, unsafe writer.withBytes { unsafe Array($0) })
        }
        guard phase != .closed else { return }
        let buffer = openOutput()
        buffer.writer.refuse(id, error)
        buffer.writer.byte(UInt8(ascii: "\n"))
    }

    /// A member of a batch is done; its answer goes out with the last one. Nothing for a line's
    /// own.
    func finish(_ place: AnswerPlace, _ answer: [UInt8]?) {
        guard let batch = place.batch, batch.finish(place.index, answer), phase != .closed else {
            return
        }
        let buffer = openOutput()
        if batch.answers.write(into: &buffer.writer) { buffer.writer.byte(UInt8(ascii: "\n")) }
    }

    /// A call was run, or refused in its place.
    /// - Parameter writer: its whole answer, where `error` is nil.
    func finish(_ call: PendingCall, _ error: RPCError?, _ writer: inout JSONWriter) {
        if call.effect == .session {
            if error != nil { peer.bound = nil }
            entry.publish(user: peer.bound?.user)
        }
        leave(call)
        if call.method != .rpcCancel {
            worker.note(Int(call.method.rawValue), since: call.arrivedAt)
        }
        let place = AnswerPlace(batch: call.batch, index: call.index)
        log(call, error)
        if let error {
            refuse(call.id, error, place, method: call.method, isLogged: false)
        } else if call.id.isAbsent {
            finish(place, nil)
        } else if let batch = call.batch {
            if writer.count > batch.room {
                refuse(
                    call.id, .responseTooLarge(limit: worker.limits.answerBytesMax), place,
                    method: call.method)
            } else {
                finish(place, unsafe writer.withBytes { unsafe Array($0) })
            }
        } else if phase != .closed {
            let buffer = openOutput()
            unsafe writer.withBytes { unsafe buffer.writer.raw($0) }
            buffer.writer.byte(UInt8(ascii: "\n"))
        }
        activeAt = worker.loop.now
        admit()
        unblock()
        if calls.isEmpty { markDirty() }
        account()
    }

    /// A call is refused that was not run.
    func finish(_ call: PendingCall, _ error: RPCError) {
        var none = JSONWriter()
        finish(call, error, &none)
    }

    /// Takes a call off the connection's books.
    private func leave(_ call: PendingCall) {
        if call.state != .waiting {
            gate.end(call.effect, wasQueued: call.wasQueued && call.effect == .write)
        }
        call.state = .done
        callBytes -= call.bytes
        if let index = calls.firstIndex(where: { $0 === call }) { calls.remove(at: index) }
    }

    // MARK: Out

    /// Sends what there is, at the end of a pass.
    func flush() {
        isDirty = false
        guard phase != .closed else { return }
        if let output, output.unsent > 0 || (tls?.unsent ?? 0) > 0 {
            send(output)
        } else if let tls, tls.unsent > 0 {
            sendCiphertext(tls)
        }
        guard phase != .closed else { return }
        flushed()
    }

    private func send(_ buffer: OutputBuffer) {
        if let tls { return sendEncrypted(buffer, tls) }
        let outcome = unsafe buffer.writer.withBytes { bytes in
            unsafe socket.write(UnsafeRawBufferPointer(rebasing: bytes[buffer.sent...]))
        }
        switch outcome {
        case .bytes(let count):
            buffer.advance(count)
            noteSent(count)
            if buffer.unsent > 0 { stalledSince = worker.loop.now }
        case .wouldBlock:
            if stalledSince == 0 { stalledSince = worker.loop.now }
        case .failed: reset()
        }
    }

    func noteSent(_ count: Int) {
        worker.metrics.add(.bytesOut, count)
        guard count > 0 else { return }
        stalledSince = 0
        activeAt = worker.loop.now
    }

    /// Looks after what `send` has left.
    private func flushed() {
        if unread == 0 {
            stalledSince = 0
            if let output {
                worker.giveBack(output)
                self.output = nil
            }
            if interest.isWritable { updateInterest() }
        } else {
            output?.compact()
            if !interest.isWritable || !isWatched { updateInterest() }
            armTimer()
        }
        standInLine()
        admit()
        unblock()
        concludeIfDone()
        account()
    }
}
