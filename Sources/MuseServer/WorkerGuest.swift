// The server room: somebody else who lives on the workers' loops: the HTTP side. A guest has
// descriptors, timers and a place in each pass, and runs the very handlers that lines run.
package import MentalMuseProtocol
package import MuseBase
internal import MuseJSON
package import MuseNet
package import MuseRPC
package import MuseService
internal import MuseTLS

/// In which dress a call came.
package enum CallStyle: String, Sendable, Hashable, CaseIterable {
    /// A line.
    case rpc
    /// A request of REST.
    case rest
    /// JSON-RPC in the body of an HTTP request.
    case rpcOverHTTP = "rpc_over_http"

    static let ofGuests: [CallStyle] = [.rest, .rpcOverHTTP]
}

/// What lives on a worker's loop beside its connections. Every call comes on the worker's thread.
package protocol WorkerGuest: AnyObject {
    /// A descriptor that the seat watches is ready.
    func descriptorReady(_ place: Int, _ readiness: Readiness)
    /// A timer of the seat is due.
    func timerFired(_ place: Int)
    /// The pass is about to end; what was read so far may share a snapshot. True: there is more to
    /// do at once.
    func passEnding() -> Bool
    /// A shutdown begins: nobody is let in, what is in flight is answered.
    func beginDraining()
    /// The operator wants a connection closed.
    func disconnect(_ id: UInt64)
    /// Whether, since then, everybody has left.
    var isDrained: Bool { get }
    /// The shutdown's time is over.
    func close()
}

/// Something that a guest wants to have run.
package protocol GuestCall: AnyObject {
    /// Runs on the worker's thread.
    func run() async
}

/// Makes the guest of a worker, on the worker's thread.
package typealias GuestFactory = @Sendable (WorkerSeat) -> any WorkerGuest

/// What a worker gives its guest. Confined to the worker's thread.
package final class WorkerSeat {
    package let index: Int
    package let loop: EventLoop
    package let clock: MonotonicClock
    package let wallClock: WallClock
    /// Every bound in force; what is off is out of reach.
    package let limits: Limits
    package let control: ServerControl
    /// The handlers of this worker.
    package let methods: Methods
    private let core: WorkerCore
    private let shared: ServerShared
    private let metrics: [CallStyle: WorkerMetrics]

    init(_ core: WorkerCore, _ control: ServerControl) {
        self.core = core
        shared = core.shared
        index = core.index
        loop = core.loop
        clock = core.clock
        wallClock = core.shared.configuration.wallClock
        limits = core.limits
        self.control = control
        methods = core.host.methods
        metrics = core.shared.guestMetrics.mapValues { $0[core.index] }
    }

    // MARK: The loop

    /// Watches a descriptor; `place` comes back with its readiness.
    /// - Throws: NetError of epoll_ctl(2).
    package func watch(
        _ descriptor: Int32, _ readiness: Readiness, place: Int, isShared: Bool = false
    ) throws(NetError) {
        try loop.watch(descriptor, readiness, token: Token.guest(place), isShared: isShared)
    }

    /// Stops watching.
    package func unwatch(_ descriptor: Int32) {
        loop.unwatch(descriptor)
    }

    /// Calls `timerFired(place)` at `due` of the clock, once; a place has one timer.
    package func callAt(_ due: UInt64, place: Int) {
        loop.callAt(due, token: Token.guest(place))
    }

    /// Takes the timer of a place back.
    package func forgetCall(place: Int) {
        loop.forgetCall(Token.guest(place))
    }

    // MARK: Calls

    /// Runs calls in order, each at once as far as it does not wait. From `descriptorReady`,
    /// `timerFired` and `passEnding` alone.
    package func run(_ calls: [any GuestCall]) {
        for call in calls { core.guestCalls.append(call) }
        // A lane takes one after another; where one waits, the next lane goes on.
        for _ in calls where !core.guestCalls.isEmpty {
            loop.runNow { core.worker.wakeGuestLane(core) }
        }
    }

    // MARK: Connections

    /// What became of a connection that asked to be let in.
    package enum Admission {
        case admitted(ConnectionEntry)
        /// The limit that was reached.
        case refused(limit: Int)
    }

    /// Counts a connection, by the same limits as all others.
    package func admit(_ address: NetworkAddress, isSecure: Bool) -> Admission {
        let admission = shared.registry.admit(
            transport: isSecure ? .https : .http, address: address, openedAt: wallClock.now(),
            worker: index, token: Token.guest(0), isProxy: isTrustedProxy(address))
        switch admission {
        case .entry(let entry): return .admitted(entry)
        case .refused(let limit): return .refused(limit: limit)
        }
    }

    /// A connection has ended.
    package func leave(_ entry: ConnectionEntry) {
        shared.registry.remove(entry)
    }

    /// Somebody was turned away before he could be counted.
    package func noteRefused() {
        shared.registry.noteRefused()
    }

    /// Whether an address is one of the operator's own proxies.
    package func isTrustedProxy(_ address: NetworkAddress) -> Bool {
        shared.isTrustedProxy(address)
    }

    /// Whether a shutdown is under way.
    package var isDraining: Bool { core.isDraining }

    /// The guest holds so many bytes more, or fewer.
    package func noteBuffered(_ change: Int) {
        core.noteBuffered(change)
    }

    // MARK: Counters and log

    /// Whether all buffers together are at their limit.
    package var isFull: Bool { shared.bufferedBytes > limits.bufferBytesMax }

    /// `bytes` of bodies came in, or went out.
    package func noteBytes(read: Int, written: Int) {
        core.metrics.add(.bytesIn, read)
        core.metrics.add(.bytesOut, written)
    }

    /// A call was answered that came at `arrival`; `method` nil is the discovery.
    package func note(_ style: CallStyle, _ method: MethodID?, since arrival: UInt64) {
        let now = clock.nanoseconds()
        metrics[style]?.note(
            method.map { Int($0.rawValue) } ?? WorkerMetrics.discover, count: 1,
            nanoseconds: now > arrival ? now - arrival : 0)
    }

    /// A refusal was made; `method` nil where it was not known.
    package func noteRefusal(_ style: CallStyle, _ method: MethodID?, _ error: RPCError) {
        metrics[style]?.noteError(
            method.map { Int($0.rawValue) }, code: error.code, name: error.name)
    }

    /// What came of all methods in all styles, on all workers.
    package var callFigures: [CallFigures] {
        WorkerMetrics.figures(shared.metrics, .rpc)
            + CallStyle.ofGuests.flatMap { style in
                WorkerMetrics.figures(shared.guestMetrics[style] ?? [], style)
            }
    }

    /// What the handlers count besides.
    package var hostFigures: HostFigures { core.host.figures }

    /// Logs a call, if such are logged.
    package func log(_ call: SeatRecord) {
        let now = clock.nanoseconds()
        let took = now > call.arrivedAt ? now - call.arrivedAt : 0
        let isDefect = call.error?.code == -32603
        guard core.logMode.wants(isError: call.error != nil, nanoseconds: took) || isDefect else {
            return
        }
        var writer = JSONWriter()
        RequestRecord(
            connection: call.connection, id: call.id, method: call.method,
            caller: call.token.flatMap { core.host.caller(of: $0) }, error: call.error,
            bytes: call.bytes, waitedNanoseconds: 0, storeNanoseconds: 0, nanoseconds: took,
            traceparent: call.traceparent
        ).write(into: &writer, at: wallClock.now())
        shared.configuration.log.write(unsafe writer.withBytes { unsafe Array($0) })
    }

    /// The method that somebody probably meant.
    package func nearest(_ method: String) -> String? {
        DidYouMean.method(method)
    }
}

/// What the log may say of a guest's call.
package struct SeatRecord {
    package var connection: UInt64
    package var id = RPCID.null
    package var method: String
    package var error: RPCError?
    package var bytes: Int
    package var arrivedAt: UInt64
    package var traceparent: String?
    /// Whose call it is, by the token that came with it; the token itself is not logged.
    package var token: String?

    package init(connection: UInt64, method: String, bytes: Int, arrivedAt: UInt64) {
        self.connection = connection
        self.method = method
        self.bytes = bytes
        self.arrivedAt = arrivedAt
    }
}
