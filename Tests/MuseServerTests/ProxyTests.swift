// Proxies that are trusted, and what they say of the caller before the first line.
import MentalMuseProtocol
import MuseBase
import MuseServer
import MuseService
import Testing

@Suite(.ownThread) struct ProxyTests {
    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]
    private static let v4: [UInt8] =
        signature + [0x21, 0x11, 0, 12, 192, 0, 2, 7, 10, 0, 0, 1, 1, 2, 3, 4]
    private static let v6: [UInt8] =
        signature + [0x21, 0x21, 0, 36] + [0x20, 0x01, 0x0D, 0xB8] + Array(repeating: 0, count: 11)
        + [9] + Array(repeating: 0, count: 20)
    private static let local: [UInt8] = signature + [0x20, 0, 0, 0]

    private func server(_ ranges: [String] = ["127.0.0.0/8"]) throws -> TestServer {
        let trusted = ranges.compactMap { AddressRange($0) }
        try #require(trusted.count == ranges.count)
        return try TestServer { $0.trustedProxies = trusted }
    }

    @Test(arguments: [
        (Array("PROXY TCP4 192.0.2.7 10.0.0.1 56324 6873\r\n".utf8), "192.0.2.7"),
        (Array("PROXY TCP6 2001:db8::9 ::1 56324 6873\r\n".utf8), "2001:db8::9"),
        (Array("PROXY UNKNOWN\r\n".utf8), "127.0.0.1"),
        (v4, "192.0.2.7"), (v6, "2001:db8::9"), (local, "127.0.0.1"), ([], "127.0.0.1"),
    ])
    func `a trusted proxy names the caller`(header: [UInt8], address: String) throws {
        let server = try server()
        let client = try server.connect()
        client.send(bytes: header + Array((ping(1) + "\n").utf8))
        #expect(client.read() == pong(1))
        #expect(server.server.control.connections().map(\.address) == [address])
        #expect(client.ask(ping(2)) == pong(2))
    }

    @Test func `a header that drips in is the same, at every split`() async throws {
        let server = try server()
        let bytes = Self.v4 + Array((ping(1) + "\n").utf8)
        var before = 0
        for split in 1..<bytes.count {
            let client = try server.connect()
            client.send(bytes: Array(bytes[..<split]))
            #expect(await server.wait { server.counts.bytesIn == before + split })
            client.send(bytes: Array(bytes[split...]))
            #expect(client.read() == pong(1))
            #expect(server.server.control.connections().map(\.address).contains("192.0.2.7"))
            client.endSending()
            #expect(client.read() == nil)
            before += bytes.count
        }
    }

    @Test(arguments: [
        "PROXY TCP4 192.0.2.300 10.0.0.1 1 2\r\n", "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP4 192.0.2.7 10.0.0.1 1 2\n", "PROXY " + String(repeating: "x", count: 200),
    ])
    func `a broken header is refused and the connection closed`(header: String) throws {
        let server = try server()
        let client = try server.connect()
        client.send(header + ping(1) + "\n")
        #expect(client.readAll().map(\.code) == [-32700])
    }

    @Test func `nobody else's header is believed`() throws {
        let server = try server(["10.0.0.0/8"])
        let answers = try server.answers(
            "PROXY TCP4 192.0.2.7 10.0.0.1 56324 6873\r\n\(ping(1))\n")
        #expect(answers.map(\.code) == [-32700, 0])
    }

    @Test(arguments: [
        (["127.0.0.0/8"], "192.0.2.7", 0), (["127.0.0.0/8"], "2001:db8::9", 0),
        (["127.0.0.0/8"], "somewhere", -32602), (["127.0.0.0/8"], "192.0.2.7:80", -32602),
        (["10.0.0.0/8"], "192.0.2.7", 1101), (["10.0.0.0/8"], "somewhere", 1101),
    ])
    func `a gateway names its callers by their addresses; nobody else may`(
        trusted: [String], named: String, code: Int
    ) throws {
        let client = try server(trusted).connect()
        let params = "{\"_meta\":{\"client_address\":\"\(named)\"}}"
        #expect(client.ask(request(1, "server.ping", params))?.code == code)
    }

    @Test func `callers behind a proxy are counted one by one`() throws {
        let server = try TestServer {
            $0.trustedProxies = [AddressRange("127.0.0.1")].compactMap { $0 }
            $0.limits.connectionsPerAddressMax = 1
        }
        var clients: [TestClient] = []
        for (index, code) in [(1, 0), (2, 0), (1, -32056)] {
            let client = try server.connect()
            client.send("PROXY TCP4 192.0.2.\(index) 10.0.0.1 1 2\r\n\(ping(1))\n")
            #expect(client.read()?.code == code)
            clients.append(client)
        }
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false),
        ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("0.0.0.0/0", "1.2.3.4", true),
        ("0.0.0.0/0", "::1", false), ("::1", "::1", true), ("fd00::/8", "fdff::1", true),
        ("fd00::/8", "fe00::1", false), ("2001:db8::/33", "2001:db8:8000::", false),
        ("192.0.2.7/32", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false),
    ])
    func `a range holds its addresses alone`(range: String, address: String, isIn: Bool) throws {
        let range = try #require(AddressRange(range))
        #expect(range.contains(try #require(parsed(address))) == isIn)
    }

    @Test(arguments: ["", "10.0.0.0/33", "10.0.0.1/8", "x", "::1/129", "10.0.0.0/", "10.0.0.0/8/8"])
    func `what is no range is refused`(text: String) {
        #expect(AddressRange(text) == nil)
    }

    /// An address of a test's table.
    private func parsed(_ text: String) -> NetworkAddress? {
        switch text {
        case "::ffff:10.1.2.3": .ipv6(0, 0xFFFF_0A01_0203)
        case "::1": .ipv6(0, 1)
        case "fdff::1": .ipv6(0xFDFF << 48, 1)
        case "fe00::1": .ipv6(0xFE00 << 48, 1)
        case "2001:db8:8000::": .ipv6(0x2001_0DB8_8000 << 16, 0)
        default:
            .ipv4(text.split(separator: ".").compactMap { UInt32($0) }.reduce(0) { $0 << 8 | $1 })
        }
    }
}
