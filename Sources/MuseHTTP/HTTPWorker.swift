// The HTTP room: what one worker has of it: a listener, a daemon, the exchanges. It lives on the
// worker's loop as its guest; everything here happens on that thread.
internal import CMicroHTTP
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseNet
internal import MuseRPC
internal import MuseServer
internal import MuseService

/// The HTTP side of a worker.
final class HTTPWorker {
    /// The places of descriptors and timers.
    enum Place {
        static let daemon = 0
        static let listener = 1
        static let sweep = 2
        static let lingering = 16
    }

    let seat: WorkerSeat
    let configuration: HTTPConfiguration
    private var listener: Listener?
    private var isListening = false
    private let certificates: CertificateBox
    /// Takes new connections; those of an older certificate are with older ones.
    private var daemon: Daemon?
    private var older: [Daemon] = []
    private var generation: Int
    private(set) var exchanges: [UInt64: Exchange] = [:]
    /// Who is being let in just now.
    private var arriving: (entry: ConnectionEntry, descriptor: Int32)?
    private var answers: [Answer] = []
    /// How long bodies were that were sent, by their tags.
    var lengths = KnownLengths()
    /// Made when it is first asked for.
    lazy var compressor = Compressor()
    /// Whether the daemon has to look again in this pass.
    private var isDue = false
    /// Whose requests have been read, and whose calls are to run.
    private var starting: [Exchange] = []
    private var isSweeping = false
    private var lingering: [Int: Lingering] = [:]
    private var nextPlace = Place.lingering

    init(
        _ seat: WorkerSeat, _ configuration: HTTPConfiguration, _ certificates: CertificateBox,
        _ listener: Listener?
    ) {
        self.seat = seat
        self.configuration = configuration
        self.certificates = certificates
        self.listener = listener
        let (certificate, generation) = certificates.current
        self.generation = generation
        daemon = makeDaemon(certificate)
        listen()
    }

    private func makeDaemon(_ certificate: HTTPCertificate?) -> Daemon? {
        guard let daemon = Daemon(owner: self, certificate: certificate) else {
            seat.control.log("http_failed", [("worker", String(seat.index))])
            return nil
        }
        do throws(NetError) {
            try seat.watch(daemon.descriptor, .readable, place: Place.daemon)
            return daemon
        } catch {
            return nil
        }
    }

    /// New connections get the newest certificate.
    private func renewDaemon() {
        let (certificate, generation) = certificates.current
        guard generation != self.generation else { return }
        self.generation = generation
        guard let newer = makeDaemon(certificate) else { return }
        if let daemon { older.append(daemon) }
        daemon = newer
    }

    // MARK: Listening

    private func listen() {
        guard let listener, daemon != nil, !isListening else { return }
        do throws(NetError) {
            try seat.watch(
                listener.number, .readable, place: Place.listener, isShared: listener.isShared)
            isListening = true
        } catch {
            seat.callAt(seat.loop.now + 100_000_000, place: Place.listener)
        }
    }

    private func accept() {
        guard let listener else { return }
        for _ in 0..<HTTPLimits.acceptsMax {
            switch listener.accept() {
            case .connection(let socket, let address): open(socket, address)
            case .beyondDescriptors(let socket, _):
                seat.noteRefused()
                refuse(socket)
                listener.takeSpare()
            case .none: return
            case .exhausted:
                seat.unwatch(listener.number)
                isListening = false
                return seat.callAt(seat.loop.now + 100_000_000, place: Place.listener)
            }
        }
    }

    private func open(_ socket: consuming Socket, _ address: NetworkAddress) {
        renewDaemon()
        guard let daemon else { return }
        switch seat.admit(address, isSecure: configuration.isSecure) {
        case .refused: refuse(socket)
        case .admitted(let entry):
            socket.sendAtOnce()
            arriving = (entry, socket.number)
            if !daemon.add(socket) || arriving != nil {
                arriving = nil
                if exchanges[entry.id] == nil { seat.leave(entry) }
            }
            isDue = true
        }
    }

    /// One connection too many hears so, where it can be told without TLS.
    private func refuse(_ socket: consuming Socket) {
        if !configuration.isSecure {
            let error = RPCError.tooManyConnections(limit: seat.limits.connectionsMax)
            let text = HandMade.answer(error, status: 429)
            _ = socket.write(text.utf8.span)
            socket.endSending()
        }
        _ = consume socket
    }

    // MARK: What the daemon says

    /// A connection begins: its exchange.
    func opened(_ connection: OpaquePointer) -> Exchange? {
        guard let (entry, descriptor) = arriving else { return nil }
        arriving = nil
        let exchange = unsafe Exchange(
            self, connection, entry, descriptor: descriptor, daemon: daemon, now: seat.loop.now)
        exchanges[entry.id] = exchange
        daemon?.count += 1
        startSweeping()
        return exchange
    }

    func closed(_ exchange: Exchange) {
        exchanges[exchange.entry.id] = nil
        exchange.daemon?.count -= 1
        exchange.leave()
        seat.leave(exchange.entry)
    }

    /// The daemon has something to do that no descriptor tells.
    func wake() {
        isDue = true
    }

    /// A request was read whole: its call runs once all that has come is read.
    func start(_ exchange: Exchange) {
        starting.append(exchange)
    }

    private func runDaemons() {
        daemon?.run()
        for daemon in older { daemon.run() }
    }

    /// Runs calls. The library takes their answers here too, outside its callbacks, and sends them
    /// when it runs next: together, so that a reader of many wakes up once. Here it is told of
    /// those that wait for a lane. Told in the middle of reading, it would go on there before it
    /// answers, and where the client sends no more it would take that for a client that is gone.
    private func runCalls() {
        let count = min(starting.count, HTTPLimits.callsMax)
        let calls = starting[..<count].filter(\.isRunning)
        starting.removeFirst(count)
        seat.run(calls)
        for exchange in calls { exchange.suspend() }
    }

    // MARK: Answers at rest

    func takeAnswer() -> Answer {
        answers.popLast() ?? Answer(self)
    }

    func giveBack(_ answer: Answer) {
        seat.noteBuffered(-answer.body.count)
        guard answers.count < HTTPLimits.idleAnswersMax else { return }
        answer.reset()
        answers.append(answer)
    }

    // MARK: Lingering

    /// Throws away what still comes on a connection that has had its last answer, for a moment.
    func linger(_ socket: consuming Socket) {
        guard lingering.count < 256 else { return }
        let place = nextPlace
        nextPlace = nextPlace == Int(UInt32.max) ? Place.lingering : nextPlace + 1
        socket.endSending()
        let kept = Lingering(socket)
        do throws(NetError) {
            try seat.watch(kept.number, .readable, place: place)
            lingering[place] = kept
            seat.callAt(seat.loop.now + 1_000_000_000, place: place)
        } catch {
            return
        }
    }

    private func endLingering(_ place: Int) {
        guard let socket = lingering.removeValue(forKey: place) else { return }
        seat.unwatch(socket.number)
        seat.forgetCall(place: place)
    }

    // MARK: Time

    private func startSweeping() {
        guard !isSweeping else { return }
        isSweeping = true
        seat.callAt(seat.loop.now + 1_000_000_000, place: Place.sweep)
    }

    private func sweep() {
        isSweeping = false
        for exchange in exchanges.values { exchange.look(now: seat.loop.now) }
        isDue = true
        for daemon in older where daemon.count == 0 { seat.unwatch(daemon.descriptor) }
        older.removeAll { $0.count == 0 }
        if !exchanges.isEmpty { startSweeping() }
    }
}

// MARK: - The worker's guest

extension HTTPWorker: WorkerGuest {
    func descriptorReady(_ place: Int, _ readiness: Readiness) {
        switch place {
        case Place.daemon: isDue = true
        case Place.listener: accept()
        default: if let socket = lingering[place], !socket.swallow() { endLingering(place) }
        }
    }

    func timerFired(_ place: Int) {
        switch place {
        case Place.listener:
            listener?.takeSpare()
            listen()
        case Place.sweep: sweep()
        default: endLingering(place)
        }
    }

    func passEnding() -> Bool {
        guard isDue else { return false }
        isDue = false
        runDaemons()
        if !starting.isEmpty {
            runCalls()
            // The library sends an answer in one run, and lets go of it in the next.
            runDaemons()
            runDaemons()
        }
        if !starting.isEmpty || daemon?.isDue ?? false || older.contains(where: \.isDue) {
            isDue = true
        }
        return isDue
    }

    func beginDraining() {
        accept()
        if let listener, isListening { seat.unwatch(listener.number) }
        listener = nil
        for exchange in exchanges.values where exchange.isIdle { exchange.shut() }
        isDue = true
    }

    var isDrained: Bool { exchanges.isEmpty }

    func close() {
        for exchange in exchanges.values { exchange.shut() }
        isDue = true
    }

    func disconnect(_ id: UInt64) {
        exchanges[id]?.shut()
    }
}
