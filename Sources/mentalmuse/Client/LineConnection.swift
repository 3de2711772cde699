// The client's side: one connection to a server, used by one thread: a line out, a line in.
internal import Glibc
internal import MuseBase
internal import MuseTLS

/// Why there is no connection, or none any more.
struct ConnectionError: Error {
    let message: String
    /// Nothing was sent: there never was a connection.
    var isUnreached = false
}

/// A connection that blocks, with a deadline on everything.
final class LineConnection {
    private let descriptor: Int32
    private let endpoint: Endpoint
    private let tls: TLSStream?
    private var input: [UInt8] = []
    private var scanned = 0
    private var isAtEnd = false
    /// The longest line that is taken in.
    private static let lineMax = 256 << 20

    /// Connects.
    /// - Parameter seconds: how long that may take.
    init(
        _ endpoint: Endpoint, seconds: Int, trust: ServerTrust = .system
    ) throws(ConnectionError) {
        self.endpoint = endpoint
        let deadline = Deadline(seconds: seconds)
        do throws(ConnectionError) {
            let stream = try Self.stream(endpoint, trust)
            descriptor = try Self.dial(endpoint, deadline)
            tls = stream
        } catch {
            throw ConnectionError(message: error.message, isUnreached: true)
        }
        do throws(ConnectionError) {
            try shakeHands(deadline)
        } catch {
            throw ConnectionError(message: error.message, isUnreached: true)
        }
    }

    /// TLS for an address that asks for it.
    private static func stream(
        _ endpoint: Endpoint, _ trust: ServerTrust
    ) throws(ConnectionError) -> TLSStream? {
        guard case .tls(let host, _) = endpoint else { return nil }
        do throws(TLSError) {
            switch trust {
            case .system: return try TLSStream(client: TLSClientContext(), host: host)
            case .file(let path):
                return try TLSStream(client: TLSClientContext(rootsFile: path), host: host)
            }
        } catch {
            throw ConnectionError(message: "TLS: \(error)")
        }
    }

    private func shakeHands(_ deadline: Deadline) throws(ConnectionError) {
        guard let tls else { return }
        tls.start()
        try flush(tls, deadline)
        while tls.state == .handshaking, !isAtEnd { try fill(deadline) }
        guard tls.state == .open else { throw failure("it ended during the TLS handshake") }
    }

    private static func dial(
        _ endpoint: Endpoint, _ deadline: Deadline
    ) throws(ConnectionError) -> Int32 {
        switch endpoint {
        case .unix(let path): try Dialer.connect(path: path, deadline)
        case .tcp(let host, let port), .tls(let host, let port):
            try Dialer.connect(host: host, port: port, deadline)
        }
    }

    deinit {
        close(descriptor)
    }

    /// What poll(2) watches for lines that come unasked.
    var readiness: Int32 { descriptor }

    /// Sends one line.
    func send(_ line: String, seconds: Int) throws(ConnectionError) {
        let bytes = Array((line + "\n").utf8)
        try write(bytes, Deadline(seconds: seconds))
    }

    /// The next line, without its line feed; nil at the end.
    func receive(seconds: Int) throws(ConnectionError) -> String? {
        let deadline = Deadline(seconds: seconds)
        while true {
            if let line = buffered() { return line }
            if isAtEnd { return nil }
            guard input.count < Self.lineMax else { throw failure("a line that does not end") }
            try fill(deadline)
        }
    }

    /// A line that has already come; nil where none has.
    func buffered() -> String? {
        guard let feed = input[scanned...].firstIndex(of: 0x0A) else {
            scanned = input.count
            return nil
        }
        let line = String(decoding: input[..<feed], as: UTF8.self)
        input.removeSubrange(...feed)
        scanned = 0
        return line
    }

    /// Whether the server has closed.
    var hasEnded: Bool { isAtEnd }

    /// Takes in what has come, once; waits for it.
    func fill(seconds: Int) throws(ConnectionError) {
        try fill(Deadline(seconds: seconds))
    }

    /// Says that nothing more will be sent.
    func finish() {
        if let tls {
            tls.end()
            try? flush(tls, Deadline(seconds: 1))
        }
        shutdown(descriptor, Int32(SHUT_WR))
    }

    private func fill(_ deadline: Deadline) throws(ConnectionError) {
        try Dialer.wait(descriptor, POLLIN, deadline, "no answer from \(endpoint)")
        guard let chunk = Descriptor.readSome(descriptor, most: 1 << 16) else {
            if errno == EAGAIN { return }
            throw failure(SystemError.text(errno))
        }
        isAtEnd = chunk.isEmpty
        guard let tls else {
            input += chunk
            return
        }
        input += Self.decrypted(chunk, tls)
        try? flush(tls, deadline)
        switch tls.state {
        case .failed(let error): throw ConnectionError(message: "\(endpoint): \(error)")
        case .ended: isAtEnd = true
        case .open, .handshaking: break
        }
    }

    private static func decrypted(_ chunk: [UInt8], _ tls: TLSStream) -> [UInt8] {
        var plain = [UInt8](repeating: 0, count: chunk.count + TLSStream.recordBytesMax)
        let count = unsafe chunk.withUnsafeBytes { source in
            unsafe plain.withUnsafeMutableBytes { target in
                unsafe tls.receive(source, into: target)
            }
        }
        return Array(plain[..<count])
    }

    private func write(_ bytes: [UInt8], _ deadline: Deadline) throws(ConnectionError) {
        guard let tls else { return try writePlain(bytes, deadline) }
        var start = 0
        while start < bytes.count {
            let taken = unsafe bytes.withUnsafeBytes { buffer in
                unsafe tls.write(UnsafeRawBufferPointer(rebasing: buffer[start...]))
            }
            guard taken > 0 else { throw failure("TLS takes nothing more") }
            start += taken
        }
        try flush(tls, deadline)
    }

    /// Sends what TLS has to say.
    private func flush(_ tls: TLSStream, _ deadline: Deadline) throws(ConnectionError) {
        guard tls.unsent > 0 else { return }
        let bytes = unsafe tls.withUnsent { unsafe Array($0) }
        try writePlain(bytes, deadline)
        tls.advance(bytes.count)
    }

    private func writePlain(_ bytes: [UInt8], _ deadline: Deadline) throws(ConnectionError) {
        var start = 0
        while start < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.send(
                    descriptor, buffer.baseAddress.map { unsafe $0 + start }, buffer.count - start,
                    Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                start += count
            } else if errno == EAGAIN {
                try Dialer.wait(descriptor, POLLOUT, deadline, "\(endpoint) does not read")
            } else if errno != EINTR {
                throw failure(SystemError.text(errno))
            }
        }
    }

    private func failure(_ why: String) -> ConnectionError {
        ConnectionError(message: "the connection to \(endpoint) is lost: \(why)")
    }
}

/// Whose certificates a TLS server may have.
enum ServerTrust: Sendable {
    case system
    /// Those in this PEM file.
    case file(String)
}
