// Tests of the base room: addresses of peers.
internal import MuseBase
internal import Testing

struct NetworkAddressTests {
    private func ipv6(_ groups: UInt64...) -> NetworkAddress {
        .ipv6(
            groups[0] << 48 | groups[1] << 32 | groups[2] << 16 | groups[3],
            groups[4] << 48 | groups[5] << 32 | groups[6] << 16 | groups[7])
    }

    @Test(arguments: [
        (0x7F00_0001, "127.0.0.1"), (0, "0.0.0.0"), (0xFFFF_FFFF, "255.255.255.255"),
        (0xC000_0207, "192.0.2.7"),
    ])
    func `an IPv4 address is written in four numbers`(bits: UInt32, text: String) {
        #expect(NetworkAddress.ipv4(bits).text == text)
    }

    @Test func `an IPv6 address is written as RFC 5952 has it`() {
        #expect(ipv6(0x2001, 0xDB8, 0, 0, 0, 0, 2, 1).text == "2001:db8::2:1")
        #expect(ipv6(0, 0, 0, 0, 0, 0, 0, 0).text == "::")
        #expect(ipv6(0, 0, 0, 0, 0, 0, 0, 1).text == "::1")
        #expect(ipv6(1, 0, 0, 0, 0, 0, 0, 0).text == "1::")
        // One zero alone is not shortened (4.2.2), the longest run is (4.2.3), the first of two
        // alike.
        #expect(ipv6(0x2001, 0xDB8, 0, 1, 1, 1, 1, 1).text == "2001:db8:0:1:1:1:1:1")
        #expect(ipv6(0x2001, 0, 0, 1, 0, 0, 0, 1).text == "2001:0:0:1::1")
        #expect(ipv6(0x2001, 0xDB8, 0, 0, 1, 0, 0, 1).text == "2001:db8::1:0:0:1")
        #expect(ipv6(0, 0, 1, 0, 0, 0, 1, 0).text == "0:0:1::1:0")
        #expect(ipv6(0, 1, 0, 1, 0, 1, 0, 1).text == "0:1:0:1:0:1:0:1")
        #expect(ipv6(1, 2, 3, 4, 5, 6, 0, 0).text == "1:2:3:4:5:6::")
        #expect(
            ipv6(0xABCD, 0xEF01, 0x2345, 0x6789, 0xABCD, 0xEF01, 0x2345, 0x6789).text
                == "abcd:ef01:2345:6789:abcd:ef01:2345:6789")
        #expect(ipv6(0xFE80, 0, 0, 0, 0x20, 0xA, 0xB00, 0xF).text == "fe80::20:a:b00:f")
    }

    @Test func `an IPv4 address within IPv6 shows its four numbers`() {
        // RFC 5952 section 5.
        #expect(ipv6(0, 0, 0, 0, 0, 0xFFFF, 0xC000, 0x0207).text == "::ffff:192.0.2.7")
        #expect(ipv6(0, 0, 0, 0, 0, 0xFFFF, 0, 0).text == "::ffff:0.0.0.0")
        #expect(ipv6(0, 0, 0, 0, 1, 0xFFFF, 0xC000, 0x0207).text == "::1:ffff:c000:207")
    }

    @Test func `a peer of a Unix socket is written as such, whoever it is`() {
        #expect(NetworkAddress.unix(uid: 0).text == "unix")
        #expect(NetworkAddress.unix(uid: 1000).text == "unix")
    }

    @Test func `limits take a network of 64 bits of IPv6 as one`() {
        let one = ipv6(0x2001, 0xDB8, 1, 2, 3, 4, 5, 6).throttleKey
        #expect(one == ipv6(0x2001, 0xDB8, 1, 2, 9, 9, 9, 9).throttleKey)
        #expect(one != ipv6(0x2001, 0xDB8, 1, 3, 3, 4, 5, 6).throttleKey)
    }

    @Test func `limits take every IPv4 address apart, and the same one within IPv6 as it`() {
        #expect(NetworkAddress.ipv4(1).throttleKey == .ipv4(1))
        #expect(NetworkAddress.ipv4(1).throttleKey != NetworkAddress.ipv4(2).throttleKey)
        #expect(ipv6(0, 0, 0, 0, 0, 0xFFFF, 0xC000, 0x0207).throttleKey == .ipv4(0xC000_0207))
        #expect(ipv6(0, 0, 0, 0, 0, 0xFFFE, 0xC000, 0x0207).throttleKey != .ipv4(0xC000_0207))
    }

    @Test func `limits take a Unix peer by its user`() {
        #expect(NetworkAddress.unix(uid: 5).throttleKey == .unix(uid: 5))
        #expect(NetworkAddress.unix(uid: 5).throttleKey != NetworkAddress.unix(uid: 6).throttleKey)
    }

    @Test func `loopback is 127 and one, in both families`() {
        #expect(NetworkAddress.ipv4(0x7F00_0001).isLoopback)
        #expect(NetworkAddress.ipv4(0x7FFF_FFFE).isLoopback)
        #expect(!NetworkAddress.ipv4(0x8000_0001).isLoopback)
        #expect(!NetworkAddress.ipv4(0).isLoopback)
        #expect(ipv6(0, 0, 0, 0, 0, 0, 0, 1).isLoopback)
        #expect(!ipv6(0, 0, 0, 0, 0, 0, 0, 0).isLoopback)
        #expect(!ipv6(0, 0, 0, 0, 0, 0, 0, 2).isLoopback)
        #expect(ipv6(0, 0, 0, 0, 0, 0xFFFF, 0x7F00, 1).isLoopback)
        #expect(!ipv6(0, 0, 0, 0, 0, 0xFFFF, 0x0A00, 1).isLoopback)
        #expect(!ipv6(0, 0, 0, 0, 0, 0, 0x7F00, 1).isLoopback)
        #expect(!ipv6(1, 0, 0, 0, 0, 0, 0, 1).isLoopback)
    }
}
