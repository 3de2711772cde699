// Tests of the client over TLS, against certificates that hold and that do not.
internal import Foundation
internal import MentalMuseClient
internal import MuseBase
internal import MuseJSON
internal import MuseTLS
internal import Spawning
internal import Testing

/// A certificate of 127.0.0.1 that signs itself.
private struct Certificate {
    let folder = TemporaryFolder()
    var file: String { folder.file("certificate.pem") }
    var key: String { folder.file("key.pem") }

    init(for name: String = "IP:127.0.0.1") throws {
        try SelfSigned.make(certificate: file, key: key, names: name)
    }

    func context() throws -> TLSServerContext {
        try TLSServerContext(certificateFile: file, keyFile: key)
    }
}

@Suite(.timeLimit(.minutes(30)))
struct TLSTests {
    private func client(_ server: FakeServer, trusting file: String) throws -> MentalMuseClient {
        var configuration = ClientConfiguration.quick
        configuration.certificateFile = file
        return try MentalMuseClient(
            "tls://127.0.0.1:\(server.port)", configuration: configuration)
    }

    private func refusal(_ client: MentalMuseClient) async -> ClientError? {
        await failure { () async throws(ClientError) in
            try await client.server.ping(options: CallOptions(waitsForConnection: false))
        }
    }

    @Test func `calls of any size go both ways, over a new connection too`() async throws {
        let certificate = try Certificate()
        let server = try FakeServer(tls: certificate.context()) { request in
            .send(request.result(Sample.post(request.params["body"]?.string ?? "")))
        }
        let client = try client(server, trusting: certificate.file)
        let bodies = (0..<64).map { String(repeating: "\($0) ", count: 2_000) }
        for _ in 0..<2 {
            let answers = try await withThrowingTaskGroup(of: String.self) { group in
                for body in bodies {
                    group.addTask { try await client.posts.create(body: body).body }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(answers == Set(bodies))
            server.hangUp()
        }
        #expect(Set(server.requests.map(\.connection)) == [1, 2])
    }

    @Test func `a certificate that nobody vouches for is refused`() async throws {
        let certificate = try Certificate()
        let other = try Certificate()
        let server = try FakeServer(tls: certificate.context()) { _ in .nothing }
        guard case .notConnected(let why)? = await refusal(try client(server, trusting: other.file))
        else { return #expect(Bool(false)) }
        #expect(why.contains("certificate"))
        #expect(server.requests.isEmpty)
    }

    @Test func `a certificate of another name is refused`() async throws {
        let certificate = try Certificate(for: "DNS:elsewhere.test")
        let server = try FakeServer(tls: certificate.context()) { _ in .nothing }
        guard
            case .notConnected? = await refusal(try client(server, trusting: certificate.file))
        else { return #expect(Bool(false)) }
        #expect(server.requests.isEmpty)
    }

    @Test func `a server that speaks no TLS is told`() async throws {
        let certificate = try Certificate()
        let server = try FakeServer(greeting: { _ in .sendAndClose("HTTP/1.1 400 No\r\n\r\n") }) {
            _ in .nothing
        }
        guard
            case .notConnected? = await refusal(try client(server, trusting: certificate.file))
        else { return #expect(Bool(false)) }
    }

    @Test func `a server that never agrees on keys is left at the connect timeout`() async throws {
        let certificate = try Certificate()
        let server = try FakeServer { _ in .nothing }
        var configuration = ClientConfiguration.quick
        configuration.certificateFile = certificate.file
        configuration.connectTimeout = .milliseconds(50)
        let client = try MentalMuseClient(
            "tls://127.0.0.1:\(server.port)", configuration: configuration)
        #expect(await refusal(client) == .notConnected("No connection could be made in time."))
    }

    @Test func `a file of certificates that cannot be read is told at once`() {
        var configuration = ClientConfiguration()
        configuration.certificateFile = "/nowhere/at/all.pem"
        #expect(throws: ClientError.self) {
            _ = try MentalMuseClient("tls://127.0.0.1:1", configuration: configuration)
        }
    }
}
