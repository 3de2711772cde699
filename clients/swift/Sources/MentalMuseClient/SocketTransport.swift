// The client: the built-in transport: a socket and a thread for each connection, which waits in
// poll(2).
package import MuseBase
internal import MuseTLS
internal import Synchronization

/// TCP, Unix sockets, and TLS over TCP.
package final class SocketTransport: Transport {
    private let endpoint: Endpoint
    private let trust: TLSClientContext?
    private let connectTimeout: UInt64

    /// - Throws: ClientError.invalidAddress where the certificates to trust cannot be read.
    package init(_ endpoint: Endpoint, _ configuration: ClientConfiguration) throws(ClientError) {
        self.endpoint = endpoint
        connectTimeout = configuration.connectTimeout.boundedNanoseconds
        guard case .tls = endpoint else {
            trust = nil
            return
        }
        do throws(TLSError) {
            trust = try TLSClientContext(rootsFile: configuration.certificateFile)
        } catch {
            throw .invalidAddress("\(endpoint): \(error)")
        }
    }

    package func open(_ events: ConnectionEvents) -> any ByteStream {
        let stream = SocketStream(endpoint, trust, events, connectTimeout: connectTimeout)
        if !Thread.tryToStart(stackBytes: 512 << 10, { stream.run() }) {
            events.closed("The system has no thread to give.")
        }
        return stream
    }
}

/// One connection and its thread.
package final class SocketStream: ByteStream {
    private let endpoint: Endpoint
    private let trust: TLSClientContext?
    private let events: ConnectionEvents
    private let connectTimeout: UInt64
    private let waker = Waker()
    private let isClosing = Atomic<Bool>(false)
    /// Whether the thread waits, or is about to: only then has it to be woken.
    private let isAsleep = Atomic<Bool>(false)
    /// How the sending side is to end, where it ends before the connection does.
    private let ending = Atomic<UInt8>(Ending.none.rawValue)

    private enum Ending: UInt8 {
        case none, halfClose, reset
    }

    init(
        _ endpoint: Endpoint, _ trust: TLSClientContext?, _ events: ConnectionEvents,
        connectTimeout: UInt64
    ) {
        self.endpoint = endpoint
        self.trust = trust
        self.events = events
        self.connectTimeout = connectTimeout
    }

    package func wake() {
        if isAsleep.exchange(false, ordering: .sequentiallyConsistent) { waker.wake() }
    }

    package func close() {
        isClosing.store(true, ordering: .sequentiallyConsistent)
        waker.wake()
    }

    /// Ends the sending side once all output has been sent; what the server still says is heard.
    package func endOutput() {
        ending.store(Ending.halfClose.rawValue, ordering: .sequentiallyConsistent)
        waker.wake()
    }

    /// Ends the connection as a crash would.
    package func reset() {
        ending.store(Ending.reset.rawValue, ordering: .sequentiallyConsistent)
        close()
    }

    private func isEnding(_ how: Ending) -> Bool {
        ending.load(ordering: .sequentiallyConsistent) == how.rawValue
    }

    private var closing: Bool { isClosing.load(ordering: .sequentiallyConsistent) }

    /// The thread.
    func run() {
        do throws(SocketError) {
            let socket = try connected()
            var coder = try WireCoder(endpoint, trust)
            try carry(socket, &coder)
            events.closed("The server has closed the connection.")
        } catch {
            events.closed(error.description)
        }
    }

    /// Tries the server's addresses in turn.
    private func connected() throws(SocketError) -> Socket {
        let begun = MonotonicClock.system.nanoseconds()
        var last = SocketError("The host has no address.")
        for address in try SocketAddress.resolve(endpoint) where !closing {
            do throws(SocketError) {
                let socket = try Socket(connectingTo: address)
                while !closing {
                    let spent = MonotonicClock.system.nanoseconds() - begun
                    guard spent < connectTimeout else { throw SocketError("connect: timed out") }
                    let left = Int32(clamping: (connectTimeout - spent) / 1_000_000 + 1)
                    let ready = socket.wait(
                        reading: false, writing: true, waker, milliseconds: left)
                    guard ready.writable else { continue }
                    if let error = socket.connectError() { throw error }
                    return socket
                }
                throw SocketError("The connection was given up.")
            } catch {
                last = error
            }
        }
        throw last
    }

    /// Carries bytes both ways until the end.
    private func carry(
        _ socket: borrowing Socket, _ coder: inout WireCoder
    ) throws(SocketError) {
        var input = [UInt8](repeating: 0, count: 64 << 10)
        var output: [UInt8] = []
        var sent = 0
        var isOpen = false
        var hasEnded = false
        defer { if isEnding(.reset) { socket.resetWhenClosed() } }
        while !closing {
            if !isOpen, coder.isOpen {
                isOpen = true
                events.opened()
            }
            // What is in hand goes first, then what the coder says by itself, then what is new.
            while true {
                if sent == output.count {
                    sent = 0
                    output = try coder.encode(isOpen ? events.takeOutput() : [])
                    if output.isEmpty, isOpen, !hasEnded, isEnding(.halfClose) {
                        hasEnded = true
                        output = coder.end(socket)
                    }
                    if output.isEmpty { break }
                }
                let count = try socket.send(output, from: sent)
                if count == 0 { break }
                sent += count
            }
            let isBlocked = sent < output.count
            isAsleep.store(true, ordering: .sequentiallyConsistent)
            if closing || (isOpen && !isBlocked && events.hasOutput) {
                isAsleep.store(false, ordering: .sequentiallyConsistent)
                continue
            }
            let ready = socket.wait(writing: isBlocked, waker)
            isAsleep.store(false, ordering: .sequentiallyConsistent)
            guard ready.readable else { continue }
            guard try receive(socket, &input, &coder) else { return }
        }
    }

    /// Hands over what has come, up to a share; false at the end.
    private func receive(
        _ socket: borrowing Socket, _ input: inout [UInt8], _ coder: inout WireCoder
    ) throws(SocketError) -> Bool {
        for _ in 0..<16 {
            guard let count = try socket.read(into: &input) else { return false }
            guard count > 0 else { return true }
            let isWhole = try coder.decode(input.span.extracting(0..<count), events.received)
            if !isWhole { return false }
            if count < input.count { return true }
        }
        return true
    }
}

/// What stands between a socket's bytes and the connection's: nothing, or TLS. Confined to its
/// thread.
private struct WireCoder {
    private let tls: TLSStream?
    private var plaintext: [UInt8] = []

    init(_ endpoint: Endpoint, _ trust: TLSClientContext?) throws(SocketError) {
        guard let trust, case .tls(let host, _) = endpoint else {
            tls = nil
            return
        }
        do throws(TLSError) {
            let stream = try TLSStream(client: trust, host: host)
            stream.start()
            tls = stream
        } catch {
            throw SocketError(error.description)
        }
        plaintext = [UInt8](repeating: 0, count: (64 << 10) + TLSStream.recordBytesMax)
    }

    /// Whether the connection's bytes can be sent.
    var isOpen: Bool { tls.map { $0.state != .handshaking } ?? true }

    /// What is to be sent for `bytes`, with what TLS has to say by itself before it.
    func encode(_ bytes: [UInt8]) throws(SocketError) -> [UInt8] {
        guard let tls else { return bytes }
        var taken = 0
        while taken < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe tls.write(UnsafeRawBufferPointer(rebasing: bytes[taken...]))
            }
            if count == 0 { throw SocketError("The TLS connection has ended.") }
            taken += count
        }
        guard tls.unsent > 0 else { return [] }
        let coded = unsafe tls.withUnsent { unsafe [UInt8]($0) }
        tls.advance(coded.count)
        return coded
    }

    /// Ends the sending side: what is to be sent for that.
    func end(_ socket: borrowing Socket) -> [UInt8] {
        guard let tls else {
            socket.endOutput()
            return []
        }
        tls.end()
        let coded = unsafe tls.withUnsent { unsafe [UInt8]($0) }
        tls.advance(coded.count)
        return coded
    }

    /// Lends what `bytes` say; false at the end.
    mutating func decode(
        _ bytes: Span<UInt8>, _ body: (Span<UInt8>) -> Void
    ) throws(SocketError) -> Bool {
        guard let tls else {
            body(bytes)
            return true
        }
        let count = unsafe plaintext.withUnsafeMutableBytes { plaintext in
            unsafe bytes.withUnsafeBytes { unsafe tls.receive($0, into: plaintext) }
        }
        if count > 0 { body(plaintext.span.extracting(0..<count)) }
        switch tls.state {
        case .handshaking, .open: return true
        case .ended: return false
        case .failed(let error): throw SocketError("TLS: \(error)")
        }
    }
}
