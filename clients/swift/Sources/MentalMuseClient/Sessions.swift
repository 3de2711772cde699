// The client: who is calling. One session for all connections of a client; its tokens are renewed
// once, however many calls wait. Channels ask it when a token is refused; calls tell it what they
// were granted.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import Synchronization

/// The session of a client.
final class Sessions: ChannelObserver {
    private struct State {
        var session: StoredSession?
        var phase = Phase.steady
        /// Counts up with each change of the session.
        var version: UInt64 = 1
        /// Counts up with each word to the channels.
        var serial: UInt64 = 0
        /// Counts up with each session that ends.
        var generation: UInt64 = 0
        /// How the last one ended, for the calls that were to be made in its name.
        var ending = ClientError.tokenRevoked
        var channels: [Channel] = []
        var isClosed = false
    }

    private enum Phase: Equatable {
        case unloaded
        case steady
        /// A renewal is under way; calls go on with the old token, or wait.
        case renewing(callsWait: Bool)
    }

    let events = Broadcast<SessionEvent>()
    let notifications = Broadcast<ServerNotification>()
    private let configuration: ClientConfiguration
    private let store: any SessionStore
    private let time: any ClientTime
    private let random: RandomSource
    private let state: Lock<State>
    /// The state's generation, to be read without its lock.
    private let generations = Atomic<UInt64>(0)
    /// When new tokens are to be asked for, on the client's clock.
    private let renewsAt = Atomic<UInt64>(.max)

    init(_ configuration: ClientConfiguration, time: any ClientTime, random: RandomSource) {
        self.configuration = configuration
        store = configuration.sessionStore ?? MemorySessionStore()
        self.time = time
        self.random = random
        var state = State()
        if configuration.sessionStore != nil { state.phase = .unloaded }
        self.state = Lock(state)
    }

    var identity: Identity { state.withLock { Self.identity($0) } }

    private static func identity(_ state: State) -> Identity {
        switch state.phase {
        case .unloaded, .renewing(callsWait: true): .pending
        case .steady, .renewing(callsWait: false):
            state.session.map { .token(version: state.version, text: $0.accessToken) } ?? .nobody
        }
    }

    /// The channels that are to speak for the session; reads the store, where there is one.
    func begin(_ channels: [Channel]) {
        let isUnloaded = state.withLock { state in
            state.channels = channels
            return state.phase == .unloaded
        }
        if isUnloaded { Task { await self.load() } }
    }

    func close() {
        state.withLock { state in
            state.channels = []
            state.isClosed = true
        }
        events.finish()
        notifications.finish()
    }

    /// Changes the state and tells the channels who is calling now.
    private func change(_ body: (inout State) -> Void) {
        let (word, channels) = state.withLock { state in
            let before = state.session?.sessionID
            body(&state)
            state.serial += 1
            if let before, before != state.session?.sessionID {
                state.generation += 1
                generations.store(state.generation, ordering: .releasing)
            }
            let word = IdentityChange(
                identity: Self.identity(state), serial: state.serial,
                generation: state.generation, ending: state.ending)
            return (word, state.channels)
        }
        for channel in channels { channel.setIdentity(word) }
    }

    // MARK: What happens

    private func load() async {
        var stored: StoredSession?
        do {
            stored = try await store.load()
        } catch {
            events.send(.notKept("\(error)"))
        }
        var isLoaded = false
        change { state in
            // Somebody may have logged in meanwhile.
            guard state.phase == .unloaded else { return }
            isLoaded = true
            state.phase = .steady
            state.session = stored
            state.version += 1
        }
        guard isLoaded, let stored else { return }
        plan(stored, isNew: false)
        events.send(.signedIn(userID: stored.userID))
    }

    /// A call was granted tokens: they are the client's from now on.
    func adopt(_ grant: Grant, isRefresh: Bool, until deadline: UInt64) async {
        let session = StoredSession(grant, refreshKey: key())
        await keep(session, until: deadline)
        settle(session, .steady, isNew: true)
        events.send(isRefresh ? .refreshed : .signedIn(userID: session.userID))
    }

    /// An access token that was made elsewhere is the client's from now on. It is not kept.
    func use(_ accessToken: String) {
        let nobody = UUIDv7(high: 0x7000, low: 0b10 << 62)
        settle(
            StoredSession(
                userID: nobody, username: "", sessionID: nobody, accessToken: accessToken,
                accessExpiresAt: Timestamp(milliseconds: 0), refreshToken: nil,
                refreshExpiresAt: nil, refreshKey: ""), .steady, isNew: true)
    }

    /// The session is over: calls are nobody's from now on.
    func end(_ ending: SessionEvent.Ending, until deadline: UInt64) async {
        await keep(nil, until: deadline)
        if hasSession { finish(ending) }
    }

    private func finish(_ ending: SessionEvent.Ending) {
        let error = if case .refused(let error) = ending { error } else { ClientError.tokenRevoked }
        settle(nil, .steady, isNew: true, ending: error)
        events.send(.ended(ending))
    }

    /// Keeps a session, or none; a store that takes longer than that keeps nobody waiting.
    private func keep(_ session: StoredSession?, until deadline: UInt64) async {
        let failure = await Patience.until(deadline, time) { [store] in
            do {
                try await store.save(session)
                return nil as String?
            } catch {
                return "\(error)"
            }
        }
        switch failure {
        case .some(nil): break
        case .some(let why?): events.send(.notKept(why))
        case nil: events.send(.notKept("The session's store does not answer."))
        }
    }

    /// In the background, the store has that long.
    private var storeDeadline: UInt64 { time.now() &+ 60_000_000_000 }

    private func settle(
        _ session: StoredSession?, _ phase: Phase, isNew: Bool,
        ending: ClientError = .tokenRevoked
    ) {
        change { state in
            state.ending = ending
            state.session = session
            state.phase = phase
            state.version += 1
        }
        if let session {
            plan(session, isNew: isNew)
        } else {
            renewsAt.store(.max, ordering: .relaxed)
        }
    }

    // MARK: Renewal

    /// Plans when new tokens are asked for. The token itself says how long it lives, so that a
    /// clock that is wrong here does no harm; for one that was not just made the clock has to do.
    private func plan(_ session: StoredSession, isNew: Bool) {
        guard session.refreshToken != nil else {
            renewsAt.store(.max, ordering: .relaxed)
            return
        }
        let left: Int64
        if isNew, let lifetime = TokenLife.seconds(session.accessToken) {
            left = lifetime * 1_000
        } else {
            left = session.accessExpiresAt.milliseconds - WallClock.system.now().milliseconds
        }
        let ahead = Int64(configuration.refreshAhead.boundedNanoseconds / 1_000_000)
        // A token that lives hardly longer than that is used up to its second half.
        let milliseconds = min(max(left - ahead, left / 2, isNew ? 1_000 : 0), 1 << 41)
        let instant = time.now() + UInt64(milliseconds) * 1_000_000
        renewsAt.store(instant, ordering: .relaxed)
    }

    /// Asks for new tokens if it is time; calls go on meanwhile.
    func renewIfDue(_ now: UInt64) {
        guard now >= renewsAt.load(ordering: .relaxed) else { return }
        renewsAt.store(.max, ordering: .relaxed)
        let version = state.withLock { $0.version }
        renew(version, because: .tokenExpired, callsWait: false)
    }

    /// Which session calls are made in the name of now.
    var generation: UInt64 { generations.load(ordering: .acquiring) }

    /// Whether a call whose token was refused may hope for another.
    var hasSession: Bool { state.withLock { $0.session != nil } }

    /// Whether that refresh token is the client's own.
    func owns(_ refreshToken: String) -> Bool {
        state.withLock { $0.session?.refreshToken == refreshToken }
    }

    func rejected(_ version: UInt64, _ error: ClientError) {
        renew(version, because: error, callsWait: true)
    }

    func notified(_ notification: ServerNotification) { notifications.send(notification) }

    /// Begins a renewal, unless one is under way or that token is not the client's any more.
    private func renew(_ version: UInt64, because error: ClientError, callsWait: Bool) {
        var begins = false
        change { state in
            guard !state.isClosed, version == state.version, state.session != nil else { return }
            switch state.phase {
            case .steady: begins = true
            case .renewing(callsWait: false) where callsWait: break
            default: return
            }
            state.phase = .renewing(callsWait: callsWait)
        }
        if begins { Task { await self.renewal(version, error) } }
    }

    private enum Verdict: Sendable {
        /// There is another session or token: of the server, or of another process that was faster.
        case session(StoredSession, isNew: Bool)
        case ended(SessionEvent.Ending)
        /// It may go better later.
        case later(ClientError)
    }

    private func renewal(_ version: UInt64, _ error: ClientError) async {
        let begun = time.now()
        var pause = configuration.backoff.boundedNanoseconds
        while true {
            let verdict =
                await Patience.until(storeDeadline, time) { await self.verdict(error) }
                ?? .later(.notConnected("The session's store does not answer."))
            guard state.withLock({ $0.version == version && !$0.isClosed }) else { return }
            switch verdict {
            case .session(let session, let isNew):
                settle(session, .steady, isNew: isNew)
                events.send(.refreshed)
                return
            case .ended(let ending):
                return finish(ending)
            case .later:
                let now = time.now()
                guard now - begun < configuration.deadline.boundedNanoseconds,
                    let channel = state.withLock({ $0.channels.first })
                else { break }
                _ = await channel.pause(until: now + pause)
                pause = min(pause * 2, configuration.backoffMax.boundedNanoseconds)
                continue
            }
            // Given up: the next call that needs it tries again.
            return change { state in
                if state.version == version { state.phase = .steady }
            }
        }
    }

    /// Looks whether another process has new tokens; if not, asks for some, unless the session is
    /// over.
    private func verdict(_ error: ClientError) async -> Verdict {
        guard
            let (ours, channel) = state.withLock({ state in
                state.session.flatMap { session in state.channels.first.map { (session, $0) } }
            })
        else { return .later(error) }
        guard ours.refreshToken != nil else { return .ended(.refused(error)) }
        do {
            return try await store.exclusively {
                var kept: StoredSession? = ours
                do { kept = try await self.store.load() } catch {}
                guard let stored = kept else { return .ended(.loggedOut) }
                if stored.accessToken != ours.accessToken { return .session(stored, isNew: false) }
                guard error == .tokenExpired else {
                    await self.keep(nil, until: self.storeDeadline)
                    return .ended(.refused(error))
                }
                return await self.refresh(ours, channel)
            }
        } catch {
            return .later(.notConnected("The session's store cannot be used: \(error)"))
        }
    }

    private func refresh(_ session: StoredSession, _ channel: Channel) async -> Verdict {
        guard let token = session.refreshToken else { return .ended(.refused(.tokenExpired)) }
        let now = time.now()
        let text = CallText(
            method: MethodID.authRefresh.name, params: AuthRefreshParams(refreshToken: token),
            meta: Meta(deadlineMs: 10_000, idempotencyKey: session.refreshKey))
        switch await channel.call(
            text, now: now, deadline: now + 10_000_000_000, CallTraits(isUrgent: true))
        {
        case .result(let bytes):
            var reader = JSONReader(position: 0, end: bytes.count)
            guard let grant = try? Grant(bytes.span, &reader) else {
                return .later(.malformedAnswer("auth.refresh gave no grant."))
            }
            let session = StoredSession(grant, refreshKey: key())
            await keep(session, until: storeDeadline)
            return .session(session, isNew: true)
        case .refused(let error, _):
            switch error {
            case .tokenInvalid, .tokenRevoked, .tokenReused, .tokenExpired, .idempotencyMismatch:
                await keep(nil, until: storeDeadline)
                return .ended(.refused(error))
            default: return .later(error)
            }
        case .failed(let error), .lost(let error, _): return .later(error)
        case .resumed: return .later(.timedOut)
        }
    }

    /// A new random key, 128 bits.
    private func key() -> String {
        String(random.uint64(), radix: 16) + "-" + String(random.uint64(), radix: 16)
    }
}

/// What a JSON Web Token says of its own life. Nothing here trusts it: it only plans the next
/// renewal.
enum TokenLife {
    /// Seconds from its making to its end; nil where it does not say.
    static func seconds(_ token: String) -> Int64? {
        let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let payload = Base64URL.decode(Array(parts[1]).span),
            let claims = try? JSONValue(payload.span), let made = claims["iat"]?.int,
            let end = claims["exp"]?.int
        else { return nil }
        let (seconds, overflow) = end.subtractingReportingOverflow(made)
        return overflow || seconds <= 0 || seconds > 1 << 31 ? nil : Int64(seconds)
    }
}
