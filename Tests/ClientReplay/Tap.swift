// The Swift client's replayer: what sits between a client and its own transport. The client's calls
// pass through; bytes that no client would send go beside them; every line that comes is kept.
internal import Dispatch
internal import MentalMuseClient
internal import MuseBase
internal import MuseJSON
internal import Transcripts

/// One connection of the client's built-in transport, shared by a client and the replayer.
final class Tap: Transport, ByteStream, ConnectionOwner {
    private struct State {
        var stream: SocketStream?
        /// The client's side; nil until it makes its first call.
        var client: ConnectionEvents?
        var isOpen = false
        /// Why the connection has ended; nil while it stands.
        var end: String?
        /// Bytes to be sent beside the client's own.
        var raw: [UInt8] = []
        /// Whether all that was handed over has been sent.
        var isIdle = true
        /// A line that has begun and not ended.
        var rest: [UInt8] = []
        var lines: [[UInt8]] = []
        /// The ids of the client's calls, in the order in which they were sent.
        var ids: [JSONValue] = []
    }

    /// What the built-in transport says of a clean end.
    private static let cleanEnd = "The server has closed the connection."

    private let state = Lock(State())
    private let changed = DispatchSemaphore(value: 0)

    init(_ place: Place) throws {
        var configuration = ClientConfiguration()
        let endpoint: Endpoint
        switch place {
        case .tcp(let port): endpoint = .tcp(host: "127.0.0.1", port: port)
        case .unix(let path): endpoint = .unix(path: path)
        case .tls(let port, let roots):
            endpoint = .tls(host: "localhost", port: port)
            configuration.certificateFile = roots
        }
        let transport = try SocketTransport(endpoint, configuration)
        let stream = transport.open(ConnectionEvents(owner: self, epoch: 1)) as? SocketStream
        state.withLock { $0.stream = stream }
        try wait("no connection was made") { $0.isOpen || $0.end != nil }
        if let end = state.withLock({ $0.isOpen ? nil : $0.end }) { throw Differs(end) }
    }

    // MARK: The replayer's side

    /// Waits until `holds`, no longer than an answer may take.
    private func wait(_ what: String, until holds: (borrowing State) -> Bool) throws {
        while !state.withLock({ holds($0) }) {
            let patience = DispatchTime.now() + .milliseconds(Int(Wire.patience))
            guard changed.wait(timeout: patience) == .success else {
                throw Differs("\(what) within \(Wire.patience) ms")
            }
        }
    }

    /// Sends bytes as they are, and waits until the system has them.
    func send(_ bytes: [UInt8]) throws {
        let stream = state.withLock { state in
            state.raw += bytes
            state.isIdle = false
            return state.stream
        }
        stream?.wake()
        try wait("the server takes no input") { $0.isIdle || $0.end != nil }
    }

    /// The next line; nil at a clean end.
    func line() throws -> [UInt8]? {
        try wait("nothing came") { !$0.lines.isEmpty || $0.end != nil }
        return try state.withLock { state throws -> [UInt8]? in
            if !state.lines.isEmpty { return state.lines.removeFirst() }
            guard state.end == Self.cleanEnd else { throw Differs(state.end ?? "") }
            guard state.rest.isEmpty else { throw Differs("half a line at the end") }
            return nil
        }
    }

    func halfClose() { state.withLock { $0.stream }?.endOutput() }

    func close(resetting: Bool) throws {
        let stream = state.withLock { $0.stream }
        if resetting { stream?.reset() } else { stream?.close() }
        // The socket is closed when its thread says so.
        try wait("the connection does not close") { $0.end != nil }
    }

    /// How many calls the client has sent.
    var callCount: Int { state.withLock { $0.ids.count } }

    /// The id of a call that the client sends, once it has; nil where `isOver` says that it will
    /// not.
    func id(after count: Int, unless isOver: () -> Bool) throws -> JSONValue? {
        try wait("the client sends nothing") { $0.ids.count > count || isOver() }
        return state.withLock { $0.ids.count > count ? $0.ids[count] : nil }
    }

    /// Something that somebody waits for may have happened.
    func signal() { changed.signal() }

    /// Waits until `holds`.
    func wait(_ what: String, until holds: () -> Bool) throws {
        try wait(what) { (_: borrowing State) in holds() }
    }

    // MARK: The client's side

    func open(_ events: ConnectionEvents) -> any ByteStream {
        let (isFirst, end) = state.withLock { state in
            defer { state.client = state.client ?? events }
            return (state.client == nil, state.end)
        }
        if !isFirst || end != nil {
            events.closed(end ?? "There is one connection only.")
        } else {
            events.opened()
        }
        return self
    }

    func wake() { state.withLock { $0.stream }?.wake() }

    /// The client has had enough of it.
    func close() { state.withLock { $0.stream }?.close() }

    // MARK: The transport's side

    func opened(_ epoch: UInt64) {
        state.withLock { $0.isOpen = true }
        signal()
    }

    func hasOutput(_ epoch: UInt64) -> Bool {
        let (client, hasRaw) = state.withLock { ($0.client, !$0.raw.isEmpty) }
        return hasRaw || client?.hasOutput ?? false
    }

    func takeOutput(_ epoch: UInt64) -> [UInt8] {
        let client = state.withLock { $0.client }
        var bytes = client?.takeOutput() ?? []
        let ids = bytes.split(separator: UInt8(ascii: "\n")).compactMap {
            (try? JSONValue(Array($0).span))?["id"]
        }
        state.withLock { state in
            state.ids += ids
            bytes += state.raw
            state.raw = []
            state.isIdle = bytes.isEmpty
        }
        signal()
        return bytes
    }

    func received(_ epoch: UInt64, _ bytes: Span<UInt8>) {
        let (client, whole) = state.withLock { state -> (ConnectionEvents?, [[UInt8]]) in
            unsafe bytes.withUnsafeBufferPointer { unsafe state.rest.append(contentsOf: $0) }
            var whole: [[UInt8]] = []
            var start = 0
            while let end = state.rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                whole.append(Array(state.rest[start..<end]))
                start = end + 1
            }
            state.rest.removeFirst(start)
            return (state.client, whole)
        }
        // The client first: it has its answer before anybody compares the two. Batches and the ids
        // of others are none that a client of its kind would get.
        for line in whole where Self.isForClient(line) {
            client?.received((line + [UInt8(ascii: "\n")]).span)
        }
        state.withLock { $0.lines += whole }
        signal()
    }

    private static func isForClient(_ line: [UInt8]) -> Bool {
        guard let value = try? JSONValue(line.span), value.members != nil else { return false }
        guard let id = value["id"] else { return true }
        return id.isNull || id.int != nil
    }

    func closed(_ epoch: UInt64, _ why: String) {
        let client = state.withLock { state in
            state.end = why
            return state.client
        }
        client?.closed(why)
        signal()
    }
}
