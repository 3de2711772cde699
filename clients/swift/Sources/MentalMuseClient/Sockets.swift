// The client: system calls for sockets, each in one wrapper, with the call's name in its error.
internal import MuseBase

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A system call failed: which, and why.
struct SocketError: Error, CustomStringConvertible {
    let description: String

    init(_ call: String, _ number: Int32) {
        description = unsafe "\(call): " + String(cString: strerror(number))
    }

    init(_ text: String) {
        description = text
    }
}

/// An address of a server, as the system has it.
struct SocketAddress: Sendable {
    let family: Int32
    let bytes: [UInt8]

    /// The addresses of an endpoint, in the order in which they are to be tried. May wait for the
    /// network.
    static func resolve(_ endpoint: Endpoint) throws(SocketError) -> [SocketAddress] {
        switch endpoint {
        case .unix(let path): [try unix(path)]
        case .tcp(let host, let port), .tls(let host, let port): try internet(host, port)
        }
    }

    private static func unix(_ path: String) throws(SocketError) -> SocketAddress {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard path.count < room else {
            throw SocketError("The path of the Unix socket is too long.")
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
        let bytes = unsafe withUnsafeBytes(of: &address) { unsafe [UInt8]($0) }
        return SocketAddress(family: AF_UNIX, bytes: bytes)
    }

    private static func internet(
        _ host: String, _ port: UInt16
    ) throws(SocketError) -> [SocketAddress] {
        var hints = unsafe addrinfo()
        #if canImport(Glibc)
            unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
            unsafe hints.ai_socktype = SOCK_STREAM
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(host, String(port), &hints, &list)
        guard status == 0 else {
            throw unsafe SocketError("\(host): " + String(cString: gai_strerror(status)))
        }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe entry.pointee.ai_addr {
                let bytes = unsafe UnsafeRawBufferPointer(
                    start: address, count: Int(entry.pointee.ai_addrlen))
                addresses.append(
                    SocketAddress(
                        family: unsafe entry.pointee.ai_family, bytes: unsafe [UInt8](bytes)))
            }
            unsafe next = entry.pointee.ai_next
        }
        return addresses
    }
}

/// A connected stream socket. It closes with its owner.
struct Socket: ~Copyable {
    let descriptor: Int32

    /// Begins to connect, without waiting; `waitUntilConnected` follows.
    init(connectingTo address: SocketAddress) throws(SocketError) {
        #if canImport(Glibc)
            descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue), 0)
        #else
            descriptor = socket(address.family, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { throw SocketError("socket", errno) }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        if address.family != AF_UNIX {
            set(Int32(IPPROTO_TCP), TCP_NODELAY)
            set(SOL_SOCKET, SO_KEEPALIVE)
        }
        #if canImport(Darwin)
            set(SOL_SOCKET, SO_NOSIGPIPE)
        #endif
        let descriptor = descriptor
        let status = unsafe address.bytes.withUnsafeBytes { bytes -> Int32 in
            guard let start = bytes.baseAddress else { return -1 }
            return unsafe connect(
                descriptor, start.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
        let number = errno
        guard status == 0 || number == EINPROGRESS || number == EAGAIN else {
            throw SocketError("connect", number)
        }
        if status != 0, number == EAGAIN { throw SocketError("connect", number) }
    }

    deinit { close(descriptor) }

    private func set(_ level: Int32, _ option: Int32) {
        var on: Int32 = 1
        _ = unsafe setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Ends the sending side.
    func endOutput() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// The other side will see a reset, not an end.
    func resetWhenClosed() {
        var now = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    }

    /// Why connecting failed; nil if it did not.
    func connectError() -> SocketError? {
        var number: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &size) == 0 else {
            return SocketError("getsockopt", errno)
        }
        return number == 0 ? nil : SocketError("connect", number)
    }

    /// Sends what the socket takes of `bytes` from `offset`: how many; 0 if it takes none now.
    func send(_ bytes: [UInt8], from offset: Int) throws(SocketError) -> Int {
        #if canImport(Glibc)
            let flags = Int32(MSG_NOSIGNAL)
        #else
            let flags: Int32 = 0
        #endif
        while true {
            let count = unsafe bytes.withUnsafeBytes { bytes -> Int in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset...])
                return unsafe sendBytes(descriptor, rest.baseAddress, rest.count, flags)
            }
            if count >= 0 { return count }
            if errno == EAGAIN || errno == EWOULDBLOCK { return 0 }
            if errno != EINTR { throw SocketError("send", errno) }
        }
    }

    /// Reads into `buffer`: how many bytes; 0 if there are none now; nil at the end.
    func read(into buffer: inout [UInt8]) throws(SocketError) -> Int? {
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe recv(descriptor, bytes.baseAddress, bytes.count, 0)
            }
            if count > 0 { return count }
            if count == 0 { return nil }
            if errno == EAGAIN || errno == EWOULDBLOCK { return 0 }
            if errno != EINTR { throw SocketError("recv", errno) }
        }
    }

    /// Waits until bytes can be read, or written if `writing`, or `waker` is woken, or that long.
    /// - Returns: whether the socket can be read or has ended, and whether it can be written.
    func wait(
        reading: Bool = true, writing: Bool, _ waker: Waker, milliseconds: Int32 = -1
    ) -> (readable: Bool, writable: Bool) {
        let events = (reading ? Int16(POLLIN) : 0) | (writing ? Int16(POLLOUT) : 0)
        var descriptors = [
            pollfd(fd: descriptor, events: events, revents: 0),
            pollfd(fd: waker.readEnd, events: Int16(POLLIN), revents: 0),
        ]
        // Without a pipe nobody can wake the thread: it looks by itself.
        let longest: Int32 = waker.readEnd < 0 ? 10 : -1
        let timeout =
            milliseconds < 0 ? longest : longest < 0 ? milliseconds : min(longest, milliseconds)
        guard unsafe poll(&descriptors, 2, timeout) > 0 else { return (false, false) }
        if descriptors[1].revents != 0 { waker.clear() }
        let ended = descriptors[0].revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0
        return (
            ended || descriptors[0].revents & Int16(POLLIN) != 0,
            ended || descriptors[0].revents & Int16(POLLOUT) != 0
        )
    }
}

/// send(2), out of the reach of `Socket.send`'s own name.
private func sendBytes(
    _ descriptor: Int32, _ start: UnsafeRawPointer?, _ count: Int, _ flags: Int32
) -> Int {
    unsafe send(descriptor, start, count, flags)
}

/// The environment.
enum Environment {
    /// A variable's value; nil if it is not there or empty.
    static func value(_ name: String) -> String? {
        guard let text = unsafe getenv(name) else { return nil }
        let value = unsafe String(cString: text)
        return value.isEmpty ? nil : value
    }
}
