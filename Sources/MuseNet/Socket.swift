// The network room: one owner a descriptor, and the calls that read and write it without waiting.
internal import CPlatform
internal import Glibc

/// What came of reading.
package enum ReadOutcome: Sendable, Equatable {
    /// That many bytes, at least one.
    case bytes(Int)
    /// Nothing yet.
    case wouldBlock
    /// The other side has ended its sending.
    case end
    /// The connection is broken (reset, timed out).
    case failed(NetError)
}

/// What came of writing.
package enum WriteOutcome: Sendable, Equatable {
    /// That many bytes were taken, perhaps fewer than were offered.
    case bytes(Int)
    /// Nothing now.
    case wouldBlock
    /// The connection is broken.
    case failed(NetError)
}

/// Owns a descriptor and closes it at the end of its life.
package struct Descriptor: ~Copyable {
    /// The number, for the loop; whoever keeps it must not outlive the owner. -1 once it is closed.
    package private(set) var number: Int32

    /// Takes the descriptor over.
    package init(_ number: Int32) {
        self.number = number
    }

    deinit {
        if number >= 0 { _ = Glibc.close(number) }
    }

    /// Closes it before its time.
    package mutating func close() {
        if number >= 0 { _ = Glibc.close(number) }
        number = -1
    }

    /// The number, which is nobody's from now on.
    mutating func giveAway() -> Int32 {
        defer { number = -1 }
        return number
    }
}

/// A connected stream socket that never waits.
package struct Socket: ~Copyable {
    private var owner: Descriptor

    /// Takes a connected, non-blocking descriptor over.
    package init(_ descriptor: consuming Descriptor) {
        owner = descriptor
    }

    /// The descriptor's number, for the loop.
    package var number: Int32 { owner.number }

    /// Closes it before its time.
    package mutating func close() {
        owner.close()
    }

    /// Gives the descriptor away: whoever takes it closes it.
    package consuming func giveAway() -> Int32 {
        owner.giveAway()
    }

    /// Two sockets connected to each other (socketpair(2)): for tests and for a peer in this
    /// process.
    /// - Throws: NetError of `socketpair(2)` or `fcntl(2)`.
    package static func pair() throws(NetError) -> (Int32, Int32) {
        var numbers: [Int32] = [0, 0]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &numbers) == 0 else {
            throw NetError(call: "socketpair(2)", code: errno)
        }
        for number in numbers {
            let flags = fcntl(number, F_GETFL)
            guard fcntl(number, F_SETFL, flags | O_NONBLOCK) == 0 else {
                throw NetError(call: "fcntl(2)", code: errno)
            }
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        }
        return (numbers[0], numbers[1])
    }

    /// Reads what has come into the scratch (recv(2)).
    package borrowing func read(into scratch: Scratch) -> ReadOutcome {
        let number = number
        let got = unsafe scratch.withMemory {
            unsafe muse_receive(number, $0.baseAddress, $0.count)
        }
        if got > 0 { return .bytes(got) }
        if got == 0 { return .end }
        let code = Int32(truncatingIfNeeded: -got)
        if code == EAGAIN || code == EINTR { return .wouldBlock }
        return .failed(NetError(call: "recv(2)", code: code))
    }

    /// Writes what the system takes of `bytes` (send(2)); no SIGPIPE.
    package borrowing func write(_ bytes: UnsafeRawBufferPointer) -> WriteOutcome {
        guard bytes.count > 0 else { return .bytes(0) }
        return Self.written(unsafe muse_send(number, bytes.baseAddress, bytes.count))
    }

    private static func written(_ result: Int) -> WriteOutcome {
        if result >= 0 { return .bytes(result) }
        let code = Int32(truncatingIfNeeded: -result)
        if code == EAGAIN || code == EINTR || code == ENOBUFS { return .wouldBlock }
        return .failed(NetError(call: "send(2)", code: code))
    }

    /// Writes what the system takes of `bytes` (send(2)); no SIGPIPE.
    package borrowing func write(_ bytes: Span<UInt8>) -> WriteOutcome {
        guard bytes.count > 0 else { return .bytes(0) }
        let number = number
        let sent = unsafe bytes.withUnsafeBytes {
            unsafe muse_send(number, $0.baseAddress, $0.count)
        }
        return Self.written(sent)
    }

    /// Ends our sending: the other side reads an end after what was sent (shutdown(2)).
    package borrowing func endSending() {
        _ = muse_shutdown_sending(number)
    }

    /// Sends small writes at once (TCP_NODELAY); nothing on a Unix socket.
    package borrowing func sendAtOnce() {
        _ = muse_set_no_delay(number)
    }

    /// The other side is told by a reset when it closes.
    package borrowing func resetOnClose() {
        _ = muse_set_reset_on_close(number)
    }

    /// The error that waits on it (SO_ERROR), which asking clears; nil for none.
    package borrowing func pendingError() -> NetError? {
        let code = muse_pending_error(number)
        return code > 0 ? NetError(call: "recv(2)", code: code) : nil
    }

    /// The user at the other end of a Unix socket (SO_PEERCRED); nil where it cannot be told.
    package borrowing func peerUser() -> UInt32? {
        var uid: UInt32 = 0
        return unsafe muse_peer_uid(number, &uid) == 0 ? uid : nil
    }
}
