// The measuring room: one connection, plain or over TLS. Bytes to be sent gather in `out`; what
// comes is read into memory that many connections share.
internal import Glibc
package import MuseBase
internal import MuseNet
package import MuseTLS

/// A server to connect to.
package struct Target: Sendable {
    package let endpoint: Endpoint
    /// Connects: the descriptor of a stream socket that does not block, which the taker closes.
    package let dial: @Sendable (Endpoint) throws(BenchError) -> Int32
    /// Whom to trust, where the endpoint is one of TLS.
    package let trust: TLSClientContext?

    /// - Parameter rootsFile: the certificates (PEM) to be trusted instead of the system's.
    /// - Throws: what TLS says of them.
    package init(
        _ endpoint: Endpoint, rootsFile: String? = nil,
        dial: @escaping @Sendable (Endpoint) throws(BenchError) -> Int32
    ) throws(BenchError) {
        self.endpoint = endpoint
        self.dial = dial
        guard case .tls = endpoint else {
            trust = nil
            return
        }
        do throws(TLSError) {
            trust = try TLSClientContext(rootsFile: rootsFile)
        } catch {
            throw BenchError("TLS: \(error)")
        }
    }
}

/// Memory that the connections of one thread read into, one after another.
final class Inbox {
    private static let bytes = 256 << 10
    fileprivate let sealed = Scratch(capacity: bytes)
    fileprivate let clear = Scratch(capacity: bytes + TLSStream.recordBytesMax)
    fileprivate var isSealed = false

    /// Lends the first `count` bytes of what `Wire.receive` has read.
    func withSpan(_ count: Int, _ body: (Span<UInt8>) -> Void) {
        (isSealed ? clear : sealed).withSpan(count, body)
    }
}

/// A connection. Confined to its thread.
final class Wire {
    private let socket: Socket
    private let tls: TLSStream?
    private let endpoint: Endpoint
    /// What is to be sent, in clear.
    var out: [UInt8] = []
    private var sent = 0

    /// Connects, and waits for the TLS handshake where there is one.
    init(_ target: Target, _ inbox: Inbox) throws(BenchError) {
        endpoint = target.endpoint
        socket = Socket(Descriptor(try target.dial(target.endpoint)))
        socket.sendAtOnce()
        guard let trust = target.trust, case .tls(let host, _) = endpoint else {
            tls = nil
            return
        }
        do throws(TLSError) {
            tls = try TLSStream(client: trust, host: host)
        } catch {
            throw BenchError("TLS: \(error)")
        }
        tls?.start()
        while tls?.state == .handshaking {
            guard try flush() else {
                try wait(POLLOUT)
                continue
            }
            try wait(POLLIN)
            _ = try receive(inbox)
        }
        _ = try flush()
    }

    /// The descriptor, for the loop.
    var number: Int32 { socket.number }

    /// Sends what it can; false where the system takes no more now.
    func flush() throws(BenchError) -> Bool {
        guard let tls else { return try flushPlain() }
        if !out.isEmpty, tls.state == .open {
            let taken = unsafe out.withUnsafeBytes { unsafe tls.write($0) }
            guard taken == out.count else { throw lost("TLS takes nothing more") }
            out.removeAll(keepingCapacity: true)
        }
        while tls.unsent > 0 {
            let outcome = unsafe tls.withUnsent { unsafe socket.write($0) }
            guard let count = try written(outcome) else { return false }
            tls.advance(count)
        }
        return true
    }

    private func flushPlain() throws(BenchError) -> Bool {
        while sent < out.count {
            let outcome = socket.write(out.span.extracting(sent..<out.count))
            guard let count = try written(outcome) else { return false }
            sent += count
        }
        out.removeAll(keepingCapacity: true)
        sent = 0
        return true
    }

    private func written(_ outcome: WriteOutcome) throws(BenchError) -> Int? {
        switch outcome {
        case .bytes(let count): return count
        case .wouldBlock: return nil
        case .failed(let error): throw lost(error.description)
        }
    }

    /// Reads what has come, at most what the inbox holds.
    /// - Returns: how many bytes in clear there are in the inbox; perhaps none.
    /// - Throws: where the connection has ended.
    func receive(_ inbox: Inbox) throws(BenchError) -> Int {
        let count: Int
        switch socket.read(into: inbox.sealed) {
        case .bytes(let got): count = got
        case .wouldBlock: return 0
        case .end: throw lost("the server has closed it")
        case .failed(let error): throw lost(error.description)
        }
        inbox.isSealed = tls != nil
        guard let tls else { return count }
        let clear = unsafe inbox.sealed.withBytes(count) { source in
            unsafe inbox.clear.withMemory { unsafe tls.receive(source, into: $0) }
        }
        switch tls.state {
        case .failed(let error): throw lost("\(error)")
        case .ended where clear == 0: throw lost("the server has closed it")
        default: return clear
        }
    }

    /// Waits, for ten seconds at most, until it can be read (POLLIN) or written (POLLOUT).
    func wait(_ events: Int32) throws(BenchError) {
        var entry = pollfd(fd: number, events: Int16(events), revents: 0)
        while true {
            let count = unsafe poll(&entry, 1, Self.patience)
            if count > 0 { return }
            if count == 0 { throw lost("no answer in \(Self.patience / 1_000) s") }
            guard errno == EINTR else { throw lost("poll(2) fails") }
        }
    }

    private static let patience: Int32 = 10_000

    func lost(_ why: String) -> BenchError {
        BenchError("the connection to \(endpoint) is lost: \(why)")
    }
}
