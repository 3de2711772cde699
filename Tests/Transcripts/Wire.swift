// Transcripts: one connection of the replayer, over TCP, TLS or a Unix socket. It waits for
// nothing longer than a minute, and tells the end of input from a reset.
internal import Foundation
internal import Glibc
internal import MuseTLS

/// Where a server can be reached.
package enum Place: Sendable {
    case tcp(port: UInt16)
    case tls(port: UInt16, roots: String)
    case unix(path: String)
}

/// Lines out, lines in.
package final class Wire: Conversation {
    /// In milliseconds: how long an answer may take.
    package static let patience: Int32 = 60_000

    private let descriptor: Int32
    private let tls: TLSStream?
    private var isClosed = false
    private var pending: [UInt8] = []
    private var hasEnded = false
    /// Lines that came before the step that expects them.
    package var pool: [[UInt8]] = []
    /// How many calls the replayer has made here.
    package var count = 0

    package init(_ place: Place) throws {
        switch place {
        case .tcp(let port):
            descriptor = try Self.connect(port: port)
            tls = nil
        case .unix(let path):
            descriptor = try Self.connect(path: path)
            tls = nil
        case .tls(let port, let roots):
            descriptor = try Self.connect(port: port)
            tls = try TLSStream(client: TLSClientContext(rootsFile: roots), host: "localhost")
        }
        guard let tls else { return }
        tls.start()
        try push()
        while tls.state == .handshaking { try pull() }
        guard tls.state == .open else { throw Differs("no TLS: \(tls.state)") }
    }

    deinit {
        if !isClosed { Glibc.close(descriptor) }
    }

    // MARK: Opening

    private static func connect(port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Differs("connect to \(port): \(errno)") }
        var one: Int32 = 1
        _ = unsafe setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        return descriptor
    }

    private static func connect(path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard bytes.count <= room else { throw Differs("too long a path: \(path)") }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let result = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw Differs("connect to \(path): \(errno)") }
        return descriptor
    }

    // MARK: Out

    /// Sends all of it, reading meanwhile what comes, so that neither side waits for the other.
    package func send(_ bytes: [UInt8]) throws {
        guard let tls else { return try push(bytes) }
        var sent = 0
        while sent < bytes.count, tls.state == .open {
            let end = min(sent + 16_384, bytes.count)
            let taken = unsafe bytes[sent..<end].withUnsafeBytes { unsafe tls.write($0) }
            guard taken > 0 else { return }
            sent += taken
            try push()
        }
    }

    /// Sends the ciphertext that there is.
    private func push() throws {
        guard let tls, tls.unsent > 0 else { return }
        let bytes = unsafe tls.withUnsent { unsafe Array($0) }
        tls.advance(bytes.count)
        try push(bytes)
    }

    private func push(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count, !hasEnded {
            let ready = try wait(Int16(POLLIN | POLLOUT))
            if ready & Int16(POLLIN) != 0 { try pull() }
            guard ready & Int16(POLLOUT) != 0 else { continue }
            let result = unsafe bytes[sent...].withUnsafeBytes {
                unsafe Glibc.send(
                    descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            if result > 0 {
                sent += result
            } else if errno == EPIPE || errno == ECONNRESET {
                // What it said before it went is read by whoever expects it.
                return
            } else if errno != EAGAIN, errno != EINTR {
                throw Differs("send: \(errno)")
            }
        }
    }

    // MARK: In

    private func wait(_ events: Int16) throws -> Int16 {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        let count = unsafe poll(&entry, 1, Self.patience)
        guard count > 0 else { throw Differs("nothing came within \(Self.patience) ms") }
        return entry.revents & Int16(POLLHUP | POLLERR) != 0
            ? entry.revents | Int16(POLLIN) : entry.revents
    }

    /// Reads what has come, at least something.
    private func pull() throws {
        guard !hasEnded else { return }
        _ = try wait(Int16(POLLIN))
        var room = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe room.withUnsafeMutableBytes {
            unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
        }
        guard count >= 0 else {
            if errno == EINTR || errno == EAGAIN { return }
            hasEnded = true
            throw Differs(errno == ECONNRESET ? "the connection was reset" : "recv: \(errno)")
        }
        if count == 0 { hasEnded = true }
        guard let tls else {
            pending += room[..<count]
            return
        }
        var clear = [UInt8](repeating: 0, count: count + TLSStream.recordBytesMax)
        let got = unsafe clear.withUnsafeMutableBytes { target in
            unsafe room[..<count].withUnsafeBytes { unsafe tls.receive($0, into: target) }
        }
        pending += clear[..<got]
        try push()
        if tls.state == .ended { hasEnded = true }
        if case .failed(let error) = tls.state { throw Differs("TLS: \(error)") }
    }

    /// The next line without its end; nil at the end of input.
    package func line() throws -> [UInt8]? {
        var searched = 0
        while true {
            if let end = pending[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(pending[..<end])
                pending.removeSubrange(...end)
                return line
            }
            searched = pending.count
            if hasEnded {
                guard pending.isEmpty else {
                    throw Differs(
                        "half a line at the end: \(String(decoding: pending, as: UTF8.self))")
                }
                return nil
            }
            try pull()
        }
    }

    // MARK: The end

    /// Ends the sending side.
    package func halfClose() throws {
        guard let tls else {
            _ = shutdown(descriptor, Int32(SHUT_WR))
            return
        }
        tls.end()
        try push()
    }

    package func close(resetting: Bool) {
        if resetting {
            var none = linger(l_onoff: 1, l_linger: 0)
            _ = unsafe setsockopt(
                descriptor, SOL_SOCKET, SO_LINGER, &none, socklen_t(MemoryLayout<linger>.size))
        }
        Glibc.close(descriptor)
        isClosed = true
    }
}
