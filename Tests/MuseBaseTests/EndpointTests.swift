// Tests of the base room: addresses as people write them.
internal import MuseBase
internal import Testing

struct EndpointTests {
    @Test(arguments: [
        ("tcp://localhost:6873", Endpoint.tcp(host: "localhost", port: 6873)),
        ("tcp://127.0.0.1:0", .tcp(host: "127.0.0.1", port: 0)),
        ("tcp://[::1]:1", .tcp(host: "::1", port: 1)),
        ("tls://muse.example:65535", .tls(host: "muse.example", port: 65535)),
        ("tls://[2001:db8::1]:443", .tls(host: "2001:db8::1", port: 443)),
        ("unix:/run/muse.sock", .unix(path: "/run/muse.sock")),
        ("unix:relative", .unix(path: "relative")), ("unix:/a b/ü:1", .unix(path: "/a b/ü:1")),
    ])
    func `an address is read and written the same`(text: String, endpoint: Endpoint) throws {
        #expect(try Endpoint(text) == endpoint)
        #expect(endpoint.description == text)
    }

    @Test(arguments: [
        "", "localhost", "localhost:6873", "http://localhost:1", "tcp:localhost:1",
        "tcp://localhost",
        "tcp://localhost:", "tcp://:1", "tcp://[]:1", "tcp://::1:1", "tcp://[::1:1", "tcp://::1]:1",
        "tcp://localhost:65536", "tcp://localhost:-1", "tcp://localhost:1x", "tcp://localhost:1/",
        "tcp://local/host:1", "tcp://localhost: 1", "TCP://localhost:1", "unix:", "tls://localhost",
        " tcp://localhost:1", "tcp://localhost:٣",
    ])
    func `what is no address is refused, and told with the forms that are`(text: String) {
        do throws(Endpoint.Malformed) {
            let endpoint = try Endpoint(text)
            Issue.record("'\(text)' was read as \(endpoint)")
        } catch {
            #expect(error.description.contains("tcp://host:port"))
            #expect(error.description.contains("'\(text)'"))
        }
    }

    @Test func `a port has digits alone`() {
        #expect(throws: Endpoint.Malformed.self) { try Endpoint("tcp://localhost:+80") }
    }
}
