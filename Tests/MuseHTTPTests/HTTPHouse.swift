// A server of a test's own with the real service, and HTTP beside its lines, on ephemeral ports.
import Foundation
import MentalMuseProtocol
import MuseBase
import MuseCrypto
import MuseHTTP
import MuseJSON
import MuseNet
import MuseRPC
import MuseSQL
import MuseSQLite
import MuseServer
import MuseService
import MuseStore

/// Lives as long as the test holds it, or a client of it.
final class HTTPHouse: Sendable {
    let server: Server
    let http: HTTPServer
    private let writer: Writer
    private let folder: URL

    init(
        _ change: (inout ServerConfiguration, inout HTTPConfiguration) -> Void = { _, _ in }
    ) throws {
        folder = FileManager.default.temporaryDirectory.appending(
            path: "muse-http-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var configuration = ServerConfiguration()
        configuration.endpoints = [.tcp(host: "127.0.0.1", port: 0)]
        configuration.log = LogSink { _ in }
        var httpConfiguration = HTTPConfiguration()
        change(&configuration, &httpConfiguration)
        let driver = SQLiteDriver(path: folder.appending(path: "muse.db").path)
        _ = try Migrator(driver).run()
        writer = try Writer(driver) { tx throws(SQLError) in try tx.greatestID() }
        var service = ServiceConfiguration(limits: configuration.limits)
        service.passwords = PasswordParameters(opsLimit: 1, memoryKiB: 8)
        let shared = try ServiceShared(
            configuration: service, writer: writer,
            keys: try KeyRing(
                folder: folder.appending(path: "keys").path, now: WallClock.system.now()),
            hashes: HashPool(threads: 1))
        http = try HTTPServer(
            httpConfiguration, host: "127.0.0.1", port: 0, workers: configuration.workers)
        server = try Server(
            configuration,
            services: { _, _ in
                do {
                    return try Service(shared: shared)
                } catch {
                    fatalError("the database cannot be read: \(error)")
                }
            }, guests: http.guests)
        shared.control = server.control
        server.start()
    }

    deinit {
        let (server, writer, folder) = (server, writer, folder)
        Task {
            await server.shutdown()
            writer.shutdown()
            try? FileManager.default.removeItem(at: folder)
        }
    }

    /// - Parameter roots: a file of certificates to believe; over TLS where it is given.
    func connect(roots: String? = nil) throws -> HTTPClient {
        try HTTPClient(self, roots: roots)
    }

    /// A caller with an account of his own.
    func member(_ name: String) throws -> Member {
        let client = try connect()
        let answer = client.ask(
            "POST", "/users", body: #"{"username":"\#(name)","password":"seven wizards mix"}"#)
        let token = answer?.json["access_token"]?.string ?? ""
        return Member(client: client, token: token, id: answer?.json["user"]?["id"]?.string ?? "")
    }
}

/// Somebody who calls with a token.
struct Member {
    let client: HTTPClient
    let token: String
    let id: String

    func ask(
        _ verb: String, _ path: String, body: String? = nil, _ fields: [String] = []
    ) -> HTTPAnswer? {
        client.ask(verb, path, body: body, fields + ["Authorization: Bearer \(token)"])
    }

    /// A new post's path.
    func post(_ text: String = "Hello.") -> String {
        let answer = ask("POST", "/posts", body: "{\"body\":\"\(text)\"}")
        return answer?["Location"] ?? ""
    }
}
