// Listeners of each kind, the operator's view, logs, and the end.
import Glibc
import MentalMuseProtocol
import MuseBase
import MuseServer
import MuseService
import MuseTLS
import Spawning
import Testing

@Suite(.ownThread) struct LifeTests {
    @Test func `a Unix socket speaks the same, is for its owner alone, and goes with the server`()
        async throws
    {
        let folder = try TemporaryFolder()
        let path = folder.path + "/s"
        let server = try TestServer(workers: 2, endpoints: ["unix:\(path)"])
        let client = try server.connect()
        #expect(client.ask(ping(1)) == pong(1))
        var status = stat()
        #expect(unsafe stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        await server.server.shutdown()
        #expect(unsafe stat(path, &status) != 0)
    }

    @Test func `a stale socket is taken over, a live one and a file are not`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/s"
        let first = try TestServer(endpoints: ["unix:\(path)"])
        #expect(throws: ServerError.self) { try TestServer(endpoints: ["unix:\(path)"]) }
        #expect(try first.connect().ask(ping(1)) == pong(1))
        let file = folder.path + "/f"
        close(unsafe open(file, O_CREAT | O_WRONLY, 0o600))
        #expect(throws: ServerError.self) { try TestServer(endpoints: ["unix:\(file)"]) }
    }

    @Test func `a port that another server has is refused`() throws {
        let first = try TestServer(workers: 2)
        let endpoint = try #require(first.server.endpoints.first)
        #expect(throws: ServerError.self) { try TestServer(endpoints: [endpoint.description]) }
    }

    @Test func `the operator sees connections, closes one, and changes the log`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/admin.sock"
        let server = try TestServer { $0.adminPath = path }
        let client = try server.connect()
        #expect(client.ask(attach(1, "good"))?.code == 0)
        let operator1 = try TestClient(.unix(path: path))
        let seen = operator1.ask(request(1, "admin.connections")) ?? ""
        #expect(
            seen.range(
                of: "\"transport\":\"tcp\",\"address\":\"127.0.0.1\",\"user_id\":\"\(Stub.id)\"")
                != nil)
        let start = try #require(seen.range(of: "\"items\":[{\"id\":"))
        let id = String(seen[start.upperBound...].prefix { $0.isNumber })
        #expect(
            operator1.ask(request(2, "admin.disconnect", "{\"connection_id\":\(id)}"))?.code == 0)
        #expect(client.read() == nil)
        #expect(operator1.ask(request(3, "admin.set_log", "[\"all\"]"))?.code == 0)
        #expect(operator1.ask(ping(4)) == pong(4))
        #expect(operator1.ask(ping(5)) == pong(5))
        #expect(
            server.log.withLock { $0 }.contains {
                $0.range(of: "\"method\":\"server.ping\"") != nil
            })
    }

    @Test(arguments: ["\u{7F}", "\u{9B}31m", "\u{85}"])
    func `what would speak to a terminal is not logged`(text: String) throws {
        let server = try TestServer { $0.requestLog = .all }
        let meta = "{\"_meta\":{\"traceparent\":\"\(text)\"}}"
        for id in ["\"\(text)\"", "7"] {
            _ = try server.answers(
                "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"posts.get\",\"params\":\(meta)}\n")
        }
        let lines = server.log.withLock { $0 }.filter { $0.contains("posts.get") }
        #expect(lines.count == 2)
        #expect(lines.first?.contains("\"id\":null") == true)
        #expect(lines.last?.contains("\"id\":7") == true)
        for line in lines {
            #expect(!line.unicodeScalars.contains { (0x7F...0x9F).contains($0.value) })
        }
    }

    @Test func `the log tells whose token a call had, and how long the store had it`() throws {
        let server = try TestServer { $0.requestLog = .all }
        let client = try server.connect()
        for token in ["good one", "bad one"] {
            let params = "{\"body\":\"a\",\"_meta\":{\"access_token\":\"\(token)\"}}"
            #expect(client.ask(request(1, "posts.create", params))?.code == 0)
        }
        let lines = server.log.withLock { $0 }
        #expect(lines.count == 2)
        #expect(lines[0].contains("\"caller\":\"\(Stub.id)\""))
        #expect(lines[1].contains("\"caller\":null"))
        #expect(lines.allSatisfy { $0.contains("\"waited_us\":") && $0.contains("\"store_us\":") })
        #expect(!lines.joined().contains("one"))
    }

    @Test func `a log line has no params`() throws {
        let server = try TestServer { $0.requestLog = .all }
        _ = try server.answers(
            "\(attach(1, "bad secret"))\n\(create(2, "body of a post"))\n\(ping(3))\n")
        let lines = server.log.withLock { $0 }
        #expect(lines.count == 3)
        #expect(
            lines.allSatisfy { $0.range(of: "secret") == nil && $0.range(of: "body of") == nil })
        #expect(
            lines.contains {
                $0.range(of: "\"method\":\"auth.attach\",\"caller\":null,\"code\":1003") != nil
            })
    }

    @Test func `counts are summed over the workers`() async throws {
        let server = try TestServer(workers: 2)
        for _ in 0..<10 {
            _ = try server.answers("\(ping(1))\n\(ping(2))\n\(get(3))\n\(request(4, "nope"))\n")
        }
        let counts = server.counts
        #expect(counts.connectionsAccepted == 10)
        #expect(counts.methods.first { $0.method == "server.ping" }?.requests == 20)
        #expect(counts.methods.first { $0.method == "posts.get" }?.requests == 10)
        #expect(counts.errors.first { $0.code == -32601 }?.answers == 10)
        #expect(counts.bytesIn > 0 && counts.bytesOut > 0)
    }

    @Test func `a shutdown tells, finishes what is in flight, refuses what comes, and returns`()
        async throws
    {
        let server = try TestServer()
        let client = try server.connect()
        let idle = try server.connect()
        #expect(idle.ask(ping(0)) == pong(0))
        client.line(create(1, "hold"))
        #expect(await server.wait { server.board.events.count == 1 })
        let ended = try beside { await server.server.shutdown() }
        let notice =
            "{\"jsonrpc\":\"2.0\",\"method\":\"server.draining\",\"params\":{\"reason\":\"shutdown\",\"closes_in_ms\":10000}}"
        #expect(client.read() == notice)
        #expect(client.ask(ping(2))?.code == -32054)
        server.board.release("hold")
        let last = client.read()
        #expect(last?.id == "1" && last?.code == 0)
        #expect(client.read() == nil)
        #expect(idle.readAll() == [notice])
        await ended.value
        #expect(server.counts.connections == 0)
    }

    @Test func `TLS carries the same lines, and a new certificate serves new connections`()
        async throws
    {
        let folder = try TemporaryFolder()
        let files = try Certificate.make(in: folder.path)
        let server = try TestServer(endpoints: ["tls://127.0.0.1:0"]) {
            $0.certificate = CertificateFiles(certificate: files.certificate, key: files.key)
        }
        let context = try TLSClientContext(rootsFile: files.certificate)
        let client = try EncryptedClient(try server.connect(), context, host: "127.0.0.1")
        #expect(client.ask(ping(1)) == pong(1))
        server.board.pageUnit = 10_000
        let page = client.ask(request(2, "posts.list", "{\"limit\":100}"))
        #expect(page?.utf8.count ?? 0 > 1_000_000)
        let fresh = try Certificate.make(in: folder.path)
        try server.server.reloadCertificate()
        #expect(client.ask(ping(3)) == pong(3))
        let old = try? EncryptedClient(try server.connect(), context, host: "127.0.0.1")
        #expect(old == nil)
        let next = try EncryptedClient(
            try server.connect(), try TLSClientContext(rootsFile: fresh.certificate),
            host: "127.0.0.1")
        #expect(next.ask(ping(4)) == pong(4))
        client.end()
        #expect(client.read() == nil)
    }

    @Test func `a TLS client that says nothing is closed in time`() async throws {
        let folder = try TemporaryFolder()
        let files = try Certificate.make(in: folder.path)
        let time = Lock<UInt64>(1_000_000_000)
        let server = try TestServer(endpoints: ["tls://127.0.0.1:0", "tcp://127.0.0.1:0"]) {
            $0.certificate = CertificateFiles(certificate: files.certificate, key: files.key)
            $0.clock = MonotonicClock { time.withLock { $0 } }
        }
        let silent = try server.connect(0)
        let other = try server.connect(1)
        #expect(other.ask(ping(1)) == pong(1))
        #expect(await server.wait { server.counts.connections == 2 })
        time.withLock { $0 += 11_000_000_000 }
        #expect(other.ask(ping(2)) == pong(2))
        #expect(silent.read() == nil)
    }
}

/// A certificate for 127.0.0.1, made by the `openssl` command.
enum Certificate {
    static func make(in folder: String) throws -> (certificate: String, key: String) {
        let certificate = folder + "/certificate.pem"
        let key = folder + "/key.pem"
        try SelfSigned.make(
            certificate: certificate, key: key, names: "IP:127.0.0.1,DNS:muse.test")
        return (certificate, key)
    }
}

/// A client that speaks TLS.
final class EncryptedClient {
    private let client: TestClient
    private let stream: TLSStream
    private var pending: [UInt8] = []

    struct Refused: Error {}

    init(_ client: TestClient, _ context: TLSClientContext, host: String) throws {
        self.client = client
        stream = try TLSStream(client: context, host: host)
        stream.start()
        while stream.state == .handshaking { guard pump() else { throw Refused() } }
        guard stream.state == .open else { throw Refused() }
    }

    private func flush() {
        let bytes = unsafe stream.withUnsent { unsafe Array($0) }
        guard !bytes.isEmpty else { return }
        client.send(bytes: bytes)
        stream.advance(bytes.count)
    }

    private func pump() -> Bool {
        flush()
        guard let bytes = client.receive() else { return false }
        var plain = [UInt8](repeating: 0, count: bytes.count + TLSStream.recordBytesMax)
        let count = unsafe bytes.withUnsafeBytes { bytes in
            unsafe plain.withUnsafeMutableBytes { unsafe stream.receive(bytes, into: $0) }
        }
        pending += plain[..<count]
        flush()
        return true
    }

    func ask(_ line: String) -> String? {
        let bytes = Array((line + "\n").utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe stream.write($0) }
        return read()
    }

    func end() {
        stream.end()
        flush()
    }

    func read() -> String? {
        while true {
            if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: pending[..<end], as: UTF8.self)
                pending.removeSubrange(...end)
                return line
            }
            guard stream.state == .open, pump() else { return nil }
        }
    }
}
