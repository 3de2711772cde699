// The client's test double: a transport to a small service in memory, so that an app's own tests
// need no server. What its tests want to see go wrong, they say.
public import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseRPC

/// The service in memory: accounts, sessions, posts, likes and comments that begin empty and live
/// as long as it does. A client over it has the same interface as over a server:
///
///     let service = ServiceDouble()
///     let client = MentalMuseClient(transport: service)
///     service.refuse("posts.create", with: .busy(retryAfterMs: 10), times: 2)
///
/// It keeps to the schema's params and to who may do what. It does not hash passwords, sign tokens,
/// limit rates or keep anything; `server.info`, `server.health`, `server.metrics`, `auth.jwks` and
/// `admin.*` are not there.
public final class ServiceDouble: Transport {
    /// What becomes of a call instead of its usual answer.
    enum Script {
        case refuse(ClientError)
        /// The connection is lost: before the call is run, or after it.
        case lose(afterRunning: Bool)
        case silence
    }

    struct State {
        var service = DoubleService()
        var scripts: [(method: String, script: Script)] = []
        var calls: [String] = []
        var streams: [Int: DoubleStream] = [:]
        var opened = 0
        var isUnreachable = false
    }

    let state = Lock(State())

    /// An empty service.
    public init() {}

    public func open(_ events: ConnectionEvents) -> any ByteStream {
        let (stream, isUnreachable) = state.withLock { state in
            state.opened += 1
            let stream = DoubleStream(self, events, state.opened)
            if !state.isUnreachable { state.streams[state.opened] = stream }
            return (stream, state.isUnreachable)
        }
        if isUnreachable { events.closed("The double cannot be reached.") } else { events.opened() }
        return stream
    }

    // MARK: What a test says

    /// The next calls of a method are refused. An error of the client's own side stands for
    /// its cause: `timedOut` for no answer, `connectionLost` for a lost connection.
    public func refuse(_ method: String, with error: ClientError, times: Int = 1) {
        let script: Script =
            switch error {
            case .timedOut: .silence
            case .connectionLost, .notConnected, .closed: .lose(afterRunning: false)
            default: .refuse(error)
            }
        state.withLock { state in
            state.scripts += Array(repeating: (method, script), count: max(0, times))
        }
    }

    /// The next call of a method is run, and its answer lost with the connection.
    public func loseAnswer(_ method: String) {
        state.withLock { $0.scripts.append((method, .lose(afterRunning: true))) }
    }

    /// All connections are lost now.
    public func loseConnections() {
        let streams = state.withLock { state in
            defer { state.streams = [:] }
            return Array(state.streams.values)
        }
        for stream in streams { stream.lose() }
    }

    /// Whether connections can be made. Those that stand are lost where they cannot.
    public func setReachable(_ isReachable: Bool) {
        state.withLock { $0.isUnreachable = !isReachable }
        if !isReachable { loseConnections() }
    }

    /// All access tokens expire now; refresh tokens hold.
    public func expireAccessTokens() {
        state.withLock { $0.service.expireAccessTokens() }
    }

    /// All sessions end now.
    public func endSessions() {
        state.withLock { $0.service.endSessions() }
    }

    /// Gives a user a role.
    public func setRole(of username: String, to role: Role) {
        state.withLock { $0.service.setRole(of: username, to: role) }
    }

    /// Says on all connections that the server will close them.
    public func announceDraining(reason: String = "shutdown") {
        var writer = JSONWriter()
        ServerDrainingNotification(reason: reason, closesInMs: 10_000).write(into: &writer)
        writer.raw("\n")
        let bytes = unsafe writer.withBytes { unsafe [UInt8]($0) }
        for stream in state.withLock({ Array($0.streams.values) }) { stream.say(bytes) }
    }

    /// The methods of all calls so far, the client's own `auth.attach` and `auth.refresh` too.
    public var calls: [String] { state.withLock { $0.calls } }

    // MARK: One line

    /// Runs the call on a line and appends its answer; false where the connection is lost instead.
    func run(_ line: [UInt8], _ stream: DoubleStream, into writer: inout JSONWriter) -> Bool {
        let bytes = line.span
        guard case .single(let envelope) = Line.parse(bytes, 0..<bytes.count, depthMax: 32),
            envelope.kind == .request, !envelope.isNotification
        else { return true }
        let id = envelope.ownedID(bytes)
        let name = envelope.method.string(bytes)
        var goesOn = true
        state.withLock { state in
            state.calls.append(name)
            let place = state.scripts.firstIndex { $0.method == name }
            let script = place.map { state.scripts.remove(at: $0).script }
            let mark = writer.count
            switch script {
            case .refuse(let error): writer.refuse(id, error.wire ?? .internal(incident: "double"))
            case .silence: return
            case .lose(afterRunning: false):
                goesOn = false
                return
            case .lose(afterRunning: true), nil:
                writer.beginAnswer(id)
                do throws(RPCError) {
                    let method = MethodID.lookup(bytes, envelope.method)
                    try state.service.run(
                        method, bytes, envelope.params, stream.number, into: &writer)
                    writer.endAnswer()
                } catch {
                    writer.truncate(to: mark)
                    writer.refuse(id, error)
                }
            }
            if script != nil, case .lose? = script { goesOn = false }
            writer.raw("\n")
        }
        return goesOn
    }

    func forget(_ number: Int) {
        state.withLock { state in
            state.streams[number] = nil
            state.service.forget(number)
        }
    }
}

/// A connection of the double. Calls are run on the thread that sends them, one at a time.
final class DoubleStream: ByteStream {
    private struct State {
        var isBusy = false
        var isWoken = false
        var isClosed = false
        var unsaid: [[UInt8]] = []
    }

    let number: Int
    private let service: ServiceDouble
    private let events: ConnectionEvents
    private let state = Lock(State())

    init(_ service: ServiceDouble, _ events: ConnectionEvents, _ number: Int) {
        self.service = service
        self.events = events
        self.number = number
    }

    func wake() {
        state.withLock { $0.isWoken = true }
        work()
    }

    func close() {
        state.withLock { $0.isClosed = true }
        service.forget(number)
    }

    /// Says something unasked.
    func say(_ bytes: [UInt8]) {
        state.withLock { $0.unsaid.append(bytes) }
        work()
    }

    /// The connection is lost.
    func lose() {
        let wasOpen = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        service.forget(number)
        if wasOpen { events.closed("The connection to the double was lost.") }
    }

    /// Does what there is to do, unless another thread does already, which then goes on.
    private func work() {
        while true {
            let unsaid = state.withLock { state -> [[UInt8]]? in
                guard !state.isBusy, !state.isClosed, state.isWoken || !state.unsaid.isEmpty else {
                    return nil
                }
                state.isBusy = true
                state.isWoken = false
                defer { state.unsaid = [] }
                return state.unsaid
            }
            guard let unsaid else { return }
            for bytes in unsaid { events.received(bytes.span) }
            answerAll()
            state.withLock { $0.isBusy = false }
        }
    }

    private func answerAll() {
        while true {
            let output = events.takeOutput()
            if output.isEmpty { return }
            var writer = JSONWriter()
            for line in output.split(separator: 10) {
                guard service.run(Array(line), self, into: &writer) else { return lose() }
            }
            let bytes = unsafe writer.withBytes { unsafe [UInt8]($0) }
            if !bytes.isEmpty { events.received(bytes.span) }
        }
    }
}
