// The server room: which addresses are the operator's own proxies, whose word about a caller is
// believed.
package import MuseBase

/// A range of addresses, as `10.0.0.0/8`, `fd00::/8`, or one address alone (RFC 4632, RFC 4291).
package struct AddressRange: Sendable, Hashable {
    private let high: UInt64
    private let low: UInt64
    private let isIPv4: Bool
    private let bits: Int

    /// Reads a range; nil for anything else, and where bits are set beyond the prefix.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2,
            let address = NetworkAddress(text: String(first))
        else { return nil }
        let (high, low, isIPv4) = Self.halves(address)
        let width = isIPv4 ? 32 : 128
        var bits = width
        if parts.count == 2 {
            guard let given = UInt8(parts[1]), Int(given) <= width, String(given) == parts[1] else {
                return nil
            }
            bits = Int(given)
        }
        self.high = high
        self.low = low
        self.isIPv4 = isIPv4
        self.bits = bits
        guard (high, low) == masked(high, low) else { return nil }
    }

    /// Whether an address lies in it; an IPv4 address in an IPv6 one counts as what it is.
    package func contains(_ address: NetworkAddress) -> Bool {
        if case .unix = address { return false }
        let (high, low, isIPv4) = Self.halves(address)
        return isIPv4 == self.isIPv4 && masked(high, low) == (self.high, self.low)
    }

    private func masked(_ high: UInt64, _ low: UInt64) -> (UInt64, UInt64) {
        let bits = isIPv4 ? bits + 96 : bits
        return (high & Self.mask(bits), low & Self.mask(bits - 64))
    }

    /// The first `bits` bits of 64 set; none below 0, all above 64.
    private static func mask(_ bits: Int) -> UInt64 {
        bits <= 0 ? 0 : bits >= 64 ? .max : ~(UInt64.max >> UInt64(bits))
    }

    private static func halves(_ address: NetworkAddress) -> (UInt64, UInt64, Bool) {
        switch address {
        case .ipv4(let bits): (0, UInt64(bits), true)
        case .ipv6(0, let low) where low >> 32 == 0xFFFF: (0, low & 0xFFFF_FFFF, true)
        case .ipv6(let high, let low): (high, low, false)
        case .unix: (0, 0, false)
        }
    }
}
