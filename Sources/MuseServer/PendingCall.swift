// The server room: a call that waits, or is being run in a lane. Calls that touch no store never
// become one.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseRPC

/// A request on its way. Confined to its worker.
final class PendingCall: CallObserver {
    enum State {
        /// The order rule, or a full output, holds it back.
        case waiting
        /// It may begin as soon as a lane is free.
        case ready
        /// Its handler has it.
        case running
        /// It was answered.
        case done
    }

    let connection: ServerConnection
    let id: RPCID
    let method: MethodID
    /// Its class in the order: `session` for whatever binds.
    let effect: Effect
    let invocation: Invocation?
    let meta: Meta
    let arrivedAt: UInt64
    let deadline: UInt64?
    let ticket: CallTicket?
    /// The bytes of its line, which count as long as it is held.
    let bytes: Int
    /// Where its answer goes if it is a batch's.
    let batch: Batch?
    let index: Int

    var state = State.waiting
    /// What it is answered with instead of being run, or whatever its handler says after it was
    /// taken back.
    var refusal: RPCError?
    var begunAt: UInt64 = 0
    /// Whether its deadline has come, and it was taken back if it had not begun.
    var wasExpired = false
    private(set) var wasQueued = false
    /// When it stood in the writer's queue; 0 before, and where nothing is logged.
    private(set) var queuedAt: UInt64 = 0

    init(
        _ connection: ServerConnection, id: RPCID, method: MethodID, effect: Effect,
        decoded: Decoded, refusal: RPCError?, arrivedAt: UInt64, bytes: Int, batch: Batch?,
        index: Int
    ) {
        self.connection = connection
        self.id = id
        self.method = method
        self.effect = effect
        invocation = decoded.invocation
        meta = decoded.meta
        self.refusal = refusal
        self.arrivedAt = arrivedAt
        deadline = decoded.meta.deadlineMs.map { arrivedAt + UInt64($0) * 1_000_000 }
        ticket = method.effect == .write ? CallTicket() : nil
        self.bytes = bytes
        self.batch = batch
        self.index = index
    }

    /// The call as its handler sees it.
    var call: Call {
        Call(
            method: method, peer: connection.peer, meta: meta, arrivedAt: arrivedAt,
            deadline: deadline, ticket: ticket, observer: ticket == nil ? nil : self)
    }

    func callQueued() {
        guard !wasQueued, state == .running else { return }
        wasQueued = true
        if connection.worker.logMode != .off { queuedAt = connection.worker.clock.nanoseconds() }
        connection.writeQueued(self)
    }
}

/// The answers of one batch, and how many of its members are still open.
final class Batch {
    let answers: BatchAnswers
    private(set) var open: Int

    init(count: Int, bytesMax: Int) {
        answers = BatchAnswers(count: count, bytesMax: bytesMax)
        open = count
    }

    /// Room for the answer of one member, with enough left for the others to be refused.
    var room: Int { answers.room - max(0, open - 1) * 512 }

    /// A member is done; true when it was the last.
    func finish(_ index: Int, _ answer: [UInt8]?) -> Bool {
        open -= 1
        return answers.finish(index, answer)
    }
}
