// The server room: what all workers of a server know. Immutable, or behind a lock or an atomic.
package import MentalMuseProtocol
package import MuseBase
internal import MuseNet
internal import MuseTLS
internal import Synchronization

/// How a server is to be run.
package struct ServerConfiguration: Sendable {
    /// Where it listens for clients.
    package var endpoints: [Endpoint] = []
    /// The operator's socket; nil for none.
    package var adminPath: String?
    /// For `tls://` addresses.
    package var certificate: CertificateFiles?
    /// Whose word about a caller's address is believed.
    package var trustedProxies: [AddressRange] = []
    /// How many workers.
    package var workers = 1
    package var limits = Limits.standard
    /// Adds the methods of the specification's examples: for tests.
    package var conformanceMethods = false
    package var requestLog = RequestLogMode.slow
    package var log = LogSink.standardError
    package var clock = MonotonicClock.system
    package var wallClock = WallClock.system

    package init() {}
}

/// Where a certificate chain and its key are, both PEM.
package struct CertificateFiles: Sendable {
    package let certificate: String
    package let key: String

    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

/// What all workers share.
final class ServerShared: Sendable {
    let configuration: ServerConfiguration
    let limits: Limits
    let clock: MonotonicClock
    let registry: ConnectionRegistry
    let metrics: [WorkerMetrics]
    /// What the guests count, by style and worker.
    let guestMetrics: [CallStyle: [WorkerMetrics]]
    let startedAt: UInt64
    private let log: Atomic<UInt8>
    private let draining = Atomic<Bool>(false)
    private let loops = Lock<[EventLoop]>([])
    private let tls = Lock<TLSServerContext?>(nil)

    init(_ configuration: ServerConfiguration) {
        self.configuration = configuration
        limits = configuration.limits.effective
        clock = configuration.clock
        startedAt = clock.nanoseconds()
        registry = ConnectionRegistry(
            connectionsMax: limits.connectionsMax,
            perAddressMax: limits.connectionsPerAddressMax)
        metrics = (0..<max(1, configuration.workers)).map { _ in WorkerMetrics() }
        let workers = metrics.indices
        guestMetrics = Dictionary(
            uniqueKeysWithValues: CallStyle.ofGuests.map { style in
                (style, workers.map { _ in WorkerMetrics() })
            })
        log = Atomic(configuration.requestLog.index)
    }

    var requestLog: RequestLogMode {
        get { RequestLogMode(index: log.load(ordering: .relaxed)) }
        set { log.store(newValue.index, ordering: .relaxed) }
    }

    var isDraining: Bool {
        get { draining.load(ordering: .acquiring) }
        set { draining.store(newValue, ordering: .releasing) }
    }

    /// What new TLS connections use.
    var tlsContext: TLSServerContext? {
        get { tls.withLock { $0 } }
        set { tls.withLock { $0 = newValue } }
    }

    /// Whether an address is one of the operator's own proxies.
    func isTrustedProxy(_ address: NetworkAddress) -> Bool {
        configuration.trustedProxies.contains { $0.contains(address) }
    }

    func setLoops(_ all: [EventLoop]) {
        loops.withLock { $0 = all }
    }

    /// Makes every worker begin a pass.
    func wakeAll() {
        for loop in loops.withLock({ $0 }) { loop.wake() }
    }

    /// The counters of all workers and styles.
    var allMetrics: [WorkerMetrics] { metrics + guestMetrics.values.flatMap { $0 } }

    /// Bytes that all connections hold.
    var bufferedBytes: Int { WorkerMetrics.sum(metrics, .buffered) }
}
