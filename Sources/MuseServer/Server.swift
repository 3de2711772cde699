// The server room: a server is listeners and workers. The program makes one, starts it, and shuts
// it down.
internal import MentalMuseProtocol
package import MuseBase
package import MuseNet
package import MuseService
package import MuseTLS

/// Why a server does not start.
package enum ServerError: Error, Sendable, CustomStringConvertible {
    case network(NetError)
    case tls(TLSError)
    /// An address of `tls://` and no certificate.
    case certificateMissing(Endpoint)

    package var description: String {
        switch self {
        case .network(let error): error.description
        case .tls(let error): error.description
        case .certificateMissing(let endpoint): "\(endpoint) needs a certificate and its key"
        }
    }
}

/// A running server: its listeners, its workers, and the way to end it.
package final class Server: Sendable {
    /// Where it listens: with the real port where the system chose one. The operator's socket is
    /// not here.
    package let endpoints: [Endpoint]
    package let control: ServerControl
    private let shared: ServerShared
    private let workers: [Worker]
    private let services: ServiceFactory
    private let guests: GuestFactory?
    private let listeners: [[(box: ListenerBox, transport: Transport)]]
    private let files: [String]

    /// Opens every address; nobody is served before `start`.
    /// - Parameter guests: makes who else lives on the workers' loops.
    /// - Throws: ServerError for an address that cannot be had, or a certificate that cannot be
    ///   read.
    package init(
        _ configuration: ServerConfiguration, services: @escaping ServiceFactory,
        guests: GuestFactory? = nil
    ) throws(ServerError) {
        let shared = ServerShared(configuration)
        if let certificate = configuration.certificate { try Self.load(certificate, into: shared) }
        var listeners: [[(box: ListenerBox, transport: Transport)]] = (0..<shared.metrics.count)
            .map { _ in [] }
        var endpoints: [Endpoint] = []
        var files: [String] = []
        var wanted = configuration.endpoints.map { ($0, Transport($0)) }
        if let path = configuration.adminPath { wanted.append((.unix(path: path), .admin)) }
        for (endpoint, transport) in wanted {
            if transport == .tls, shared.tlsContext == nil { throw .certificateMissing(endpoint) }
            let boxes = try Self.open(endpoint, workers: shared.metrics.count)
            for (index, box) in boxes.enumerated() { listeners[index].append((box, transport)) }
            if transport != .admin, let box = boxes.first { endpoints.append(box.endpoint) }
            if case .unix(let path) = endpoint { files.append(path) }
        }
        var workers: [Worker] = []
        for index in shared.metrics.indices {
            do throws(NetError) {
                workers.append(try Worker(index: index, shared: shared))
            } catch {
                throw .network(error)
            }
        }
        shared.setLoops(workers.map(\.loop))
        self.shared = shared
        self.workers = workers
        self.endpoints = endpoints
        self.listeners = listeners
        self.files = files
        self.services = services
        self.guests = guests
        control = Self.control(shared, workers)
    }

    private static func open(
        _ endpoint: Endpoint, workers: Int
    ) throws(ServerError) -> [ListenerBox] {
        do throws(NetError) {
            return try Listener.open(endpoint, workers: workers)
        } catch {
            throw .network(error)
        }
    }

    private static func load(
        _ certificate: CertificateFiles, into shared: ServerShared
    ) throws(ServerError) {
        do throws(TLSError) {
            shared.tlsContext = try TLSServerContext(
                certificateFile: certificate.certificate, keyFile: certificate.key)
        } catch {
            throw .tls(error)
        }
    }

    /// Starts the workers' threads.
    package func start() {
        for (worker, listeners) in zip(workers, listeners) {
            worker.start(listeners, control: control, services: services, guests: guests)
        }
    }

    /// Reads the certificate anew: for connections from now on; those that are open are kept.
    /// - Throws: ServerError where it cannot be read; the old one stays.
    package func reloadCertificate() throws(ServerError) {
        if let certificate = shared.configuration.certificate {
            try Self.load(certificate, into: shared)
        }
    }

    /// Tells every client, accepts nobody, finishes and answers what is in flight, and returns when
    /// all have gone, at the latest after the limit `shutdown_seconds`.
    package func shutdown() async {
        shared.isDraining = true
        await withTaskGroup { group in
            for worker in workers { group.addTask { await worker.drain() } }
        }
        for worker in workers { worker.loop.stop() }
        for path in files { Listener.removeFile(path) }
    }

    private static func control(_ shared: ServerShared, _ workers: [Worker]) -> ServerControl {
        var control = ServerControl()
        control.connections = { shared.registry.entries.map(\.seen) }
        control.disconnect = { id in
            guard let entry = shared.registry.entry(id) else { return false }
            // It is gone from now on, however soon its worker comes to closing it.
            shared.registry.remove(entry)
            let worker = workers[entry.worker]
            Task(executorPreference: worker.loop) {
                await worker.disconnect(entry.token, id: id)
            }
            return true
        }
        control.setRequestLog = { word in
            if let mode = RequestLogMode(rawValue: word) { shared.requestLog = mode }
        }
        control.metrics = { counts(shared) }
        control.isDraining = { shared.isDraining }
        control.log = { event, members in
            EventRecord(event: event, members: members)
                .write(to: shared.configuration.log, at: shared.configuration.wallClock.now())
        }
        return control
    }

    /// What the connections and workers counted; the store's part is the service's to fill in.
    private static func counts(_ shared: ServerShared) -> Metrics {
        let (open, accepted, refused) = shared.registry.counts
        let workers = shared.metrics
        return Metrics(
            time: shared.configuration.wallClock.now(),
            uptimeMs: Int(clamping: (shared.clock.nanoseconds() - shared.startedAt) / 1_000_000),
            connections: open, connectionsAccepted: accepted, connectionsRefused: refused,
            bytesIn: WorkerMetrics.sum(workers, .bytesIn),
            bytesOut: WorkerMetrics.sum(workers, .bytesOut),
            bufferedBytes: WorkerMetrics.sum(workers, .buffered),
            linesUnparsable: WorkerMetrics.sum(workers, .linesUnparsable),
            responsesDropped: WorkerMetrics.sum(workers, .responsesDropped),
            methods: WorkerMetrics.methods(shared.allMetrics),
            errors: WorkerMetrics.errors(shared.allMetrics),
            writer: WriterMetrics(
                queued: 0, groups: 0, writes: 0, groupMax: 0, syncs: 0, syncP50Us: 0, syncP99Us: 0,
                logBytes: 0, checkpoints: 0), hashesQueued: 0, hashes: 0)
    }
}

extension Transport {
    fileprivate init(_ endpoint: Endpoint) {
        self =
            switch endpoint {
            case .tcp: .tcp
            case .tls: .tls
            case .unix: .unix
            }
    }
}
