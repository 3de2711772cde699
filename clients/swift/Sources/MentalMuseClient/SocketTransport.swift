// The client: the built-in transport: a socket and a thread for each connection, which waits in poll(2).
internal import MuseBase
internal import Synchronization

/// TCP, Unix sockets, and TLS over TCP.
final class SocketTransport: Transport {
    private let endpoint: Endpoint
    private let connectTimeout: UInt64

    /// - Throws: ClientError.invalidAddress.
    init(_ endpoint: Endpoint, _ configuration: ClientConfiguration) throws(ClientError) {
        self.endpoint = endpoint
        connectTimeout = configuration.connectTimeout.boundedNanoseconds
        if case .tls = endpoint { throw .invalidAddress("TLS is not there yet.") }
    }

    func open(_ events: ConnectionEvents) -> any ByteStream {
        let stream = SocketStream(endpoint, events, connectTimeout: connectTimeout)
        Thread.start(stackBytes: 512 << 10) { stream.run() }
        return stream
    }
}

/// One connection and its thread.
final class SocketStream: ByteStream {
    private let endpoint: Endpoint
    private let events: ConnectionEvents
    private let connectTimeout: UInt64
    private let waker = Waker()
    private let isClosing = Atomic<Bool>(false)
    /// Whether the thread waits, or is about to: only then has it to be woken.
    private let isAsleep = Atomic<Bool>(false)

    init(_ endpoint: Endpoint, _ events: ConnectionEvents, connectTimeout: UInt64) {
        self.endpoint = endpoint
        self.events = events
        self.connectTimeout = connectTimeout
    }

    func wake() {
        if isAsleep.exchange(false, ordering: .sequentiallyConsistent) { waker.wake() }
    }

    func close() {
        isClosing.store(true, ordering: .sequentiallyConsistent)
        waker.wake()
    }

    private var closing: Bool { isClosing.load(ordering: .sequentiallyConsistent) }

    /// The thread.
    func run() {
        do throws(SocketError) {
            let socket = try connected()
            events.opened()
            try carry(socket)
            events.closed("The server has closed the connection.")
        } catch {
            events.closed(error.description)
        }
    }

    /// Tries the server's addresses in turn.
    private func connected() throws(SocketError) -> Socket {
        let begun = MonotonicClock.system.nanoseconds()
        var last = SocketError("The host has no address.")
        for address in try SocketAddress.resolve(endpoint) {
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
            if closing { break }
        }
        throw last
    }

    /// Carries bytes both ways until the end.
    private func carry(_ socket: borrowing Socket) throws(SocketError) {
        var input = [UInt8](repeating: 0, count: 64 << 10)
        var output: [UInt8] = []
        var sent = 0
        while !closing {
            if sent == output.count {
                output = events.takeOutput()
                sent = 0
            }
            while sent < output.count {
                let count = try socket.send(output, from: sent)
                if count == 0 { break }
                sent += count
                if sent == output.count {
                    output = events.takeOutput()
                    sent = 0
                }
            }
            let isBlocked = sent < output.count
            isAsleep.store(true, ordering: .sequentiallyConsistent)
            if closing || (!isBlocked && events.hasOutput) {
                isAsleep.store(false, ordering: .sequentiallyConsistent)
                continue
            }
            let ready = socket.wait(writing: isBlocked, waker)
            isAsleep.store(false, ordering: .sequentiallyConsistent)
            guard ready.readable else { continue }
            guard try receive(socket, &input) else { return }
        }
    }

    /// Hands over what has come, up to a share; false at the end.
    private func receive(
        _ socket: borrowing Socket, _ input: inout [UInt8]
    ) throws(SocketError) -> Bool {
        for _ in 0..<16 {
            guard let count = try socket.read(into: &input) else { return false }
            if count > 0 { events.received(input.span.extracting(0..<count)) }
            if count < input.count { return true }
        }
        return true
    }
}
