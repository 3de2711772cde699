// The command `serve`: opens everything in an order in which a failure leaves nothing behind,
// serves, and ends on a signal.
internal import CPlatform
internal import Glibc
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseHTTP
internal import MuseJSON
internal import MuseNet
internal import MuseOptions
internal import MuseServer
internal import MuseService

/// `mentalmuse serve`.
enum ServeCommand {
    static let command = Command(
        path: ["serve"], summary: "Serve a data folder.",
        details: [
            "Without options it listens on tcp://127.0.0.1:6873 and keeps its data in mentalmuse-data, which "
                + "it makes. The log is one JSON object a line on standard error; the first line tells "
                + "where it listens.",
            "With --tls-certificate and --tls-key it also listens with TLS, on --tls-host (as --host where "
                + "not given) and --tls-port. A --host that is not loopback then has TLS alone, unless "
                + "--plaintext is given.",
            "SIGTERM and SIGINT finish what is in flight and leave with 0, a second one stops at once. "
                + "SIGHUP reads the certificate again.",
        ],
        options: ServeOptions.all,
        examples: [
            "mentalmuse serve --demo", "mentalmuse serve --config /etc/mentalmuse.conf",
            "mentalmuse serve --host 0.0.0.0 --tls-certificate chain.pem --tls-key key.pem",
        ],
        run: { (input) throws(CommandFailure) in try run(input.settings) })

    private static func run(_ settings: Settings) throws(CommandFailure) {
        let plan = try ServePlan(settings)
        let isDemo = settings.isOn(ServeOptions.demo)
        if isDemo, settings.isGiven(ServeOptions.data) {
            throw CommandFailure(
                UsageError(
                    "--demo has its own data folder: leave \(settings.origin(ServeOptions.data)) out"
                ))
        }
        var configuration = try ServiceConfiguration(settings, isLoopbackOnly: plan.isLoopbackOnly)
        // Else the buffers of a flood stay with the process: 80 MB after one, 3 MB so.
        muse_give_back_blocks_from(256 << 10)
        muse_keep_heaps_grown(4 << 20)
        // Before any thread: all of them are to hold the signals back.
        let signals = Signals()
        let path = isDemo ? try demoFolder() : configuration.dataFolder
        configuration.dataFolder = path
        do throws(CommandFailure) {
            let folder = try DataFolder.open(path, makes: true)
            let running = try open(folder, plan, configuration, isDemo: isDemo)
            running.serve(until: signals)
        } catch {
            if isDemo { Files.removeAll(path) }
            throw error
        }
    }

    /// Takes the addresses, then the data; nobody is served yet.
    private static func open(
        _ folder: DataFolder, _ plan: ServePlan, _ configuration: ServiceConfiguration, isDemo: Bool
    ) throws(CommandFailure) -> RunningServer {
        let wanted = configuration.limits.connectionsMax + 256
        let descriptors = Descriptors.raise(to: wanted)
        let services = LateServices()
        var server = ServerConfiguration()
        server.endpoints = plan.endpoints
        server.adminPath = folder.socket
        server.certificate = plan.certificate
        server.workers = plan.workers
        server.limits = configuration.limits
        server.trustedProxies = plan.trustedProxies
        server.conformanceMethods = plan.conformanceMethods
        server.requestLog = plan.requestLog
        let opened: Server
        let http: HTTPServer?
        do throws(ServerError) {
            http = try openHTTP(plan)
            opened = try Server(
                server, services: { _, control in services.make(control) }, guests: http?.guests)
        } catch {
            folder.discardIfNew()
            throw CommandFailure(error.description)
        }
        do throws(CommandFailure) {
            let backend = try Backend(
                folder, configuration, idempotencyKeysMax: plan.idempotencyKeysMax)
            let people = isDemo ? try Demo.fill(backend) : []
            // Not before: the log begins with where it listens.
            backend.shared.control = opened.control
            services.set(backend.shared)
            return RunningServer(
                server: opened, http: http, certificate: plan.certificate, backend: backend,
                people: people, isDemo: isDemo,
                missingDescriptors: max(0, wanted - descriptors))
        } catch {
            for case .unix(let path) in plan.endpoints { _ = unsafe unlink(path) }
            _ = unsafe unlink(folder.socket)
            throw error
        }
    }
}

extension ServeCommand {
    private static func demoFolder() throws(CommandFailure) -> String {
        do throws(SystemError) {
            return try Files.makeTemporaryFolder("mentalmuse-demo")
        } catch {
            throw CommandFailure(error.message)
        }
    }

    private static func openHTTP(_ plan: ServePlan) throws(ServerError) -> HTTPServer? {
        guard let (host, port) = plan.http else { return nil }
        do throws(NetError) {
            return try HTTPServer(
                plan.httpConfiguration, host: host, port: port, workers: plan.workers)
        } catch {
            throw .network(error)
        }
    }
}

/// Makes the workers' handlers, which need the server's word before the server has its handlers.
private final class LateServices: Sendable {
    private let shared = Lock<ServiceShared?>(nil)

    func set(_ shared: ServiceShared) {
        self.shared.withLock { $0 = shared }
    }

    func make(_ control: ServerControl) -> any ServiceHost {
        guard let shared = shared.withLock({ $0 }) else {
            preconditionFailure("a worker was started before there are handlers")
        }
        do {
            return try Service(shared: shared)
        } catch {
            control.event(
                "failed", [.init("reason", .string("the database cannot be read: \(error)"))])
            exit(ExitStatus.failure)
        }
    }
}
