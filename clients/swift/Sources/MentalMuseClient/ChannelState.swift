// The client: one connection's state, without I/O. Events go in; what is to be done comes out as
// Effects, to be carried out when the lock is free. Confined to its channel's lock.
internal import MentalMuseProtocol
internal import MuseJSON

/// How a call left its channel.
enum Outcome: Sendable {
    /// The result's JSON text.
    case result([UInt8])
    /// The server's error, and the identity that the connection was attached with (0 for nobody).
    case refused(ClientError, identity: UInt64)
    /// It ended on this side, for good.
    case failed(ClientError)
    /// The connection was lost. `mayHaveRun`: whether the call had been sent.
    case lost(ClientError, mayHaveRun: Bool)
    /// A pause is over.
    case resumed
}

/// A caller's task that waits for an outcome. In a class, as the size of a continuation is known at
/// run time only, which would make every value with one in it slow to move.
final class SuspendedCaller: Sendable {
    private let continuation: CheckedContinuation<Outcome, Never>

    init(_ continuation: CheckedContinuation<Outcome, Never>) {
        self.continuation = continuation
    }

    /// To be called once.
    func resume(_ outcome: Outcome) { continuation.resume(returning: outcome) }
}

/// Who waits for an answer.
enum Waiter: Sendable {
    case caller(SuspendedCaller)
    /// The channel itself, to be attached with that identity; 0 to be detached.
    case attach(UInt64)
    /// The channel itself, to learn whether anybody is there.
    case probe
}

/// Who the calls of a connection are made by.
enum Identity: Sendable, Equatable {
    /// Not known yet, or being renewed: calls wait.
    case pending
    case nobody
    /// `version` counts up with each token; it is never 0.
    case token(version: UInt64, text: String)

    var version: UInt64 {
        if case .token(let version, _) = self { version } else { 0 }
    }
}

/// What is to be done once the lock is free.
struct Effects {
    var ended: [(SuspendedCaller, Outcome)] = []
    /// A connection is to be opened, under this number.
    var opens: UInt64?
    var wakes: (any ByteStream)?
    var closes: (any ByteStream)?
    /// The state wants to be looked at then.
    var checkAt: UInt64?
    /// The token of that version was refused.
    var rejected: (version: UInt64, error: ClientError)?

    mutating func end(_ waiter: Waiter, _ outcome: Outcome) {
        if case .caller(let caller) = waiter { ended.append((caller, outcome)) }
    }
}

/// What a call is besides its text.
struct CallTraits: Sendable {
    /// It needs no identity and comes before all others: the client's own.
    var isUrgent = false
    /// It outlives a failed attempt to connect.
    var isPatient = true
    /// The session in whose name it is made: it is not run in that of a later one, or of nobody.
    /// nil for calls of which the session is not asked.
    var generation: UInt64?
}

/// Who calls are made by from now on, as the client's session tells its channels.
struct IdentityChange: Sendable {
    let identity: Identity
    /// Counts up: an older word is not heard.
    let serial: UInt64
    /// Counts up with each session that ends.
    let generation: UInt64
    /// What calls of an older generation end with.
    let ending: ClientError
}

/// A call that waits for its turn, or for its time.
struct WaitingCall {
    let ticket: UInt64
    let waiter: Waiter
    let deadline: UInt64
    /// The call but for its id; nil for a pause, which ends at `deadline`.
    let text: [UInt8]?
    let traits: CallTraits
}

/// One connection's state.
final class ChannelState {
    enum Link: Equatable {
        case idle
        /// A stream is being opened, until then.
        case opening(until: UInt64)
        /// The connection stands; calls wait for an identity or for the connection's end.
        case held
        /// `auth.attach` or `auth.detach` is under way.
        case attaching
        case ready
        /// The next attempt is made then.
        case resting(until: UInt64)
        case closed
    }

    /// Slots that callers cannot use: for attach, refresh, probe.
    static let reserve = 4

    /// How much later than it said the server may close, in nanoseconds, and the longest time that
    /// is believed.
    static let leavingGrace: UInt64 = 1_000_000_000
    static let leavingMax: UInt64 = 60_000_000_000

    let configuration: ClientConfiguration
    let jitter: () -> Double
    var link = Link.idle
    var stream: (any ByteStream)?
    /// Counts the connections; what comes from an older one is not looked at.
    var epoch: UInt64 = 0
    var out = JSONWriter()
    var slots: SlotTable
    var queue: [WaitingCall] = []
    /// How many at the front of `queue` have gone.
    var queueHead = 0
    /// Calls that need no identity and come before all others.
    var urgent: [WaitingCall] = []
    var pauses: [WaitingCall] = []
    var identity: Identity
    var identitySerial: UInt64 = 0
    var generation: UInt64 = 0
    /// What calls of an older generation end with.
    var ending = ClientError.tokenRevoked
    /// The version that the connection is attached with; 0 for nobody.
    var bound: UInt64 = 0
    /// Whether the server has said that it will close this connection.
    var isLeaving = false
    /// When it is left at the latest, whatever is unanswered then.
    var leavesAt = UInt64.max
    var failures = 0
    /// Why there is no connection.
    var cause = ClientError.notConnected("No connection has been made yet.")
    /// What the server said to nobody in particular on this connection.
    var refusal: ClientError?
    /// Calls of this serial number and above have not been handed to the stream.
    var unsentSerial: UInt64 = 1
    var heardAt: UInt64 = 0
    /// The earliest time at which the state will be looked at.
    var armedAt = UInt64.max
    /// Tickets of calls that were cancelled before they came.
    var cancelledEarly: Set<UInt64> = []

    init(_ configuration: ClientConfiguration, identity: Identity, jitter: @escaping () -> Double) {
        self.configuration = configuration
        self.identity = identity
        self.jitter = jitter
        slots = SlotTable(min(max(configuration.inFlightMax, 1), 4_000) + Self.reserve)
    }

    var queued: Int { queue.count - queueHead }

    // MARK: Calls

    /// A call comes. `write` appends it but for its id.
    func submit(
        ticket: UInt64, _ waiter: Waiter, now: UInt64, deadline: UInt64, _ traits: CallTraits,
        _ effects: inout Effects, _ write: (inout JSONWriter) -> Void
    ) {
        if !cancelledEarly.isEmpty, cancelledEarly.remove(ticket) != nil {
            return effects.end(waiter, .failed(.cancelled))
        }
        if link == .closed { return effects.end(waiter, .failed(.closed)) }
        if let of = traits.generation, of < generation {
            return effects.end(waiter, .failed(ending))
        }
        if deadline <= now { return effects.end(waiter, .failed(failures > 0 ? late : .timedOut)) }
        arm(deadline, &effects)
        if link == .ready, !isLeaving, queued == 0, !traits.isUrgent, hasRoom {
            send(ticket, waiter, deadline, now, &effects, write)
            return
        }
        var writer = JSONWriter(limit: configuration.lineBytesMax)
        write(&writer)
        guard !writer.overflowed else {
            return effects.end(
                waiter, .failed(.messageTooLarge(limit: configuration.lineBytesMax)))
        }
        let text = unsafe writer.withBytes { unsafe [UInt8]($0) }
        let call = WaitingCall(
            ticket: ticket, waiter: waiter, deadline: deadline, text: text, traits: traits)
        traits.isUrgent ? urgent.append(call) : queue.append(call)
        if link == .idle { open(now, &effects) } else { proceed(now, &effects) }
    }

    /// Whether a caller's call can be sent now.
    private var hasRoom: Bool {
        slots.free > Self.reserve && out.count < configuration.outputBytesMax
    }

    /// Puts a call into the bytes that are to be sent.
    private func send(
        _ ticket: UInt64, _ waiter: Waiter, _ deadline: UInt64, _ now: UInt64,
        _ effects: inout Effects, _ write: (inout JSONWriter) -> Void
    ) {
        let mark = out.count
        guard
            let id = slots.take(
                Slot(
                    ticket: ticket, waiter: waiter, deadline: deadline, sentAt: now,
                    identity: bound))
        else { return effects.end(waiter, .failed(.busy(retryAfterMs: 0))) }
        out.beginCall(id)
        write(&out)
        if out.count - mark - 1 > configuration.lineBytesMax {
            out.truncate(to: mark)
            _ = slots.remove(id)
            let limit = configuration.lineBytesMax
            return effects.end(waiter, .failed(.messageTooLarge(limit: limit)))
        }
        if mark == 0 { effects.wakes = stream }
    }

    /// A caller waits until `until`, and no longer than that.
    func pause(ticket: UInt64, _ waiter: Waiter, until: UInt64, _ effects: inout Effects) {
        if cancelledEarly.remove(ticket) != nil {
            return effects.end(waiter, .failed(.cancelled))
        }
        if link == .closed { return effects.end(waiter, .failed(.closed)) }
        arm(until, &effects)
        pauses.append(
            WaitingCall(
                ticket: ticket, waiter: waiter, deadline: until, text: nil, traits: CallTraits()))
    }

    /// The task of a call was cancelled.
    func cancel(ticket: UInt64, _ now: UInt64, _ effects: inout Effects) {
        if let (id, slot) = slots.first(where: { $0.ticket == ticket }) {
            _ = slots.remove(id)
            effects.end(slot.waiter, .failed(.cancelled))
            if stream != nil {
                if out.count == 0 { effects.wakes = stream }
                out.cancelCall(id)
            }
            proceed(now, &effects)
            return
        }
        if let call = Self.take(ticket, &urgent) ?? Self.take(ticket, &pauses) {
            return effects.end(call.waiter, .failed(.cancelled))
        }
        dropServed()
        if let call = Self.take(ticket, &queue) {
            return effects.end(call.waiter, .failed(.cancelled))
        }
        cancelledEarly.insert(ticket)
    }

    private static func take(_ ticket: UInt64, _ calls: inout [WaitingCall]) -> WaitingCall? {
        guard let index = calls.firstIndex(where: { $0.ticket == ticket }) else { return nil }
        return calls.remove(at: index)
    }

    /// Forgets what has left the queue.
    func dropServed() {
        queue.removeFirst(queueHead)
        queueHead = 0
    }

    // MARK: Moving on

    /// Sends what can be sent as the connection now stands.
    func proceed(_ now: UInt64, _ effects: inout Effects) {
        if isLeaving {
            if slots.isEmpty, stream != nil { leave(now, &effects) }
            return
        }
        switch link {
        case .held, .ready, .attaching: sendUrgent(now, &effects)
        default: return
        }
        guard link != .attaching else { return }
        switch identity {
        case .pending: link = .held
        case .nobody where bound == 0: link = .ready
        case .token(let version, _) where bound == version: link = .ready
        case .nobody:
            attach(0, .authDetach, AuthDetachParams(), now, &effects)
        case .token(let version, let text):
            attach(version, .authAttach, AuthAttachParams(accessToken: text), now, &effects)
        }
        if link == .ready { sendQueued(now, &effects) }
    }

    private func sendUrgent(_ now: UInt64, _ effects: inout Effects) {
        while let call = urgent.first, slots.free > 1, let text = call.text {
            urgent.removeFirst()
            send(call.ticket, call.waiter, call.deadline, now, &effects) { $0.raw(text.span) }
        }
    }

    private func sendQueued(_ now: UInt64, _ effects: inout Effects) {
        while queueHead < queue.count, hasRoom {
            let call = queue[queueHead]
            queueHead += 1
            guard let text = call.text else { continue }
            send(call.ticket, call.waiter, call.deadline, now, &effects) { $0.raw(text.span) }
        }
        if queueHead == queue.count {
            queue.removeAll(keepingCapacity: queue.count <= 1_024)
            queueHead = 0
        } else if queueHead > 1_024 {
            dropServed()
        }
    }

    private func attach(
        _ version: UInt64, _ method: MethodID, _ params: some ParamsEncoding, _ now: UInt64,
        _ effects: inout Effects
    ) {
        link = .attaching
        let deadline = now + configuration.connectTimeout.boundedNanoseconds
        arm(deadline, &effects)
        let text = CallText(method: method.name, params: params, meta: Meta())
        send(0, .attach(version), deadline, now, &effects) { text.write(into: &$0) }
    }

    /// Asks whether anybody is there.
    func probe(_ now: UInt64, _ effects: inout Effects) {
        let deadline = now + min(configuration.connectTimeout, .seconds(5)).boundedNanoseconds
        arm(deadline, &effects)
        let text = CallText(
            method: MethodID.serverPing.name, params: ServerPingParams(), meta: Meta())
        send(0, .probe, deadline, now, &effects) { text.write(into: &$0) }
    }

    func arm(_ instant: UInt64, _ effects: inout Effects) {
        guard instant < armedAt else { return }
        armedAt = instant
        effects.checkAt = instant
    }
}
