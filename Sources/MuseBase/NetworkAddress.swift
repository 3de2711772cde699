// The base room: who is at the other end, without a port: for sessions, limits and logs.

/// The address of a peer.
package enum NetworkAddress: Hashable, Sendable {
    /// Four bytes as a big-endian integer.
    case ipv4(UInt32)
    /// Sixteen bytes as two big-endian integers.
    case ipv6(UInt64, UInt64)
    /// A Unix socket's peer, by its user.
    case unix(uid: UInt32)

    /// Its text: dotted, RFC 5952 (its section 5 too: `::ffff:192.0.2.1`), or `unix`.
    package var text: String {
        switch self {
        case .unix: return "unix"
        case .ipv4(let bits):
            return [24, 16, 8, 0].map { String(bits >> $0 & 255) }.joined(separator: ".")
        case .ipv6(0, let low) where low >> 32 == 0xFFFF:
            return "::ffff:" + NetworkAddress.ipv4(UInt32(truncatingIfNeeded: low)).text
        case .ipv6(let high, let low):
            return Self.ipv6Text(
                (0..<8).map {
                    UInt16(truncatingIfNeeded: ($0 < 4 ? high : low) >> (48 - 16 * ($0 & 3)))
                })
        }
    }

    /// What limits by address count: a /64 of IPv6 is one, and so is an IPv4 address in an IPv6
    /// one.
    package var throttleKey: NetworkAddress {
        switch self {
        case .ipv6(0, let low) where low >> 32 == 0xFFFF: .ipv4(UInt32(truncatingIfNeeded: low))
        case .ipv6(let high, _): .ipv6(high, 0)
        default: self
        }
    }

    package var isLoopback: Bool {
        switch self {
        case .ipv4(let bits): bits >> 24 == 127
        case .ipv6(0, let low): low == 1 || (low >> 32 == 0xFFFF && low >> 24 & 255 == 127)
        default: false
        }
    }

    /// RFC 5952: lower case, no leading zeros, the first longest run of two or more zeros as `::`.
    private static func ipv6Text(_ groups: [UInt16]) -> String {
        var best = 0..<0
        var index = 0
        while index < 8 {
            var end = index
            while end < 8, groups[end] == 0 { end += 1 }
            if end - index > best.count, end - index > 1 { best = index..<end }
            index = max(end, index + 1)
        }
        func join(_ range: Range<Int>) -> String {
            groups[range].map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard !best.isEmpty else { return join(0..<8) }
        return join(0..<best.lowerBound) + "::" + join(best.upperBound..<8)
    }
}
