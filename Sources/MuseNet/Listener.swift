// The network room: sockets that accept. One a worker and address; made before the workers start.
internal import CPlatform
internal import Glibc
package import MuseBase

/// What came of accepting.
package enum Accepted: ~Copyable {
    /// A connection and who is at its other end.
    case connection(Socket, NetworkAddress)
    /// There was no descriptor left but the spare one, which this connection has: tell it so, close
    /// it, and call `takeSpare`.
    case beyondDescriptors(Socket, NetworkAddress)
    /// Nobody waits.
    case none
    /// Nothing can be accepted now: try again later, not at once.
    case exhausted(NetError)
}

/// A listening socket.
package final class Listener {
    private let socket: Descriptor
    private var spare: Descriptor?
    private let isUnix: Bool
    /// Where it listens: with the real port where the system chose one.
    package let endpoint: Endpoint
    /// Whether other workers accept from the same descriptor.
    package let isShared: Bool

    /// Connections that may wait to be accepted.
    private static let backlog: Int32 = 4_096

    private init(_ socket: consuming Descriptor, _ endpoint: Endpoint, isUnix: Bool, isShared: Bool)
    {
        self.socket = socket
        self.endpoint = endpoint
        self.isUnix = isUnix
        self.isShared = isShared
        spare = Self.openSpare()
    }

    /// The descriptor's number, for the loop.
    package var number: Int32 { socket.number }

    // MARK: Making

    /// One listener a worker at an address.
    /// - Throws: NetError of the call that failed, `bind(2)` with EADDRINUSE where another program
    ///   is there.
    package static func open(_ endpoint: Endpoint, workers: Int) throws(NetError) -> [ListenerBox] {
        switch endpoint {
        case .tcp(let host, let port), .tls(let host, let port):
            var boxes: [ListenerBox] = []
            for address in try Resolver.addresses(host: host, port: port) {
                // The first is bound alone, so that a port which another program has is refused.
                let first = try bound(address, endpoint, isFirst: true)
                let (result, own) = unsafe SocketAddress.filled {
                    unsafe getsockname(first.number, $0.assumingMemoryBound(to: sockaddr.self), $1)
                }
                guard result == 0 else { throw NetError(call: "getsockname(2)", code: errno) }
                let real = endpoint.with(port: own.port)
                boxes.append(ListenerBox(try listening(first, real, isUnix: false)))
                for _ in 1..<max(1, workers) {
                    let next = try bound(own, endpoint, isFirst: false)
                    boxes.append(ListenerBox(try listening(next, real, isUnix: false)))
                }
                // A name with several addresses: the first that can be bound stands for it.
                break
            }
            guard !boxes.isEmpty else {
                throw NetError(call: "getaddrinfo(3)", code: ENOENT, subject: host)
            }
            return boxes
        case .unix(let path):
            return try unix(path, endpoint, workers: workers)
        }
    }

    private static func bound(
        _ address: SocketAddress, _ endpoint: Endpoint, isFirst: Bool
    ) throws(NetError) -> Descriptor {
        let number = try checked(muse_socket(address.family), "socket(2)", endpoint.description)
        let socket = Descriptor(number)
        _ = muse_set_reuse_address(number)
        if address.family == AF_INET6 { _ = muse_set_v6_only(number) }
        if !isFirst { _ = try checked(muse_set_reuse_port(number), "setsockopt(2)") }
        let result = unsafe address.withSockaddr { unsafe bind(number, $0, $1) }
        guard result == 0 else {
            throw NetError(call: "bind(2)", code: errno, subject: endpoint.description)
        }
        if isFirst { _ = try checked(muse_set_reuse_port(number), "setsockopt(2)") }
        return socket
    }

    private static func listening(
        _ socket: consuming Descriptor, _ endpoint: Endpoint, isUnix: Bool, isShared: Bool = false
    ) throws(NetError) -> Listener {
        guard listen(socket.number, backlog) == 0 else {
            throw NetError(call: "listen(2)", code: errno, subject: endpoint.description)
        }
        return Listener(socket, endpoint, isUnix: isUnix, isShared: isShared)
    }

    /// One socket, mode 0600, which all workers share.
    private static func unix(
        _ path: String, _ endpoint: Endpoint, workers: Int
    ) throws(NetError) -> [ListenerBox] {
        guard let address = SocketAddress(path: path) else {
            throw NetError(call: "bind(2)", code: ENAMETOOLONG, subject: path)
        }
        try removeStale(path, address)
        let number = try checked(muse_socket(AF_UNIX), "socket(2)", path)
        let socket = Descriptor(number)
        // Before bind(2), so that at no moment anybody else may connect.
        guard fchmod(number, 0o600) == 0 else {
            throw NetError(call: "fchmod(2)", code: errno, subject: path)
        }
        guard unsafe address.withSockaddr({ unsafe bind(number, $0, $1) }) == 0 else {
            throw NetError(call: "bind(2)", code: errno, subject: path)
        }
        guard unsafe chmod(path, 0o600) == 0 else {
            throw NetError(call: "chmod(2)", code: errno, subject: path)
        }
        var boxes: [ListenerBox] = []
        for _ in 1..<max(1, workers) {
            let copy = fcntl(number, F_DUPFD_CLOEXEC, 0)
            guard copy >= 0 else { throw NetError(call: "fcntl(2)", code: errno, subject: path) }
            boxes.append(
                ListenerBox(Listener(Descriptor(copy), endpoint, isUnix: true, isShared: true)))
        }
        boxes.append(
            ListenerBox(try listening(socket, endpoint, isUnix: true, isShared: workers > 1)))
        return boxes
    }

    /// Takes away a socket at `path` on which nobody listens any more; whatever else is there
    /// stays.
    private static func removeStale(_ path: String, _ address: SocketAddress) throws(NetError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw NetError(call: "bind(2)", code: EADDRINUSE, subject: path)
        }
        let number = try checked(muse_socket(AF_UNIX), "socket(2)", path)
        let probe = Descriptor(number)
        let result = unsafe address.withSockaddr { unsafe connect(probe.number, $0, $1) }
        guard result != 0, errno == ECONNREFUSED else {
            throw NetError(call: "bind(2)", code: EADDRINUSE, subject: path)
        }
        guard unsafe unlink(path) == 0 else {
            throw NetError(call: "unlink(2)", code: errno, subject: path)
        }
    }

    // MARK: Accepting

    /// The next connection that waits.
    package func accept() -> Accepted {
        let (number, address) = next()
        if number >= 0 {
            let socket = Socket(Descriptor(number))
            let peer = network(socket, address)
            return .connection(socket, peer)
        }
        let error = NetError(call: "accept4(2)", code: -number)
        if error.isOutOfDescriptors, spare != nil {
            spare = nil
            let (number, address) = next()
            guard number >= 0 else {
                takeSpare()
                return number == -EAGAIN ? .none : .exhausted(error)
            }
            let socket = Socket(Descriptor(number))
            let peer = network(socket, address)
            return .beyondDescriptors(socket, peer)
        }
        switch -number {
        case EAGAIN, EINTR, ECONNABORTED, EPROTO: return .none
        default: return .exhausted(error)
        }
    }

    /// Takes the spare descriptor anew, after the connection that had it is closed.
    package func takeSpare() {
        if spare == nil { spare = Self.openSpare() }
    }

    /// Takes a Unix socket's file away, after its listeners are closed.
    package static func removeFile(_ path: String) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
        _ = unsafe unlink(path)
    }

    private func next() -> (Int32, SocketAddress) {
        let (result, address) = unsafe SocketAddress.filled { unsafe muse_accept(number, $0, $1) }
        return (result, address)
    }

    private func network(_ socket: borrowing Socket, _ address: SocketAddress) -> NetworkAddress {
        if isUnix { return .unix(uid: socket.peerUser() ?? .max) }
        return address.network ?? .ipv4(0)
    }

    private static func openSpare() -> Descriptor? {
        let number = unsafe Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
        return number < 0 ? nil : Descriptor(number)
    }
}

/// Carries a listener to the worker that will own it.
package final class ListenerBox: Sendable {
    private let listener: Lock<Listener?>
    /// Where it listens.
    package let endpoint: Endpoint

    init(_ listener: Listener) {
        endpoint = listener.endpoint
        self.listener = Lock(listener)
    }

    /// The listener; nil after the first time.
    package func take() -> Listener? {
        listener.withLock { listener in
            defer { listener = nil }
            return listener
        }
    }
}

extension Endpoint {
    /// The same with another port.
    fileprivate func with(port: UInt16) -> Endpoint {
        switch self {
        case .tcp(let host, _): .tcp(host: host, port: port)
        case .tls(let host, _): .tls(host: host, port: port)
        case .unix: self
        }
    }
}
