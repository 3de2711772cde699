// Tests of the client: a server of a few lines on a real loopback socket, which says what a test
// wants.
internal import Foundation
internal import MentalMuseClient
internal import MuseBase
internal import MuseJSON
internal import MuseTLS

/// A line that came from the client.
struct Request: Sendable {
    /// Which connection it came over; the first is 1.
    let connection: Int
    let text: String
    let value: JSONValue

    var method: String { value["method"]?.string ?? "" }
    var id: Int { value["id"]?.int ?? -1 }
    var params: JSONValue { value["params"] ?? .null }
    var key: String? { params["_meta"]?["idempotency_key"]?.string }

    /// The answer with that result.
    func result(_ json: String) -> String {
        "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"result\":\(json)}\n"
    }

    /// The refusal with that code.
    func error(_ code: Int, _ data: String = "{}") -> String {
        "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"error\":{\"code\":\(code),\"message\":\"No.\",\"data\":\(data)}}\n"
    }
}

/// What the server does with a line.
enum Reply: Sendable {
    case nothing
    case send(String)
    /// After the text the connection is closed.
    case sendAndClose(String)
}

/// A server of a few lines.
final class FakeServer: Sendable {
    private struct State {
        var connections: [Int: Int32] = [:]
        var count = 0
        var isStopped = false
        var requests: [Request] = []
        var listeners: [AsyncStream<Void>.Continuation] = []
    }

    let port: UInt16
    private let listener: Int32
    private let reply: @Sendable (Request) -> Reply
    private let tls: TLSServerContext?
    private let greeting: @Sendable (Int) -> Reply
    private let state = Lock(State())

    var address: String { "tcp://127.0.0.1:\(port)" }

    /// `port`: 0 for a free one. `tls`: to speak TLS.
    init(
        at place: Place? = nil, tls: TLSServerContext? = nil,
        greeting: @escaping @Sendable (Int) -> Reply = { _ in .nothing },
        _ reply: @escaping @Sendable (Request) -> Reply
    ) throws {
        self.reply = reply
        self.greeting = greeting
        self.tls = tls
        let place = try place ?? Place()
        (listener, port) = (dup(place.number), place.port)
        guard Glibc.listen(listener, 64) == 0 else {
            throw POSIXError(.init(rawValue: errno) ?? .EADDRINUSE)
        }
        Thread.start { self.accept() }
    }

    deinit { Glibc.close(listener) }

    private func accept() {
        while true {
            let connection = Glibc.accept(listener, nil, nil)
            guard connection >= 0 else { return }
            let number = state.withLock { state -> Int? in
                guard !state.isStopped else { return nil }
                state.count += 1
                state.connections[state.count] = connection
                return state.count
            }
            guard let number else {
                Glibc.close(connection)
                return
            }
            Thread.start { self.serve(connection, number) }
        }
    }

    private func serve(_ connection: Int32, _ number: Int) {
        var input: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let coder = tls.flatMap { try? TLSStream(server: $0) }
        var goesOn = coder == nil ? act(greeting(number), connection, nil) : true
        while goesOn {
            let count = unsafe recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { break }
            if let coder {
                var plain = [UInt8](repeating: 0, count: count + TLSStream.recordBytesMax)
                let got = unsafe chunk.withUnsafeBytes { chunk in
                    unsafe plain.withUnsafeMutableBytes { plain in
                        unsafe coder.receive(.init(rebasing: chunk[..<count]), into: plain)
                    }
                }
                input.append(contentsOf: plain[..<got])
                flush(coder, connection)
                if case .failed = coder.state { break }
            } else {
                input.append(contentsOf: chunk[..<count])
            }
            while goesOn, let feed = input.firstIndex(of: 10) {
                let text = String(decoding: input[..<feed], as: UTF8.self)
                input.removeSubrange(...feed)
                guard let value = try? JSONValue(text) else { continue }
                let request = Request(connection: number, text: text, value: value)
                note(request)
                goesOn = act(reply(request), connection, coder)
            }
        }
        let listeners = state.withLock { state in
            state.connections[number] = nil
            return state.listeners
        }
        Glibc.close(connection)
        for listener in listeners { listener.yield() }
    }

    private func act(_ reply: Reply, _ connection: Int32, _ coder: TLSStream?) -> Bool {
        switch reply {
        case .nothing: return true
        case .send(let text):
            say(text, connection, coder)
            return true
        case .sendAndClose(let text):
            say(text, connection, coder)
            return false
        }
    }

    private func say(_ text: String, _ connection: Int32, _ coder: TLSStream?) {
        guard let coder else { return write(Array(text.utf8), connection) }
        let bytes = Array(text.utf8)
        var taken = 0
        while taken < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe coder.write(.init(rebasing: $0[taken...]))
            }
            if count == 0 { break }
            taken += count
        }
        flush(coder, connection)
    }

    private func flush(_ coder: TLSStream, _ connection: Int32) {
        let bytes = unsafe coder.withUnsent { unsafe Array($0) }
        coder.advance(bytes.count)
        write(bytes, connection)
    }

    private func write(_ bytes: [UInt8], _ connection: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    // MARK: What a test asks

    private func note(_ request: Request) {
        let listeners = state.withLock { state in
            state.requests.append(request)
            return state.listeners
        }
        for listener in listeners { listener.yield() }
    }

    /// All lines so far.
    var requests: [Request] { state.withLock { $0.requests } }

    func requests(of method: String) -> [Request] { requests.filter { $0.method == method } }

    /// Waits until so many lines have come.
    func received(_ count: Int) async { await until { $0.requests.count >= count } }

    /// Waits until all connections have ended.
    func emptied() async { await until { $0.connections.isEmpty } }

    private func until(_ holds: (State) -> Bool) async {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let isThere = state.withLock { state in
            state.listeners.append(continuation)
            return holds(state)
        }
        if isThere { return }
        for await _ in stream where state.withLock({ holds($0) }) { return }
    }

    /// Sends text over all connections, unasked.
    func say(_ text: String) {
        for connection in state.withLock({ Array($0.connections.values) }) {
            write(Array(text.utf8), connection)
        }
    }

    /// Ends all connections, and takes no more if it `stops`.
    func hangUp(stops: Bool = false) {
        let open = state.withLock { state in
            if stops { state.isStopped = true }
            return Array(state.connections.values)
        }
        for connection in open { shutdown(connection, Int32(SHUT_RDWR)) }
        if stops { shutdown(listener, Int32(SHUT_RDWR)) }
    }
}

extension FakeServer {
    /// A port of loopback that nobody else can have, and at which nobody listens before a server
    /// does.
    final class Place {
        let number: Int32
        let port: UInt16

        init() throws {
            number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let number = number
            let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    guard unsafe bind(number, address, size) == 0 else { return Int32(-1) }
                    return unsafe getsockname(number, address, &size)
                }
            }
            port = UInt16(bigEndian: address.sin_port)
            guard status == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EADDRINUSE) }
        }

        deinit { Glibc.close(number) }
    }
}
