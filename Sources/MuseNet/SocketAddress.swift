// The network room: addresses as the system's calls want them, and back.
internal import Glibc
internal import MuseBase

/// A sockaddr of any family, by value.
@safe
struct SocketAddress {
    private(set) var storage = sockaddr_storage()
    private(set) var length: UInt32 = 0

    init() {}

    /// As getaddrinfo(3) gave it.
    init?(_ info: addrinfo) {
        guard let address = unsafe info.ai_addr,
            unsafe Int(info.ai_addrlen) <= MemoryLayout<sockaddr_storage>.size
        else { return nil }
        length = unsafe info.ai_addrlen
        unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            unsafe bytes.copyMemory(
                from: UnsafeRawBufferPointer(start: address, count: Int(info.ai_addrlen)))
        }
    }

    /// A Unix socket's path; nil where it is empty or too long.
    init?(path: String) {
        var address = sockaddr_un()
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard !bytes.isEmpty, bytes.count < room, !bytes.contains(0) else { return nil }
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        length = UInt32(MemoryLayout<sockaddr_un>.size)
        unsafe withUnsafeMutableBytes(of: &storage) { target in
            unsafe withUnsafeBytes(of: &address) { unsafe target.copyMemory(from: $0) }
        }
    }

    /// Fills it with what `call` writes: a pointer to it and its length.
    static func filled(
        _ call: (UnsafeMutableRawPointer, UnsafeMutablePointer<UInt32>) -> Int32
    ) -> (result: Int32, address: SocketAddress) {
        var address = SocketAddress()
        var length = UInt32(MemoryLayout<sockaddr_storage>.size)
        let result = unsafe withUnsafeMutableBytes(of: &address.storage) { bytes -> Int32 in
            guard let base = bytes.baseAddress else { return -EINVAL }
            return unsafe call(base, &length)
        }
        address.length = length
        return (result, address)
    }

    /// Lends it to a call.
    func withSockaddr(_ call: (UnsafePointer<sockaddr>, UInt32) -> Int32) -> Int32 {
        unsafe withUnsafePointer(to: storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe call($0, length)
            }
        }
    }

    var family: Int32 { Int32(storage.ss_family) }

    /// The port; 0 where there is none.
    var port: UInt16 {
        switch family {
        case AF_INET: UInt16(bigEndian: load(sockaddr_in.self, sockaddr_in()).sin_port)
        case AF_INET6: UInt16(bigEndian: load(sockaddr_in6.self, sockaddr_in6()).sin6_port)
        default: 0
        }
    }

    /// Whom it names; nil for a Unix socket, whose peer is told by its user.
    var network: NetworkAddress? {
        switch family {
        case AF_INET:
            return .ipv4(UInt32(bigEndian: load(sockaddr_in.self, sockaddr_in()).sin_addr.s_addr))
        case AF_INET6:
            let address = load(sockaddr_in6.self, sockaddr_in6()).sin6_addr
            return unsafe withUnsafeBytes(of: address) { bytes in
                let high = unsafe bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
                let low = unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                return .ipv6(UInt64(bigEndian: high), UInt64(bigEndian: low))
            }
        default: return nil
        }
    }

    private func load<T>(_ type: T.Type, _ initial: T) -> T {
        unsafe withUnsafeBytes(of: storage) { unsafe $0.load(as: T.self) }
    }
}

/// Finds what a host's name stands for (getaddrinfo(3)); it may ask the network, so not on a
/// worker.
enum Resolver {
    static func addresses(host: String, port: UInt16) throws(NetError) -> [SocketAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        let name: String? = host == "*" ? nil : host
        let result = unsafe getaddrinfo(name, String(port), &hints, &found)
        defer { unsafe freeaddrinfo(found) }
        guard result == 0 else {
            let code = result == EAI_SYSTEM ? errno : ENOENT
            throw NetError(call: "getaddrinfo(3)", code: code, subject: host)
        }
        var addresses: [SocketAddress] = []
        var next = unsafe found
        while let info = unsafe next {
            if let address = unsafe SocketAddress(info.pointee) { addresses.append(address) }
            unsafe next = info.pointee.ai_next
        }
        return addresses
    }
}
