// The measuring room: a server of its own, a child process on a data folder that is thrown away.
internal import Glibc
package import MuseBase
internal import MuseJSON

/// How servers of its own are started.
package struct Household: Sendable {
    /// The program, which is this one.
    package let program: String
    /// A folder that exists, is empty, and is removed by whoever made it.
    package let folder: String
    package let children: Children
    package let dial: @Sendable (Endpoint) throws(BenchError) -> Int32
    /// Whether servers keep to one core, and the load to another.
    package let isPinned: Bool

    package init(
        program: String, folder: String, children: Children, isPinned: Bool,
        dial: @escaping @Sendable (Endpoint) throws(BenchError) -> Int32
    ) {
        self.program = program
        self.folder = folder
        self.children = children
        self.isPinned = isPinned
        self.dial = dial
    }
}

/// A certificate and its key, as PEM files.
struct Certificate {
    let file: String
    let key: String

    /// One that signs itself, for this machine alone, made by the program `openssl`.
    static func make(_ household: Household) throws(BenchError) -> Certificate {
        let made = Certificate(
            file: household.folder + "/certificate.pem", key: household.folder + "/key.pem")
        let log = household.folder + "/openssl.log"
        let process = try household.children.start(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", made.key, "-out", made.file,
            ], log: log)
        guard household.children.wait(process) else {
            throw BenchError("openssl makes no certificate: \(OwnServer.tail(log))")
        }
        return made
    }
}

/// A server that was started here.
struct OwnServer {
    let process: Int32
    /// Where lines are taken, over TLS where there is a certificate.
    let lines: Target
    /// Where HTTP is taken, likewise; nil where it is not.
    let http: Target?

    private static let patience: UInt64 = 60_000_000_000

    /// Starts one, and waits until it says that it listens.
    /// - Parameter name: of its folder.
    static func start(
        _ name: String, _ household: Household, http: Bool = false, certificate: Certificate? = nil
    ) throws(BenchError) -> OwnServer {
        let log = household.folder + "/" + name + ".log"
        var words = ["serve", "--data", household.folder + "/" + name, "--port", "0"]
        if household.isPinned { words += ["--workers", "1"] }
        if http { words += ["--http", "127.0.0.1:0"] }
        if let certificate {
            words += ["--no-tcp", "--tls-port", "0", "--tls-certificate", certificate.file]
            words += ["--tls-key", certificate.key]
        }
        // The child begins on the core of the thread that starts it, with all its threads.
        if household.isPinned { Cores.pin(to: 0) }
        defer { if household.isPinned { Cores.pin(to: 1) } }
        let process = try household.children.start(household.program, words, log: log)
        let addresses = try addresses(process, household, log)
        func target(_ transports: Set<String>) throws(BenchError) -> Target? {
            let found = addresses.first { transports.contains($0.0) }
            guard let (transport, host, port) = found else { return nil }
            let isSealed = transport == "tls" || transport == "https"
            return try Target(
                isSealed ? .tls(host: host, port: port) : .tcp(host: host, port: port),
                rootsFile: certificate?.file, dial: household.dial)
        }
        guard let lines = try target(["tcp", "tls"]) else {
            throw BenchError("the server listens nowhere: \(tail(log))")
        }
        return OwnServer(process: process, lines: lines, http: try target(["http", "https"]))
    }

    /// Transport, host and port of each place where it listens.
    private static func addresses(
        _ process: Int32, _ household: Household, _ log: String
    ) throws(BenchError) -> [(String, String, UInt16)] {
        let clock = MonotonicClock.system
        let until = clock.nanoseconds() + patience
        while clock.nanoseconds() < until {
            let isRunning = household.children.isRunning(process)
            let events = events(log)
            if events.contains(where: { $0["event"]?.string == "started" }) {
                return events.compactMap { event in
                    guard event["event"]?.string == "listening",
                        let transport = event["transport"]?.string,
                        let host = event["host"]?.string,
                        let port = event["port"]?.int.flatMap(UInt16.init(exactly:))
                    else { return nil }
                    return (transport, host, port)
                }
            }
            guard isRunning else { break }
            usleep(5_000)
        }
        throw BenchError("the server did not start: \(tail(log))")
    }

    private static func events(_ log: String) -> [JSONValue] {
        let bytes = (try? SmallFile.read(log)) ?? []
        return bytes.split(separator: 0x0A).compactMap { try? JSONValue(Array($0).span) }
    }

    /// The last line of a log, for messages.
    static func tail(_ log: String) -> String {
        let bytes = (try? SmallFile.read(log)) ?? []
        return bytes.split(separator: 0x0A).last
            .map { String(decoding: $0.suffix(500), as: UTF8.self) } ?? "it says nothing"
    }
}
