// The server room: one connection. Bytes come in, become lines, calls and answers, and go out; each
// step is a file of its own: +Input, +Calls, +Output, +Closing. Owned by one worker and touched on
// its thread alone.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseNet
internal import MuseRPC
internal import MuseTLS

/// A client's connection.
final class ServerConnection {
    enum Phase {
        /// TLS is being agreed on.
        case handshaking
        case open
        /// No more is read or begun; what was begun is answered, then comes the farewell.
        case closing
        /// All is said: what still comes is thrown away for a moment, so that no reset destroys the
        /// answer.
        case swallowing
        case closed
    }

    /// Why the lines that have come are not being taken.
    enum Stop {
        /// There is no whole line.
        case needMore
        /// Its turn is over; it goes on in the next pass.
        case budget
        /// Too much is in flight or unread.
        case blocked
        case closing
    }

    /// Its owner; the circle is broken when it closes.
    let worker: WorkerCore
    let token: UInt64
    private(set) var entry: ConnectionEntry
    private(set) var peer: Peer
    var socket: Socket
    var tls: TLSStream?
    var phase = Phase.open

    // Input.
    var input: [UInt8] = []
    var inputStart = 0
    var framer: LineFramer
    var stop = Stop.needMore
    /// Whether its last turn cost more than others are to wait for, as a handshake does.
    var isCostly = false
    /// Whether it is to read in a turn that it is carried for.
    var readsLater = false
    /// The other side has ended its sending; what it sent is still run.
    var inputEnded = false
    var isFirstLine = true
    /// Whether a trusted proxy may still name the caller before the first line.
    private(set) var awaitsProxyHeader: Bool
    var hasShownExample = false
    var unparsableLines = 0
    var receivedAt: UInt64

    // Calls.
    var gate = OrderGate()
    /// All that have not been answered, in the order in which they came.
    var calls: [PendingCall] = []
    /// Those that the order holds back.
    let waiting = Queue<PendingCall>()
    /// Those that may begin when it is this connection's turn, and there is room for an answer.
    private let beginning = Queue<PendingCall>()
    /// Whether it stands among the worker's connections with such calls.
    private var isReady = false
    var callBytes = 0
    var requests = 0
    var rate = RequestRate()

    // Output.
    var output: OutputBuffer?
    var isDirty = false
    var farewell: [UInt8]?
    /// Why it is refused as soon as its handshake is done.
    var refusalOnceOpen: RPCError?

    // The loop.
    var interest: Readiness = .readable
    var isWatched = true
    var readingStopped = false
    var accounted = 0

    // Moments, of the loop's clock; 0 where nothing runs.
    var activeAt: UInt64
    var lineBegunAt: UInt64 = 0
    var stalledSince: UInt64 = 0
    var closesAt: UInt64 = 0
    var timerDue = UInt64.max
    var swallowed = 0

    init(
        worker: WorkerCore, token: UInt64, entry: ConnectionEntry, socket: consuming Socket,
        now: UInt64
    ) {
        self.worker = worker
        self.token = token
        self.entry = entry
        self.socket = socket
        let isProxy = worker.shared.isTrustedProxy(entry.address)
        awaitsProxyHeader = isProxy && entry.transport == .tcp
        peer = Peer(
            id: entry.id, transport: entry.transport, address: entry.address,
            isTrustedProxy: isProxy)
        framer = LineFramer(bytesMax: worker.limits.lineBytesMax)
        receivedAt = now
        activeAt = now
    }

    /// Bytes that the client has not taken yet.
    var unread: Int { (output?.unsent ?? 0) + (tls?.unsent ?? 0) }

    /// Whether another request may be begun: its output is counted before the next answer is.
    var mayBegin: Bool { phase != .closed && unread <= worker.limits.outputBytesMax }

    /// Whether another line may be taken.
    var mayTake: Bool {
        mayBegin && calls.count < worker.limits.inFlightMax
            && callBytes <= worker.limits.lineBytesMax
    }

    // MARK: Calls that may begin

    /// The call may begin at this connection's turn.
    func makeReady(_ call: PendingCall) {
        call.state = .ready
        beginning.append(call)
        standInLine()
    }

    /// Stands among the worker's ready connections where it has a call and room for its answer.
    func standInLine() {
        guard !isReady, !beginning.isEmpty, mayBegin else { return }
        isReady = true
        worker.ready.append(self)
    }

    /// The next call that begins; nil where there is none, or no room for its answer. Where there
    /// are more, it stands in line again.
    func nextReady() -> PendingCall? {
        isReady = false
        guard mayBegin else { return nil }
        while let call = beginning.popFirst() {
            // One that was taken back is over.
            guard call.state == .ready else { continue }
            standInLine()
            return call
        }
        return nil
    }

    /// What may begin never will.
    func dropReady() {
        beginning.removeAll()
    }

    // MARK: What the loop says

    func ready(_ readiness: Readiness) {
        if readiness.isReadable {
            if isCostly { readLater() } else { readable() }
        } else if readiness.isFailed {
            failed()
        }
        if readiness.isWritable, phase != .closed { markDirty() }
    }

    /// It is broken, or ended on both sides, and there is nothing to be read or reading has
    /// stopped.
    private func failed() {
        if socket.pendingError() != nil { return reset() }
        if interest.isWritable { return markDirty() }
        // Ended on both sides, while we do not read: not to be told again until we do.
        worker.loop.unwatch(socket.number)
        isWatched = false
    }

    /// Watches for what is of use now.
    func updateInterest() {
        guard phase != .closed else { return }
        var wanted: Readiness = []
        if !readingStopped { wanted.insert(.readable) }
        if stalledSince != 0 { wanted.insert(.writable) }
        if !isWatched {
            guard !wanted.isEmpty else { return }
            isWatched = true
            interest = wanted
            do throws(NetError) {
                try worker.loop.watch(socket.number, wanted, token: token)
            } catch {
                close()
            }
        } else if wanted != interest {
            interest = wanted
            worker.loop.rewatch(socket.number, wanted, token: token)
        }
    }

    func stopReading() {
        readingStopped = true
        updateInterest()
    }

    func resumeReading() {
        guard readingStopped, phase != .closed else { return }
        readingStopped = false
        updateInterest()
    }

    // MARK: Proxies

    /// Takes what a trusted proxy says of the caller off the input; false while it is not all
    /// there.
    func takeProxyHeader() -> Bool {
        switch ProxyHeader.read(input.span) {
        case .needMore: return false
        case .none: break
        case .malformed:
            refuseAndClose(.parseError(offset: 0, reason: "proxy_header"))
        case .header(let bytes, let source):
            input.removeSubrange(0..<bytes)
            if let source { rename(source) }
        }
        awaitsProxyHeader = false
        return true
    }

    /// The caller is somebody else than the proxy, whose further word is not the proxy's.
    private func rename(_ source: NetworkAddress) {
        switch worker.shared.registry.rename(entry, to: source) {
        case .refused(let limit): refuseAndClose(.tooManyConnections(limit: limit))
        case .entry(let renamed):
            entry = renamed
            peer = Peer(
                id: entry.id, transport: entry.transport, address: source,
                isTrustedProxy: worker.shared.isTrustedProxy(source))
        }
    }

    // MARK: Accounts

    /// Says what it holds, to its worker and to whoever asks.
    func account() {
        let holds = input.count + unread + callBytes
        if holds != accounted {
            worker.noteBuffered(holds - accounted)
            accounted = holds
        }
        entry.publish(requests: requests, inFlight: calls.count, output: unread)
    }
}
