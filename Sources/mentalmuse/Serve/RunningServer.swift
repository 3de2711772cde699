// Serving: from the first connection to the last, and the way out.
internal import Glibc
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseHTTP
internal import MuseJSON
internal import MuseOptions
internal import MuseServer
internal import MuseService
internal import MuseStore

/// A server with everything open.
struct RunningServer {
    let server: Server
    let http: HTTPServer?
    let certificate: CertificateFiles?
    let backend: Backend
    /// The people of a demonstration.
    let people: [Demo.Person]
    let isDemo: Bool
    /// How many more files and sockets may be wanted than the system allows.
    let missingDescriptors: Int

    /// Serves until a signal ends the process.
    func serve(until signals: consuming Signals) -> Never {
        server.start()
        announce()
        var signals = signals
        var isStopping = false
        while true {
            switch signals.next(seconds: 600) {
            case .none: try? backend.shared.keys.sweep(now: WallClock.system.now())
            case .reload where isStopping: break  // nobody new is let in
            case .reload: reload()
            case .stop where isStopping:
                server.control.event("stopped", [.init("drained", false)])
                if isDemo { Files.removeAll(backend.folder.path) }
                _exit(ExitStatus.failure)
            case .stop:
                isStopping = true
                stop()
            }
        }
    }

    /// The first lines of the log.
    private func announce() {
        for endpoint in server.endpoints {
            server.control.event("listening", Self.members(endpoint))
        }
        if let http {
            server.control.event(
                "listening",
                [
                    .init("transport", .string(http.isSecure ? "https" : "http")),
                    .init("host", .string(http.host)), .init("port", .number(String(http.port))),
                    .init("url", .string(http.url)),
                ])
        }
        var libraries: [JSONValue.Member] = []
        for library in backend.shared.configuration.libraries {
            libraries.append(.init(library.name, .string(library.version)))
        }
        server.control.event(
            "started",
            [
                .init("version", .string(Program.version)),
                .init("schema", .string(SchemaDocument.version)),
                .init("schema_hash", .string(SchemaDocument.hash)),
                .init("data", .string(backend.folder.path)),
                .init("process", .number(String(getpid()))), .init("libraries", .object(libraries)),
            ])
        if !backend.migration.applied.isEmpty {
            let numbers = backend.migration.applied.map { JSONValue.number(String($0)) }
            let copy = backend.migration.copy.map(JSONValue.string) ?? .null
            server.control.event(
                "migrated", [.init("applied", .array(numbers)), .init("copy", copy)])
        }
        if missingDescriptors > 0 {
            server.control.event(
                "few_descriptors", [.init("missing", .number(String(missingDescriptors)))])
        }
        for name in Environment.unknown() {
            let near = Suggestion.near(name, among: ServeOptions.all.map(\.environmentName))
            server.control.event(
                "unknown_variable",
                [
                    .init("name", .string(name)),
                    .init("did_you_mean", near.map(JSONValue.string) ?? .null),
                ])
        }
        for person in people {
            server.control.event(
                "demo",
                [
                    .init("username", .string(person.username)),
                    .init("password", .string(person.password)),
                    .init("role", .string(person.role)),
                ])
        }
    }

    private static func members(_ endpoint: Endpoint) -> [JSONValue.Member] {
        func address(_ name: String, _ host: String, _ port: UInt16) -> [JSONValue.Member] {
            [
                .init("transport", .string(name)), .init("host", .string(host)),
                .init("port", .number(String(port))), .init("url", .string(endpoint.description)),
            ]
        }
        switch endpoint {
        case .tcp(let host, let port): return address("tcp", host, port)
        case .tls(let host, let port): return address("tls", host, port)
        case .unix(let path):
            return [
                .init("transport", "unix"), .init("path", .string(path)),
                .init("url", .string(endpoint.description)),
            ]
        }
    }

    private func reload() {
        if let reason = reloadFault() {
            server.control.event("reload_failed", [.init("reason", .string(reason))])
        } else {
            server.control.event("reloaded")
        }
    }

    /// Reads the certificate again; why it cannot be used, and then the old one stays everywhere.
    private func reloadFault() -> String? {
        var texts: HTTPCertificate?
        if let certificate, http?.isSecure == true {
            do throws(UsageError) {
                texts = try ServePlan.texts(certificate)
            } catch {
                return error.message
            }
            if let fault = texts?.fault { return fault }
        }
        do throws(ServerError) {
            try server.reloadCertificate()
        } catch {
            return error.description
        }
        if let texts { http?.replace(texts) }
        return nil
    }

    /// Drains beside the thread that waits for signals, and ends the process.
    private func stop() {
        server.control.event("draining")
        let (server, backend, isDemo) = (server, backend, isDemo)
        Task {
            await server.shutdown()
            backend.close()
            if isDemo { Files.removeAll(backend.folder.path) }
            server.control.event("stopped", [.init("drained", true)])
            // Not exit(3): the libraries' own ends would run beside threads that still live.
            _exit(ExitStatus.success)
        }
    }
}
