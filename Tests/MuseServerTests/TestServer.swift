// A server of a test's own on an ephemeral port, and clients that wait for what they read.
import Glibc
import MentalMuseProtocol
import MuseBase
import MuseNet
import MuseServer
import MuseService
import Testing

/// A server with the stub's handlers. It lives as long as the test holds it, or a client of it.
final class TestServer: Sendable {
    let server: Server
    let board = Board()
    let log = Lock<[String]>([])

    init(
        workers: Int = 1, endpoints: [String] = ["tcp://127.0.0.1:0"],
        _ change: (inout ServerConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = ServerConfiguration()
        configuration.endpoints = try endpoints.map { try Endpoint($0) }
        configuration.workers = workers
        configuration.conformanceMethods = true
        let log = log
        configuration.log = LogSink { line in
            log.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
        }
        change(&configuration)
        let board = board
        server = try Server(configuration) { _, control in StubHost(board, control) }
        server.start()
    }

    deinit {
        let server = server
        Task { await server.shutdown() }
    }

    var counts: Metrics { server.control.metrics() ?? Self.none }

    private static let none = Metrics(
        time: Timestamp(milliseconds: 0), uptimeMs: 0, connections: 0, connectionsAccepted: 0,
        connectionsRefused: 0, bytesIn: 0, bytesOut: 0, bufferedBytes: 0, linesUnparsable: 0,
        responsesDropped: 0, methods: [], errors: [],
        writer: WriterMetrics(
            queued: 0, groups: 0, writes: 0, groupMax: 0, syncs: 0, syncP50Us: 0, syncP99Us: 0,
            logBytes: 0, checkpoints: 0), hashesQueued: 0, hashes: 0)

    func connect(_ index: Int = 0) throws -> TestClient {
        try TestClient(server.endpoints[index], of: self)
    }

    /// Sends all of `text`, ends the sending, and gives everything that is answered.
    func answers(_ text: String) throws -> [String] {
        let client = try connect()
        client.send(text)
        client.endSending()
        return client.readAll()
    }

    /// Waits until `condition` holds; false if it does not for two minutes.
    func wait(until condition: () -> Bool) async -> Bool {
        let start = MonotonicClock.system.nanoseconds()
        while !condition() {
            if MonotonicClock.system.nanoseconds() - start > 120_000_000_000 { return false }
            await Task.yield()
            sched_yield()
        }
        return true
    }
}

/// A client that waits for each line, two minutes at most.
final class TestClient {
    let number: Int32
    private var pending: [UInt8] = []
    private var searched = 0
    /// Goes with its last client.
    private let server: TestServer?

    init(_ endpoint: Endpoint, of server: TestServer? = nil) throws {
        self.server = server
        switch endpoint {
        case .tcp(_, let port), .tls(_, let port):
            number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let result = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe Glibc.connect(number, $0, UInt32(MemoryLayout<sockaddr_in>.size))
                }
            }
            try #require(result == 0)
            var one: Int32 = 1
            unsafe setsockopt(number, Int32(IPPROTO_TCP), 1, &one, 4)
        case .unix(let path):
            number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &address.sun_path) {
                unsafe $0.copyBytes(from: Array(path.utf8))
            }
            let result = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe Glibc.connect(number, $0, UInt32(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(result == 0)
        }
        var patience = timeval(tv_sec: 120, tv_usec: 0)
        unsafe setsockopt(
            number, SOL_SOCKET, SO_RCVTIMEO, &patience, UInt32(MemoryLayout<timeval>.size))
        unsafe setsockopt(
            number, SOL_SOCKET, SO_SNDTIMEO, &patience, UInt32(MemoryLayout<timeval>.size))
    }

    deinit {
        close(number)
    }

    @discardableResult
    func send(_ text: String) -> Bool {
        send(bytes: Array(text.utf8))
    }

    @discardableResult
    func send(bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes[sent...].withUnsafeBytes { bytes in
                unsafe Glibc.send(number, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    func line(_ text: String) { send(text + "\n") }

    /// Waits until the server's system has all that was sent.
    func delivered() {
        var unsent: Int32 = 1
        while unsafe ioctl(number, UInt(TIOCOUTQ), &unsent) == 0, unsent > 0 { sched_yield() }
    }

    func endSending() { shutdown(number, Int32(SHUT_WR)) }

    /// Closes with a reset.
    func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(number, SOL_SOCKET, SO_LINGER, &now, UInt32(MemoryLayout<linger>.size))
        shutdown(number, Int32(SHUT_RD))
        let null = unsafe open("/dev/null", O_RDONLY)
        // The number stays taken, so that deinit closes nothing of others.
        dup2(null, number)
        close(null)
    }

    /// What has come; nil at the end, or after two minutes.
    func receive() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = unsafe recv(number, &bytes, bytes.count, 0)
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    /// The next line; nil at the end, or after two minutes.
    func read() -> String? {
        while true {
            if let end = pending[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: pending[..<end], as: UTF8.self)
                pending.removeSubrange(...end)
                searched = 0
                return line
            }
            searched = pending.count
            guard let more = receive() else { return nil }
            pending += more
        }
    }

    /// All lines up to the end.
    func readAll() -> [String] {
        var lines: [String] = []
        while let line = read() { lines.append(line) }
        return lines
    }

    /// Sends a line and reads one.
    func ask(_ text: String) -> String? {
        line(text)
        return read()
    }
}

/// A request's line.
func request(_ id: Int, _ method: String, _ params: String? = nil) -> String {
    let params = params.map { ",\"params\":\($0)" } ?? ""
    return "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"\(method)\"\(params)}"
}

func ping(_ id: Int) -> String { request(id, "server.ping") }

func pong(_ id: Int) -> String { "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"result\":\"pong\"}" }

func create(_ id: Int, _ body: String) -> String {
    request(id, "posts.create", "{\"body\":\"\(body)\"}")
}

func get(_ id: Int) -> String { request(id, "posts.get", "{\"id\":\"\(Stub.id)\"}") }

func attach(_ id: Int, _ token: String) -> String {
    request(id, "auth.attach", "{\"access_token\":\"\(token)\"}")
}

extension String {
    /// The code of an error's line; 0 for a success.
    var code: Int {
        guard let start = range(of: "\"error\":{\"code\":") else { return 0 }
        return Int(self[start.upperBound...].prefix { $0 == "-" || $0.isNumber }) ?? 0
    }

    /// The id's text.
    var id: String {
        guard let start = range(of: "\"id\":") else { return "" }
        return String(self[start.upperBound...].prefix { $0 != "," && $0 != "}" })
    }
}

extension String {
    func range(of part: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(part) { return start..<index(start, offsetBy: part.count) }
            start = index(after: start)
        }
        return nil
    }
}

/// A folder of a test's own, which goes with it.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/muse-test-XXXXXX".utf8CString)
        let made = unsafe mkdtemp(&template)
        try #require(unsafe made != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        guard let folder = unsafe opendir(path) else { return }
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            _ = unsafe unlink(path + "/" + name)
        }
        unsafe closedir(folder)
        _ = unsafe rmdir(path)
    }
}
