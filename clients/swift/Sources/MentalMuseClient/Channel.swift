// The client: one connection to the server, made when it is needed and made again when it was lost.
// Calls of all tasks go through it pipelined; answers find their calls by id. Owned by the client.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import Synchronization

/// Who a channel tells what concerns more than itself.
protocol ChannelObserver: AnyObject, Sendable {
    /// The server has refused the token of that version.
    func rejected(_ version: UInt64, _ error: ClientError)
    /// The server has said something by itself.
    func notified(_ notification: ServerNotification)
}

/// One connection to the server.
final class Channel: ConnectionOwner {
    private let time: any ClientTime
    private let transport: any Transport
    private let observer: any ChannelObserver
    private let state: Lock<ChannelState>
    private let reader: Lock<(epoch: UInt64, reader: AnswerReader)>
    private let tickets = Atomic<UInt64>(1)
    private let answerBytesMax: Int

    init(
        _ configuration: ClientConfiguration, time: any ClientTime, transport: any Transport,
        observer: any ChannelObserver, identity: Identity, random: RandomSource
    ) {
        self.time = time
        self.transport = transport
        self.observer = observer
        let configuration = configuration.bounded
        answerBytesMax = configuration.answerBytesMax
        state = Lock(
            ChannelState(configuration, identity: identity) {
                Double(random.uint64() >> 11) / Double(1 << 53)
            })
        reader = Lock((0, AnswerReader(bytesMax: configuration.answerBytesMax)))
    }

    // MARK: Calls

    /// Sends a call and waits for its answer, its deadline, its cancellation, or the connection's
    /// end.
    func call<Params: ParamsEncoding>(
        _ text: CallText<Params>, now: UInt64, deadline: UInt64, _ traits: CallTraits
    ) async -> Outcome {
        await suspended { ticket, waiter, effects, state in
            state.submit(
                ticket: ticket, waiter, now: now, deadline: deadline, traits, &effects
            ) { text.write(into: &$0) }
        }
    }

    /// Waits until `instant`, or for its cancellation, or the end of the channel.
    func pause(until instant: UInt64) async -> Outcome {
        await suspended { ticket, waiter, effects, state in
            state.pause(ticket: ticket, waiter, until: instant, &effects)
        }
    }

    private func suspended(
        _ begin: (UInt64, Waiter, inout Effects, ChannelState) -> Void
    ) async -> Outcome {
        let ticket = tickets.wrappingAdd(1, ordering: .relaxed).oldValue
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let caller = SuspendedCaller(continuation)
                change { state, effects in begin(ticket, .caller(caller), &effects, state) }
            }
        } onCancel: {
            let now = time.now()
            change { state, effects in state.cancel(ticket: ticket, now, &effects) }
        }
        // A cancellation that came when the call had ended has left its ticket behind.
        if Task.isCancelled {
            state.withLock { state in _ = state.cancelledEarly.remove(ticket) }
        }
        return outcome
    }

    // MARK: Orders of the client

    func setIdentity(_ word: IdentityChange) {
        let now = time.now()
        change { state, effects in state.setIdentity(word, now, &effects) }
    }

    /// How many calls wait to be sent.
    var waiting: Int { state.withLock { $0.queued + $0.urgent.count } }

    /// Everything fails, and nothing more is done.
    func close() {
        change { state, effects in state.close(&effects) }
    }

    // MARK: Words of the stream

    func opened(_ epoch: UInt64) {
        let now = time.now()
        reader.withLock { $0 = (epoch, AnswerReader(bytesMax: answerBytesMax)) }
        change { state, effects in
            if state.epoch == epoch { state.opened(now, &effects) }
        }
    }

    func received(_ epoch: UInt64, _ bytes: Span<UInt8>) {
        let now = time.now()
        var answers: [Answer] = []
        let hopeless = reader.withLock { entry -> String? in
            guard entry.epoch == epoch else { return nil }
            entry.reader.read(bytes, into: &answers)
            return entry.reader.isHopeless
        }
        change { state, effects in
            guard state.epoch == epoch else { return }
            state.take(answers, now, &effects)
            if let hopeless { state.lose(.malformedAnswer(hopeless), now, &effects) }
        }
        for answer in answers {
            if case .notification(let notification) = answer.kind {
                observer.notified(notification)
            }
        }
    }

    func hasOutput(_ epoch: UInt64) -> Bool {
        state.withLock { $0.epoch == epoch && $0.out.count > 0 }
    }

    func takeOutput(_ epoch: UInt64) -> [UInt8] {
        let now = time.now()
        var bytes: [UInt8] = []
        change { state, effects in
            guard state.epoch == epoch else { return }
            bytes = state.takeOutput(now, &effects)
        }
        return bytes
    }

    func closed(_ epoch: UInt64, _ why: String) {
        let now = time.now()
        change { state, effects in
            guard state.epoch == epoch else { return }
            state.closed(why, now, &effects)
        }
    }

    // MARK: Effects

    /// Changes the state and carries out what that asks for, with the lock free.
    private func change(_ body: (ChannelState, inout Effects) -> Void) {
        var effects = Effects()
        state.withLock { state in body(state, &effects) }
        for (caller, outcome) in effects.ended { caller.resume(outcome) }
        effects.wakes?.wake()
        effects.closes?.close()
        if let instant = effects.checkAt { look(at: instant) }
        if let (version, error) = effects.rejected { observer.rejected(version, error) }
        if let number = effects.opens { open(number) }
    }

    private func open(_ number: UInt64) {
        let stream = transport.open(ConnectionEvents(owner: self, epoch: number))
        change { state, effects in state.adopt(stream, number, &effects) }
    }

    private func look(at instant: UInt64) {
        time.schedule(at: instant) { [weak self, time] in
            let now = time.now()
            self?.change { state, effects in state.look(now, &effects) }
        }
    }
}
