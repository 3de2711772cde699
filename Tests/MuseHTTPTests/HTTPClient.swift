// A client that sends what a test says, byte for byte, and waits for what comes, two minutes at
// most.
import Glibc
import MuseHTTP
import MuseJSON
import MuseTLS
import Testing

/// What a server has answered.
struct HTTPAnswer {
    let status: Int
    let fields: [(name: String, value: String)]
    let body: [UInt8]

    /// A field's value; nil where it is not there or stands twice.
    subscript(name: String) -> String? {
        let found = fields.filter { $0.name.lowercased() == name.lowercased() }
        return found.count == 1 ? found[0].value : nil
    }

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSONValue { (try? JSONValue(body.span)) ?? .null }
    var code: Int? { json["code"]?.int }
    var reason: String? { json["data"]?["reason"]?.string }
}

final class HTTPClient {
    private let number: Int32
    private var pending: [UInt8] = []
    /// Goes with its last client.
    private let house: HTTPHouse
    private var tls: TLSStream?

    /// - Parameter roots: a file of certificates (PEM) to believe; over TLS where it is given.
    init(_ house: HTTPHouse, roots: String? = nil) throws {
        self.house = house
        number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = house.http.port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(number, $0, UInt32(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0)
        var patience = timeval(tv_sec: 120, tv_usec: 0)
        let size = UInt32(MemoryLayout<timeval>.size)
        unsafe setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        unsafe setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
        if let roots { try startTLS(roots) }
    }

    private func startTLS(_ roots: String) throws {
        let tls = try TLSStream(client: try TLSClientContext(rootsFile: roots), host: "127.0.0.1")
        self.tls = tls
        tls.start()
        while sendUnsent(), tls.state == .handshaking {
            guard receive() else { break }
        }
        if case .failed(let error) = tls.state { throw error }
        try #require(tls.state == .open)
    }

    deinit {
        close(number)
    }

    /// Sends a text; false where the connection is broken.
    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        guard let tls else { return sendAll(bytes) }
        _ = unsafe bytes.withUnsafeBytes { unsafe tls.write($0) }
        return sendUnsent()
    }

    private func sendUnsent() -> Bool {
        guard let tls else { return true }
        let bytes = unsafe tls.withUnsent { unsafe Array($0) }
        tls.advance(bytes.count)
        return sendAll(bytes)
    }

    private func sendAll(_ bytes: [UInt8]) -> Bool {
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

    func endSending() { shutdown(number, Int32(SHUT_WR)) }

    private func receive() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = unsafe recv(number, &bytes, bytes.count, 0)
        guard count > 0 else { return false }
        guard let tls else {
            pending += bytes[..<count]
            return true
        }
        var plain = [UInt8](repeating: 0, count: count + TLSStream.recordBytesMax)
        let clear = unsafe bytes[..<count].withUnsafeBytes { bytes in
            unsafe plain.withUnsafeMutableBytes { unsafe tls.receive(bytes, into: $0) }
        }
        pending += plain[..<clear]
        return clear > 0 || tls.state == .open || tls.state == .handshaking
    }

    /// Whether the server has closed the connection, and nothing more has come.
    func isClosed() -> Bool { pending.isEmpty && !receive() }

    /// The next answer; nil at the end, or after two minutes.
    func read(bodiless: Bool = false) -> HTTPAnswer? {
        let blank = Array("\r\n\r\n".utf8)
        var end: Int?
        while true {
            end = pending.indices.dropLast(3).first { pending[$0..<($0 + 4)] == blank[...] }
            if end != nil { break }
            guard receive() else { return nil }
        }
        guard let end else { return nil }
        let lines = String(decoding: pending[..<end], as: UTF8.self)
            .split(separator: "\r\n").map(String.init)
        pending.removeSubrange(..<(end + 4))
        let words = lines[0].split(separator: " ")
        let status = words.count > 1 ? Int(words[1]) ?? 0 : 0
        let fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            let value = parts.count > 1 ? parts[1].drop { $0 == " " } : ""
            return (name: String(parts[0]), value: String(value))
        }
        if status == 100 { return read(bodiless: bodiless) }
        let head = HTTPAnswer(status: status, fields: fields, body: [])
        let count = head["Content-Length"].flatMap(Int.init) ?? 0
        guard !bodiless, status != 304, status != 204 else { return head }
        while pending.count < count {
            guard receive() else { return nil }
        }
        let body = Array(pending[..<count])
        pending.removeSubrange(..<count)
        return HTTPAnswer(status: status, fields: fields, body: body)
    }

    /// A request's text.
    static func request(
        _ verb: String, _ path: String, body: String? = nil, _ fields: [String] = []
    ) -> String {
        var text = "\(verb) \(path) HTTP/1.1\r\nHost: test\r\n"
        for field in fields { text += field + "\r\n" }
        if let body {
            if !fields.contains(where: { $0.hasPrefix("Content-Type") }) {
                text += "Content-Type: application/json\r\n"
            }
            text += "Content-Length: \(body.utf8.count)\r\n"
        }
        return text + "\r\n" + (body ?? "")
    }

    /// Sends a request and waits for its answer.
    func ask(
        _ verb: String, _ path: String, body: String? = nil, _ fields: [String] = []
    ) -> HTTPAnswer? {
        send(Self.request(verb, path, body: body, fields))
        return read(bodiless: verb == "HEAD")
    }
}
