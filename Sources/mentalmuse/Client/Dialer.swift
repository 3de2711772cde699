// The client's side: sockets that connect, within a time.
internal import Glibc
internal import MuseBase

/// A moment of the monotonic clock.
struct Deadline {
    private let nanoseconds: UInt64

    init(seconds: Int) {
        nanoseconds = MonotonicClock.system.nanoseconds() + UInt64(seconds) * 1_000_000_000
    }

    /// What is left, for poll(2).
    var milliseconds: Int32 {
        let now = MonotonicClock.system.nanoseconds()
        return now >= nanoseconds ? 0 : Int32(clamping: (nanoseconds - now) / 1_000_000 + 1)
    }
}

/// Sockets that connect.
enum Dialer {
    /// A stream to a Unix socket.
    static func connect(path: String, _ deadline: Deadline) throws(ConnectionError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < room else {
            throw ConnectionError(
                message: "unix:\(path): the path is longer than \(room - 1) bytes")
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let descriptor = try open(AF_UNIX)
        let failed = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe Glibc.connect(
                    descriptor, pointer, socklen_t(MemoryLayout<sockaddr_un>.size)) != 0
            }
        }
        if failed {
            let code = errno
            close(descriptor)
            throw ConnectionError(
                message: "no connection to unix:\(path): \(SystemError.text(code))")
        }
        setNonBlocking(descriptor)
        return descriptor
    }

    /// A stream to the first address of the name that answers.
    static func connect(
        host: String, port: UInt16, _ deadline: Deadline
    ) throws(ConnectionError) -> Int32 {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, String(port), &hints, &found)
        guard code == 0 else {
            let why = unsafe gai_strerror(code).map { unsafe String(cString: $0) } ?? "unknown"
            throw ConnectionError(message: "\(host): \(why)")
        }
        defer { unsafe freeaddrinfo(found) }
        var last = "it has no address"
        var next = unsafe found
        while let info = unsafe next {
            unsafe next = unsafe info.pointee.ai_next
            do throws(ConnectionError) {
                return try unsafe connect(info, deadline)
            } catch {
                last = error.message
            }
        }
        throw ConnectionError(message: "no connection to \(host) port \(port): \(last)")
    }

    private static func connect(
        _ info: UnsafeMutablePointer<addrinfo>, _ deadline: Deadline
    ) throws(ConnectionError) -> Int32 {
        let descriptor = try unsafe open(info.pointee.ai_family)
        setNonBlocking(descriptor)
        var code: Int32 = 0
        if unsafe Glibc.connect(descriptor, info.pointee.ai_addr, info.pointee.ai_addrlen) != 0 {
            code = errno
        }
        do throws(ConnectionError) {
            if code == EINPROGRESS {
                try wait(descriptor, POLLOUT, deadline, "it does not answer")
                var length = socklen_t(MemoryLayout<Int32>.size)
                unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
            }
            guard code == 0 else { throw ConnectionError(message: SystemError.text(code)) }
        } catch {
            close(descriptor)
            throw error
        }
        var one: Int32 = 1
        let length = socklen_t(MemoryLayout<Int32>.size)
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, length)
        return descriptor
    }

    /// Waits until the descriptor is ready.
    /// - Throws: `late` at the deadline.
    static func wait(
        _ descriptor: Int32, _ events: Int32, _ deadline: Deadline, _ late: String
    ) throws(ConnectionError) {
        while true {
            var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            let count = unsafe poll(&entry, 1, deadline.milliseconds)
            if count > 0 { return }
            if count == 0 { throw ConnectionError(message: late) }
            if errno != EINTR { throw ConnectionError(message: SystemError.text(errno)) }
        }
    }

    private static func open(_ family: Int32) throws(ConnectionError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, kind, 0)
        guard descriptor >= 0 else { throw ConnectionError(message: SystemError.text(errno)) }
        return descriptor
    }

    private static func setNonBlocking(_ descriptor: Int32) {
        let flags = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
    }
}
