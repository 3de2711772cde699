// The server room: what one worker owns: its connections, listeners, handlers and buffers.
// Everything here happens on the worker's thread, so there are no locks on a request's way.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseNet
internal import MuseRPC
internal import MuseService
internal import MuseTLS

/// The state of a worker, and what its loop calls.
@safe
final class WorkerCore {
    unowned let worker: Worker
    let index: Int
    let shared: ServerShared
    let limits: Limits
    let clock: MonotonicClock
    let loop: EventLoop
    let metrics: WorkerMetrics
    let host: any ServiceHost
    let handlers: Handlers
    let bareCalls = BareCall.all()
    let hasConformanceMethods: Bool
    let scratch = Scratch(capacity: Turn.readBytes)
    let ciphertext = Scratch(capacity: Turn.readBytes - TLSStream.recordBytesMax)

    // Connections by their place; a place's generation tells an old token from a new one.
    var connections: [ServerConnection?] = []
    private var generations: [UInt32] = []
    private var free: [Int] = []
    var open = 0
    /// Connections that were refused and only hear why.
    var lingering = 0
    var listeners: [(listener: Listener, transport: Transport, isWatched: Bool)] = []

    // This pass.
    var dirty: [ServerConnection] = []
    private let carried = Queue<ServerConnection>()
    private var hasCarried = false
    /// Connections that have calls which may begin, each of them once: they take turns.
    let ready = Queue<ServerConnection>()
    private var passIsOver = false
    private var sinceClock = 0
    private(set) var logMode = RequestLogMode.off
    private(set) var isDraining = false
    /// Whether calls without params may take the short way.
    private(set) var takesBareCalls = false

    // Turns.
    private var turnBegan: UInt64 = 0
    private var turnMethod = 0
    private var turnArrival: UInt64 = 0
    private var turnCount = 0

    // Lanes and buffers at rest.
    var idleLanes: [UnsafeContinuation<Void, Never>] = unsafe []
    private var idleBuffers: [OutputBuffer] = []
    private var idleBufferBytes = 0
    private var idleAnswers: [OutputBuffer] = []

    // Bounds over all connections.
    private(set) var isReadingPaused = false
    private var paused: [ServerConnection] = []
    private var buffered = 0

    /// Who else lives on this loop, and what he wants to have run.
    var guest: (any WorkerGuest)?
    var guestCalls = Queue<any GuestCall>()
    var idleGuestLanes: [UnsafeContinuation<Void, Never>] = unsafe []

    // Shutdown.
    var drained: [CheckedContinuation<Void, Never>] = []
    var drainEnds: UInt64 = 0
    private(set) var isOver = false

    init(worker: Worker, index: Int, shared: ServerShared, host: any ServiceHost) {
        self.worker = worker
        self.index = index
        self.shared = shared
        self.host = host
        limits = shared.limits
        clock = shared.clock
        loop = worker.loop
        metrics = shared.metrics[index]
        handlers = Handlers(methods: host.methods)
        hasConformanceMethods = shared.configuration.conformanceMethods
    }

    // MARK: Places

    /// A place for a connection, and the token that names it.
    func takePlace() -> UInt64 {
        let place: Int
        if let last = free.popLast() {
            place = last
        } else {
            place = connections.count
            connections.append(nil)
            generations.append(0)
        }
        return Token.connection(place: place, generation: generations[place])
    }

    func giveBackPlace(_ token: UInt64) {
        let place = Token.place(token)
        connections[place] = nil
        generations[place] = (generations[place] + 1) & Token.generationMax
        free.append(place)
    }

    func connection(_ token: UInt64) -> ServerConnection? {
        let place = Token.place(token)
        guard place < connections.count, generations[place] == Token.generation(token) else {
            return nil
        }
        return connections[place]
    }

    // MARK: Turns

    /// Whether the connection that is being read has had its time. Asked now and then in a turn;
    /// the first time starts the clock.
    func turnIsOver() -> Bool {
        let now = clock.nanoseconds()
        if turnBegan == 0 { turnBegan = now }
        return now > turnBegan + Turn.nanosecondsMax
    }

    /// Another connection has its turn.
    func beginTurn() {
        turnBegan = 0
    }

    /// Counts a call that was answered at once; it leaves when the pass ends, and so does its time.
    func noteInTurn(_ method: MethodID, since arrival: UInt64) {
        let index = Int(method.rawValue)
        if turnCount > 0, index != turnMethod || arrival != turnArrival { noteTurns() }
        turnMethod = index
        turnArrival = arrival
        turnCount += 1
    }

    private func noteTurns() {
        let now = clock.nanoseconds()
        metrics.note(
            turnMethod, count: turnCount, nanoseconds: now > turnArrival ? now - turnArrival : 0)
        turnCount = 0
    }

    /// Counts one call.
    func note(_ method: Int, since arrival: UInt64) {
        let now = clock.nanoseconds()
        metrics.note(method, count: 1, nanoseconds: now > arrival ? now - arrival : 0)
    }

    /// Gives those that are carried a turn, for so long as one pass has for them.
    private func takeCarriedTurns() {
        var left = carried.count
        while left > 0, let connection = carried.popFirst() {
            connection.nextTurn()
            left -= 1
            if clock.nanoseconds() > loop.now + Turn.carriedNanosecondsMax { return }
        }
    }

    /// The connection has a turn after those that have just become ready: it goes on in the next
    /// pass, or its turns are costly.
    func carry(_ connection: ServerConnection) {
        carried.append(connection)
    }

    // MARK: Lanes

    /// The next call that may begin; nil where there is none, or where the pass has taken its time.
    func nextReady() -> PendingCall? {
        sinceClock += 1
        if sinceClock & 7 == 0, clock.nanoseconds() > loop.now + Turn.passNanosecondsMax {
            passIsOver = true
        }
        guard !passIsOver else { return nil }
        while let connection = ready.popFirst() {
            if let call = connection.nextReady() { return call }
        }
        return nil
    }

    /// Nothing more will be ready: the lanes at rest come to their end.
    func endLanes() {
        isOver = true
        let lanes = unsafe idleLanes
        unsafe idleLanes = []
        unsafe lanes.forEach { unsafe $0.resume() }
        let others = unsafe idleGuestLanes
        unsafe idleGuestLanes = []
        unsafe others.forEach { unsafe $0.resume() }
        // The two hold each other.
        guest = nil
    }

    // MARK: Buffers

    func takeBuffer() -> OutputBuffer {
        guard let buffer = idleBuffers.popLast() else { return OutputBuffer() }
        idleBufferBytes -= buffer.capacity
        return buffer
    }

    func giveBack(_ buffer: OutputBuffer) {
        buffer.reset()
        guard idleBufferBytes + buffer.capacity <= Turn.idleBufferBytesMax else { return }
        idleBufferBytes += buffer.capacity
        idleBuffers.append(buffer)
    }

    /// Where a read's answer is written before it is known whether it fits.
    func takeAnswer() -> OutputBuffer {
        idleAnswers.popLast() ?? OutputBuffer(limit: limits.answerBytesMax)
    }

    func giveBack(answer: OutputBuffer) {
        guard idleAnswers.count < Turn.idleAnswersMax else { return }
        answer.reset()
        idleAnswers.append(answer)
    }

    /// A connection holds so many bytes more, or fewer.
    func noteBuffered(_ change: Int) {
        buffered += change
        metrics.totals.set(WorkerMetrics.Total.buffered.rawValue, UInt64(max(0, buffered)))
    }

    /// Reading stops for a connection until there is room for all.
    func pause(_ connection: ServerConnection) {
        connection.stopReading()
        paused.append(connection)
    }

    private func watchBuffers() {
        let max = limits.bufferBytesMax
        guard max > 0, buffered > 0 || isReadingPaused else { return }
        let total = shared.bufferedBytes
        // Once over, until there is room again: else those who take nothing would hold up all
        // others.
        let bound = isReadingPaused ? max - max / 8 : max
        if total > bound {
            if !isReadingPaused {
                loop.callAt(loop.now + 50_000_000, token: Token.buffers)
                // The worker that holds most may be asleep.
                shared.wakeAll()
            }
            isReadingPaused = true
            closeStalled(total - (max - max / 8))
        }
        if isReadingPaused, shared.bufferedBytes <= max - max / 8 {
            isReadingPaused = false
            for connection in paused { connection.resumeReading() }
            paused = []
        }
    }

    /// Where this worker holds most, its largest connections that wait for their clients are closed
    /// until so many bytes are free: first those that take nothing, then those that do not end a
    /// line. Nobody else is served before there is room.
    private func closeStalled(_ bytes: Int) {
        let mine = metrics.totals[WorkerMetrics.Total.buffered.rawValue]
        let others = shared.metrics.map { $0.totals[WorkerMetrics.Total.buffered.rawValue] }
        guard mine >= others.max() ?? 0 else { return }
        var left = bytes
        while left > 0,
            let largest = largest(where: { $0.stalledSince != 0 })
                ?? largest(where: { $0.lineBegunAt != 0 })
        {
            left -= largest.accounted
            largest.close()
        }
    }

    private func largest(where isStalled: (ServerConnection) -> Bool) -> ServerConnection? {
        var largest: ServerConnection?
        for case let connection? in connections where isStalled(connection) {
            if connection.accounted > largest?.accounted ?? 0 { largest = connection }
        }
        return largest
    }
}

// MARK: - The loop

extension WorkerCore: EventLoopDelegate {
    func descriptorReady(_ token: UInt64, _ readiness: Readiness) {
        switch Token.kind(token) {
        case .connection: connection(token)?.ready(readiness)
        case .listener: accept(Token.place(token))
        case .guest: guest?.descriptorReady(Token.place(token), readiness)
        case .other: break
        }
    }

    func timerFired(_ token: UInt64) {
        switch Token.kind(token) {
        case .connection: connection(token)?.timerFired()
        case .listener: resumeAccepting(Token.place(token))
        case .guest: guest?.timerFired(Token.place(token))
        case .other:
            if isReadingPaused { loop.callAt(loop.now + 50_000_000, token: Token.buffers) }
        }
    }

    func wantsJobs() -> Bool {
        if !hasCarried {
            hasCarried = true
            takeCarriedTurns()
        }
        guard !ready.isEmpty, !passIsOver else { return false }
        if let lane = unsafe idleLanes.popLast() {
            unsafe lane.resume()
        } else {
            worker.startLane()
        }
        return true
    }

    func passEnding() -> Bool {
        var index = 0
        while index < dirty.count {
            dirty[index].flush()
            index += 1
        }
        dirty.removeAll(keepingCapacity: dirty.count <= 1_024)
        let guestIsBusy = guest?.passEnding() ?? false
        host.endPass()
        watchBuffers()
        if isDraining { goOnDraining() }
        if turnCount > 0 { noteTurns() }
        hasCarried = false
        passIsOver = false
        logMode = shared.requestLog
        takesBareCalls = !isDraining && limits.requestsPerSecondMax == 0 && logMode != .all
        return guestIsBusy || !carried.isEmpty || !ready.isEmpty || !dirty.isEmpty
    }

    func beginDraining() {
        isDraining = true
        takesBareCalls = false
    }
}

/// What the loop's tokens name: two bits of kind, 30 of generation, 32 of place.
enum Token {
    enum Kind {
        case connection, listener, guest, other
    }

    static let generationMax: UInt32 = (1 << 30) - 1
    /// The timer that looks whether there is room again.
    static let buffers: UInt64 = 3 << 62
    /// The timer that ends a shutdown.
    static let drain: UInt64 = 3 << 62 | 1

    static func connection(place: Int, generation: UInt32) -> UInt64 {
        UInt64(generation) << 32 | UInt64(UInt32(truncatingIfNeeded: place))
    }

    static func listener(_ place: Int) -> UInt64 {
        1 << 62 | UInt64(UInt32(truncatingIfNeeded: place))
    }

    static func guest(_ place: Int) -> UInt64 {
        2 << 62 | UInt64(UInt32(truncatingIfNeeded: place))
    }

    static func kind(_ token: UInt64) -> Kind {
        switch token >> 62 {
        case 0: .connection
        case 1: .listener
        case 2: .guest
        default: .other
        }
    }

    static func place(_ token: UInt64) -> Int { Int(UInt32(truncatingIfNeeded: token)) }

    static func generation(_ token: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: token >> 32) & generationMax
    }
}
