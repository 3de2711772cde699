// The client: what happens to a connection: it opens, answers come, time passes, it is lost.
internal import MentalMuseProtocol
internal import MuseJSON

extension ChannelState {
    // MARK: Opening

    /// Wants a connection: now, or when the pause after a failure is over.
    func open(_ now: UInt64, _ effects: inout Effects) {
        guard link == .idle else { return }
        epoch += 1
        let until = now + configuration.connectTimeout.boundedNanoseconds
        link = .opening(until: until)
        effects.opens = epoch
        arm(until, &effects)
    }

    /// The transport has made the stream of that number.
    func adopt(_ stream: any ByteStream, _ number: UInt64, _ effects: inout Effects) {
        guard number == epoch, link != .idle, link != .closed, !isResting else {
            effects.closes = stream
            return
        }
        self.stream = stream
        if out.count > 0 { effects.wakes = stream }
    }

    private var isResting: Bool {
        if case .resting = link { true } else { false }
    }

    /// The stream stands.
    func opened(_ now: UInt64, _ effects: inout Effects) {
        guard case .opening = link else { return }
        link = .held
        heardAt = now
        proceed(now, &effects)
    }

    /// Calls are made by somebody else from now on.
    func setIdentity(_ change: IdentityChange, _ now: UInt64, _ effects: inout Effects) {
        guard change.serial > identitySerial else { return }
        identitySerial = change.serial
        identity = change.identity
        if change.generation > generation {
            generation = change.generation
            ending = change.ending
            failWaiting(ending, &effects) { $0.generation.map { $0 < generation } ?? false }
        }
        proceed(now, &effects)
    }

    /// The bytes that are to be sent next.
    func takeOutput(_ now: UInt64, _ effects: inout Effects) -> [UInt8] {
        guard out.count > 0 else { return [] }
        let bytes = unsafe out.withBytes { unsafe [UInt8]($0) }
        out.removeAll()
        unsentSerial = slots.serial + 1
        if queued > 0 {
            proceed(now, &effects)
            // Whoever takes output asks again until there is none.
            effects.wakes = nil
        }
        return bytes
    }

    // MARK: Ending

    /// The stream has ended or could not be made.
    func closed(_ why: String, _ now: UInt64, _ effects: inout Effects) {
        if case .opening = link {
            lose(.notConnected(why), now, &effects)
        } else if isLeaving, slots.isEmpty {
            leave(now, &effects)
        } else {
            lose(refusal ?? .connectionLost(why), now, &effects)
        }
    }

    /// The connection is over: what was under way goes back to its callers, what waits waits for
    /// the next one.
    func lose(_ why: ClientError, _ now: UInt64, _ effects: inout Effects) {
        let wasOpening = if case .opening = link { true } else { false }
        let unsent = unsentSerial
        effects.closes = stream
        stream = nil
        out.removeAll()
        refusal = nil
        bound = 0
        isLeaving = false
        leavesAt = .max
        failures += 1
        cause = why
        epoch += 1
        for (serial, slot) in slots.removeAll() {
            effects.end(
                slot.waiter,
                why.isFinal ? .failed(why) : .lost(why, mayHaveRun: serial < unsent))
        }
        unsentSerial = slots.serial + 1
        if wasOpening { failImpatient(why, &effects) }
        rest(now, &effects)
    }

    /// The next attempt is made after a pause, if anybody wants one then.
    private func rest(_ now: UInt64, _ effects: inout Effects) {
        let base = configuration.backoff.boundedNanoseconds
        let longest = configuration.backoffMax.boundedNanoseconds
        let doubled = min(longest, base << UInt64(min(max(failures - 1, 0), 16)))
        let pause = UInt64(Double(doubled) * (1 - jitter() / 2))
        link = .resting(until: now + pause)
        arm(now + pause, &effects)
    }

    private func failImpatient(_ why: ClientError, _ effects: inout Effects) {
        func fail(_ calls: inout [WaitingCall]) {
            guard calls.contains(where: { !$0.traits.isPatient }) else { return }
            for call in calls where !call.traits.isPatient {
                effects.end(call.waiter, .failed(why))
            }
            calls.removeAll { !$0.traits.isPatient }
        }
        dropServed()
        fail(&queue)
        fail(&urgent)
    }

    /// Everything is answered and the server is about to close: the connection is left in peace.
    func leave(_ now: UInt64, _ effects: inout Effects) {
        let failuresBefore = failures
        lose(.connectionLost("The server has closed the connection."), now, &effects)
        failures = failuresBefore
    }

    /// Nothing more is wanted of this connection.
    func close(_ effects: inout Effects) {
        link = .closed
        effects.closes = stream
        stream = nil
        epoch += 1
        out.removeAll()
        for (_, slot) in slots.removeAll() { effects.end(slot.waiter, .failed(.closed)) }
        failWaiting(.closed, &effects)
        for pause in pauses { effects.end(pause.waiter, .failed(.closed)) }
        pauses = []
    }

    /// The calls that have not been sent fail; of one kind only, if `holds` says so.
    func failWaiting(
        _ error: ClientError, _ effects: inout Effects,
        where holds: (CallTraits) -> Bool = { _ in true }
    ) {
        dropServed()
        for call in queue + urgent where holds(call.traits) {
            effects.end(call.waiter, .failed(error))
        }
        queue.removeAll { holds($0.traits) }
        urgent.removeAll { holds($0.traits) }
    }

    // MARK: Answers

    /// Answers have come.
    func take(_ answers: [Answer], _ now: UInt64, _ effects: inout Effects) {
        heardAt = now
        for answer in answers {
            guard let id = answer.id else {
                takeUnaddressed(answer, now, &effects)
                continue
            }
            guard let slot = slots.remove(id) else { continue }
            failures = 0
            switch slot.waiter {
            case .caller: effects.end(slot.waiter, outcome(answer, slot))
            case .attach(let version): attached(version, answer, now, &effects)
            case .probe: break
            }
        }
        proceed(now, &effects)
    }

    private func outcome(_ answer: Answer, _ slot: Slot) -> Outcome {
        switch answer.kind {
        case .result(let bytes): .result(bytes)
        case .refused(let error): .refused(error, identity: slot.identity)
        case .malformed(let why): .failed(.malformedAnswer(why))
        case .notification: .failed(.malformedAnswer("A notification has an id."))
        }
    }

    /// What the server says to nobody in particular: why it will close, for one.
    private func takeUnaddressed(
        _ answer: Answer, _ now: UInt64, _ effects: inout Effects
    ) {
        switch answer.kind {
        case .refused(let error): refusal = error
        case .notification(.serverDraining(let word)):
            isLeaving = true
            let left = min(UInt64(max(word.closesInMs, 0)), Self.leavingMax / 1_000_000)
            leavesAt = min(leavesAt, now + left * 1_000_000 + Self.leavingGrace)
            arm(leavesAt, &effects)
        default: break
        }
    }

    private func attached(
        _ version: UInt64, _ answer: Answer, _ now: UInt64, _ effects: inout Effects
    ) {
        guard link == .attaching else { return }
        switch answer.kind {
        case .result:
            bound = version
            link = .held
        case .refused(let error) where error.endsToken:
            bound = 0
            link = .held
            if identity.version == version {
                identity = .pending
                effects.rejected = (version, error)
            }
        case .refused(let error): lose(error, now, &effects)
        case .malformed(let why): lose(.connectionLost(why), now, &effects)
        case .notification: break
        }
    }

    // MARK: Time

    /// Time has passed: what is due is ended, and the next look is planned.
    func look(_ now: UInt64, _ effects: inout Effects) {
        armedAt = .max
        switch link {
        case .opening(let until) where until <= now:
            lose(.notConnected("No connection could be made in time."), now, &effects)
        case .resting(let until) where until <= now:
            link = .idle
            if queued > 0 || !urgent.isEmpty { open(now, &effects) }
        default:
            if leavesAt <= now {
                lose(.connectionLost("The server did not close when it said."), now, &effects)
            }
        }
        expireSlots(now, &effects)
        expireWaiting(now, &effects)
        proceed(now, &effects)
        plan(&effects)
    }

    private func expireSlots(_ now: UInt64, _ effects: inout Effects) {
        guard slots.earliestDeadline <= now else { return }
        var isSilent = false
        var isDead = false
        for (_, slot) in slots.removeAll(where: { $0.deadline <= now }) {
            effects.end(slot.waiter, .failed(failures > 0 ? cause : .timedOut))
            switch slot.waiter {
            case .caller: isSilent = isSilent || heardAt <= slot.sentAt
            case .attach: isDead = true
            case .probe: isDead = isDead || heardAt <= slot.sentAt
            }
        }
        if isDead {
            lose(.connectionLost("The server has gone silent."), now, &effects)
        } else if isSilent, link == .ready, slots.free > 1, !isProbing {
            probe(now, &effects)
        }
    }

    private var isProbing: Bool {
        slots.first { if case .probe = $0.waiter { true } else { false } } != nil
    }

    /// What a call ends with whose time is up before it was sent.
    var late: ClientError {
        switch link {
        case .held, .attaching, .ready: failures > 0 ? cause.whileUnconnected : .timedOut
        case .idle, .opening, .resting, .closed: cause.whileUnconnected
        }
    }

    private func expireWaiting(_ now: UInt64, _ effects: inout Effects) {
        dropServed()
        func expire(_ calls: inout [WaitingCall]) {
            guard calls.contains(where: { $0.deadline <= now }) else { return }
            for call in calls where call.deadline <= now {
                effects.end(call.waiter, call.text == nil ? .resumed : .failed(late))
            }
            calls.removeAll { $0.deadline <= now }
        }
        expire(&queue)
        expire(&urgent)
        expire(&pauses)
    }

    private func plan(_ effects: inout Effects) {
        var next = min(slots.earliestDeadline, leavesAt)
        for call in queue { next = min(next, call.deadline) }
        for call in urgent { next = min(next, call.deadline) }
        for call in pauses { next = min(next, call.deadline) }
        switch link {
        case .opening(let until), .resting(let until): next = min(next, until)
        default: break
        }
        if next < .max { arm(next, &effects) }
    }
}

extension ClientError {
    /// Whether it says that a token is of no use.
    var endsToken: Bool {
        switch self {
        case .tokenExpired, .tokenInvalid, .tokenRevoked: true
        default: false
        }
    }

    /// Whether the server says that the same would be refused again.
    var isFinal: Bool { code != nil && retry == .never }

    /// What a call ends with whose time is up while there is no connection.
    fileprivate var whileUnconnected: ClientError {
        switch self {
        case .connectionLost(let why): .notConnected(why)
        default: self
        }
    }
}
