// The base room: addresses from their text, as people and proxies write them.
#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

extension NetworkAddress {
    /// Reads an address in its usual text (inet_pton(3)); nil for anything else.
    package init?(text: String) {
        // inet_pton would read up to it.
        guard !text.utf8.contains(0) else { return nil }
        var four = in_addr()
        if unsafe inet_pton(AF_INET, text, &four) == 1 {
            self = .ipv4(UInt32(bigEndian: four.s_addr))
            return
        }
        var six = in6_addr()
        guard unsafe inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        self = unsafe withUnsafeBytes(of: six) { bytes in
            let high = unsafe bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
            let low = unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            return .ipv6(UInt64(bigEndian: high), UInt64(bigEndian: low))
        }
    }
}
