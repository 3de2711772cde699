// The rules' room: what the handlers of all workers share. Thread-safe; made once at start.
internal import MentalMuseProtocol
package import MuseBase
internal import MuseCrypto
internal import MuseJSON
internal import MuseRPC
internal import MuseSQL
package import MuseStore
internal import Synchronization

/// What the handlers of all workers share.
package final class ServiceShared: Sendable {
    package let configuration: ServiceConfiguration
    package let writer: Writer
    package let keys: KeyRing
    package let hashes: HashPool
    private let controlBox = Lock(ServerControl())
    package let wallClock: WallClock
    package let monotonicClock: MonotonicClock
    /// Failed log-ins, by name and address, and by address.
    let loginFailures: LoginThrottle
    /// Registrations by address; nil where they are not counted.
    let registrations: Throttle?
    /// Writes by caller; nil where they are not counted.
    let writes: Throttle?
    let throttleKeys = ThrottleKeys()
    /// What the params of a call with an idempotency key are hashed with.
    let fingerprints: KeyedHash
    /// What the password of an unknown user is compared with, so that it takes as long.
    let decoy: String
    let startedAt: Timestamp
    /// When the log may next say that the storage failed: monotonic nanoseconds.
    private let nextStorageLine = Atomic<UInt64>(0)
    private let tokenCounters = Lock<[TokenCounters]>([])

    /// The server around the service; set by it before the first call.
    package var control: ServerControl {
        get { controlBox.withLock { $0 } }
        set { controlBox.withLock { $0 = newValue } }
    }

    /// - Throws: SQLError or WriterError where the key of the fingerprints cannot be kept.
    package init(
        configuration: ServiceConfiguration, writer: Writer, keys: KeyRing, hashes: HashPool,
        wallClock: WallClock = .system,
        monotonicClock: MonotonicClock = .system
    ) throws {
        self.configuration = configuration
        self.writer = writer
        self.keys = keys
        self.hashes = hashes
        self.wallClock = wallClock
        self.monotonicClock = monotonicClock
        let limits = configuration.limits
        let window = max(1, limits.loginWindowSeconds) * 1_000
        loginFailures = LoginThrottle(
            name: ThrottleRule(limit: limits.loginFailuresMax, windowMilliseconds: window),
            address: ThrottleRule(
                limit: limits.loginFailuresAddressMax, windowMilliseconds: window))
        if configuration.isLoopbackOnly {
            registrations = nil
            writes = nil
        } else {
            registrations = Throttle(
                ThrottleRule(limit: limits.registrationsPerHourMax, windowMilliseconds: 3_600_000),
                scope: .address)
            writes = Throttle(
                ThrottleRule(limit: limits.writesPerMinuteMax, windowMilliseconds: 60_000),
                scope: .caller)
        }
        decoy = try PasswordHash.decoy(parameters: configuration.passwords)
        let secret = SecureRandom.bytes(KeyedHash.keyBytes)
        let kept = try writer.writeNow {
            try $0.keptSecret(named: "fingerprint_key", ifNone: secret)
        }
        fingerprints = KeyedHash(key: SecretBytes(copying: kept.span))
        startedAt = wallClock.now()
    }

    /// Judges claims inside a transaction: the session has to be live there.
    /// - Throws: 1002 where the time is over by now, 1004, SQLError.
    func judge(_ claims: AccessClaims, in tx: StoreTransaction) throws -> Viewer {
        guard claims.expiresAt > tx.now else { throw RPCError.tokenExpired() }
        guard let owner = try tx.sessionOwner(claims.session), owner.user == claims.user,
            owner.endsAt > tx.now
        else { throw RPCError.tokenRevoked() }
        return Viewer(
            user: owner.user, session: claims.session, role: owner.role.word,
            expiresAt: claims.expiresAt)
    }

    /// Counts a write of a caller that is about to succeed.
    /// - Throws: 1501 at the limit.
    func countWrite(of user: UUIDv7) throws(RPCError) {
        guard let writes else { return }
        do throws(ThrottleRefusal) {
            try writes.take(throttleKeys.key(user), now: monotonicClock.nanoseconds())
        } catch {
            throw error.rpc
        }
    }

    /// Refuses a caller whose writes are at their limit, before what is told only below it; counts
    /// nothing.
    /// - Throws: 1501.
    func checkWrites(of user: UUIDv7) throws(RPCError) {
        guard let writes else { return }
        do throws(ThrottleRefusal) {
            try writes.check(throttleKeys.key(user), now: monotonicClock.nanoseconds())
        } catch {
            throw error.rpc
        }
    }

    /// Counts a registration.
    /// - Throws: 1501 at the limit.
    func countRegistration(from address: NetworkAddress) throws(RPCError) {
        guard let registrations else { return }
        do throws(ThrottleRefusal) {
            try registrations.take(throttleKeys.key(address), now: monotonicClock.nanoseconds())
        } catch {
            throw error.rpc
        }
    }

    /// Takes the counters of a worker's token cache into its figures.
    func watch(_ counters: TokenCounters) {
        tokenCounters.withLock { $0.append(counters) }
    }

    /// What is counted beside the metrics of the contract.
    var figures: HostFigures {
        let caches = tokenCounters.withLock { $0 }
        return HostFigures(
            tokenHits: caches.reduce(0) { $0 + $1.hits.load(ordering: .relaxed) },
            tokenMisses: caches.reduce(0) { $0 + $1.misses.load(ordering: .relaxed) },
            hashNanoseconds: hashes.nanoseconds, hashesRefused: hashes.refused)
    }

    /// The keys that hold now.
    var currentKeys: KeySet { keys.snapshot(now: wallClock.now()).keys }

    /// An error of the store or of a handler as the wire shows it.
    func translate(_ error: any Error) -> RPCError {
        switch error {
        case let error as RPCError: return error
        case let error as WriterError: return translate(error)
        case let error as SQLError: return translate(error)
        default: return incident("\(error)")
        }
    }

    private func translate(_ error: WriterError) -> RPCError {
        switch error {
        case .busy: .busy(retryAfterMs: 100)
        case .commitFailed(let outcome): storageFailed(outcome, writer.lastFailure)
        case .stopped: .draining(retryAfterMs: 1_000)
        }
    }

    private func translate(_ error: SQLError) -> RPCError {
        switch error.kind {
        case .busy:
            RPCError.unavailable(retryAfterMs: 1_000, outcome: "none").because(error.description)
        // Corrupt: what SQLite also says of a read that the disk refused (EIO).
        case .full, .io, .corrupt: storageFailed(.none, error.description)
        case .constraint, .foreign, .misuse, .other: incident(error.description)
        }
    }

    /// The disk failed, or is full. The log tells the operator at most once a second.
    private func storageFailed(_ outcome: WriterError.Outcome, _ cause: String) -> RPCError {
        let now = monotonicClock.nanoseconds()
        let due = nextStorageLine.load(ordering: .relaxed)
        let isOurs =
            now >= due
            && nextStorageLine.compareExchange(
                expected: due, desired: now &+ 1_000_000_000, ordering: .relaxed
            ).exchanged
        if isOurs {
            control.log("storage_failed", [("cause", JSONValue.string(cause).text())])
        }
        let word = outcome == .none ? "none" : "unknown"
        return RPCError.unavailable(retryAfterMs: 1_000, outcome: word).because(cause)
    }

    /// A defect of ours: the cause goes into the log alone, with the number that the client is
    /// told.
    func incident(_ cause: String) -> RPCError {
        let incident = Hex.encode(SecureRandom.bytes(8).span)
        control.log("incident", [("incident", "\"\(incident)\"")])
        return RPCError.internal(incident: incident).because(cause)
    }
}

extension ThrottleRefusal {
    /// As the wire shows it.
    var rpc: RPCError {
        .rateLimited(
            retryAfterMs: retryAfterMilliseconds, limit: rule.limit,
            windowMs: rule.windowMilliseconds, scope: scope.rawValue)
    }
}
