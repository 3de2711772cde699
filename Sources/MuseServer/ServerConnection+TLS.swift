// The server room: a connection whose bytes are encrypted. Ciphertext is read into the worker's
// scratch and becomes plaintext in its other one; from there on the way is the same.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseNet
internal import MuseRPC
internal import MuseTLS

extension ServerConnection {
    /// Waits for the client's hello.
    func beginHandshake(_ stream: TLSStream) {
        tls = stream
        phase = .handshaking
        isCostly = true
        let seconds = worker.limits.tlsHandshakeSeconds
        closesAt = seconds > 0 ? worker.loop.now + UInt64(seconds) * 1_000_000_000 : 0
    }

    /// Reads what has come, once.
    func readEncrypted(_ stream: TLSStream) {
        switch socket.read(into: worker.ciphertext) {
        case .bytes(let count):
            worker.metrics.add(.bytesIn, count)
            decrypt(stream, count)
        case .wouldBlock: break
        case .end:
            // An end without close_notify may be somebody else's: a line that it cuts off is not
            // run.
            phase == .handshaking ? close() : ended(isCut: true)
        case .failed: reset()
        }
    }

    private func decrypt(_ stream: TLSStream, _ count: Int) {
        let plain = unsafe worker.ciphertext.withBytes(count) { bytes in
            unsafe worker.scratch.withMemory { unsafe stream.receive(bytes, into: $0) }
        }
        if stream.unsent > 0 { markDirty() }
        if phase == .handshaking, stream.state != .handshaking {
            phase = .open
            isCostly = false
            closesAt = 0
            activeAt = worker.loop.now
            armTimer()
            if let refusalOnceOpen { refuseAndClose(refusalOnceOpen) }
        }
        if plain > 0 { worker.scratch.withSpan(plain) { received($0) } }
        switch stream.state {
        case .handshaking, .open: break
        case .ended: ended()
        case .failed:
            // The alert is sent, if it can be.
            if stream.unsent > 0 { sendCiphertext(stream) }
            reset()
        }
    }

    /// Encrypts and sends, piece by piece, as long as the socket takes it.
    func sendEncrypted(_ buffer: OutputBuffer, _ stream: TLSStream) {
        for _ in 0..<16 {
            if stream.unsent > 0 { sendCiphertext(stream) }
            guard phase != .closed, stream.unsent == 0, buffer.unsent > 0 else { return }
            let taken = unsafe buffer.writer.withBytes { bytes in
                let end = min(bytes.count, buffer.sent + 64 << 10)
                return unsafe stream.write(
                    UnsafeRawBufferPointer(rebasing: bytes[buffer.sent..<end]))
            }
            guard taken > 0 else { return reset() }
            buffer.advance(taken)
        }
        if stream.unsent > 0 { sendCiphertext(stream) }
        if phase != .closed, buffer.unsent > 0 { markDirty() }
    }

    /// Sends what has been encrypted.
    func sendCiphertext(_ stream: TLSStream) {
        let outcome = unsafe stream.withUnsent { unsafe socket.write($0) }
        switch outcome {
        case .bytes(let count):
            stream.advance(count)
            noteSent(count)
            if stream.unsent > 0 { stalledSince = worker.loop.now }
        case .wouldBlock:
            if stalledSince == 0 { stalledSince = worker.loop.now }
        case .failed: reset()
        }
    }
}
