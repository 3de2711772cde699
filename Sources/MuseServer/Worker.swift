// The server room: a worker is an actor with a thread of its own. Its lanes run the handlers; its
// core owns the connections. Begin reading here: `run` is the thread's life, `lane` a request's.
internal import Glibc
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseNet
internal import MuseRPC
internal import MuseService
internal import MuseTLS

/// One worker of a server.
actor Worker {
    nonisolated let loop: EventLoop
    nonisolated let index: Int
    private let shared: ServerShared
    private var core: WorkerCore?

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    init(index: Int, shared: ServerShared) throws(NetError) {
        self.index = index
        self.shared = shared
        loop = try EventLoop(clock: shared.clock)
    }

    /// Starts its thread, which makes the handlers and then serves.
    nonisolated func start(
        _ listeners: [(box: ListenerBox, transport: Transport)], control: ServerControl,
        services: @escaping ServiceFactory, guests: GuestFactory?
    ) {
        loop.start { [self] in
            assumeIsolated { $0.run(listeners, control, services, guests) }
        }
    }

    private func run(
        _ listeners: [(box: ListenerBox, transport: Transport)], _ control: ServerControl,
        _ services: ServiceFactory, _ guests: GuestFactory?
    ) {
        let core = WorkerCore(
            worker: self, index: index, shared: shared, host: services(index, control))
        self.core = core
        for (box, transport) in listeners {
            if let listener = box.take() { core.listen(listener, transport) }
        }
        core.guest = guests?(WorkerSeat(core, control))
        loop.run(core)
    }

    // MARK: Lanes

    /// Starts one more lane. Called on the worker's thread.
    nonisolated func startLane() {
        Task(executorPreference: loop) { await self.lane() }
    }

    /// Runs one ready call after another. While a handler is suspended, another lane goes on.
    private func lane() async {
        guard let core else { return }
        let methods = core.host.methods
        while true {
            while let call = core.nextReady() {
                if call.effect == .read {
                    let answer = core.takeAnswer()
                    await run(call, core, methods, &answer.writer)
                    core.giveBack(answer: answer)
                } else {
                    // A write may be suspended for long, and holds no buffer meanwhile.
                    var own = JSONWriter(limit: core.limits.answerBytesMax)
                    await run(call, core, methods, &own)
                }
            }
            guard !core.isOver, unsafe core.idleLanes.count < Turn.idleLanesMax else { return }
            unsafe await withUnsafeContinuation { unsafe core.idleLanes.append($0) }
        }
    }

    private func run(
        _ call: PendingCall, _ core: WorkerCore, _ methods: borrowing Methods,
        _ writer: inout JSONWriter
    ) async {
        call.state = .running
        call.begunAt = core.clock.nanoseconds()
        let connection = call.connection
        if let refusal = call.refusal { return connection.finish(call, refusal) }
        if let deadline = call.deadline, call.begunAt >= deadline {
            return connection.finish(call, call.expired(now: call.begunAt, started: false))
        }
        guard let invocation = call.invocation else {
            return connection.finish(call, .internal(incident: Incident.name()))
        }
        let reserves = call.method.effect == .write && !call.id.isAbsent
        if reserves, let batch = call.batch, !batch.answers.reserve() {
            let limit = core.limits.answerBytesMax
            return connection.finish(call, .responseTooLarge(limit: limit))
        }
        writer.removeAll()
        var failure: RPCError?
        do throws(RPCError) {
            try await perform(
                invocation, call.call, methods: methods, answering: call.id, into: &writer)
        } catch {
            failure = call.refusal ?? error
        }
        if reserves { call.batch?.answers.release() }
        if failure == nil, writer.overflowed {
            failure = .responseTooLarge(limit: core.limits.answerBytesMax)
        }
        connection.finish(call, failure, &writer)
    }

    // MARK: The guest's lanes

    /// Begins the guest's calls that wait. Called on the worker's thread.
    nonisolated func wakeGuestLane(_ core: WorkerCore) {
        if let lane = unsafe core.idleGuestLanes.popLast() {
            unsafe lane.resume()
        } else {
            Task(executorPreference: loop) { await self.guestLane() }
        }
    }

    private func guestLane() async {
        guard let core else { return }
        while true {
            while let call = core.guestCalls.popFirst() { await call.run() }
            guard !core.isOver, unsafe core.idleGuestLanes.count < Turn.idleLanesMax else { return }
            unsafe await withUnsafeContinuation { unsafe core.idleGuestLanes.append($0) }
        }
    }

    // MARK: From other threads

    /// Tells everybody of the shutdown; returns when all connections have gone.
    func drain() async {
        guard let core else { return }
        await withCheckedContinuation { core.drain($0) }
    }

    /// Closes a connection, if it is still that one.
    func disconnect(_ token: UInt64, id: UInt64) {
        if case .guest = Token.kind(token) { core?.guest?.disconnect(id) }
        guard let connection = core?.connection(token), connection.entry.id == id else { return }
        connection.close()
    }
}

/// This process, as the operator's socket asks for it.
enum Process {
    static let user: UInt32 = geteuid()
}

/// The name under which the log shows what went wrong here.
enum Incident {
    static func name() -> String {
        String(RandomSource.system.uint64(), radix: 36)
    }
}
