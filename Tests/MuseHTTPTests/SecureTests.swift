// Tests of the HTTP room over TLS: what is refused is told as it is without, and the certificate
// changes under connections that go on.
import Foundation
import MentalMuseProtocol
import MuseHTTP
import MuseServer
import MuseTLS
import Spawning
import Testing

struct SecureTests {
    /// A certificate for 127.0.0.1 in a folder of its own.
    private final class Certificate {
        let folder: URL
        var file: String { folder.appending(path: "certificate.pem").path }
        let texts: HTTPCertificate

        init() throws {
            folder = FileManager.default.temporaryDirectory.appending(
                path: "muse-https-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let certificate = folder.appending(path: "certificate.pem")
            let key = folder.appending(path: "key.pem")
            try SelfSigned.make(
                certificate: certificate.path, key: key.path, names: "IP:127.0.0.1")
            texts = HTTPCertificate(
                chain: try String(contentsOf: certificate, encoding: .utf8),
                key: try String(contentsOf: key, encoding: .utf8))
        }

        deinit {
            try? FileManager.default.removeItem(at: folder)
        }
    }

    private static func house(
        _ certificate: Certificate, lineBytesMax: Int = 1 << 20
    ) throws -> HTTPHouse {
        try HTTPHouse { configuration, http in
            http.certificate = certificate.texts
            configuration.limits.lineBytesMax = lineBytesMax
        }
    }

    @Test func `a body over the limit is refused, and the refusal arrives`() throws {
        let certificate = try Certificate()
        let house = try Self.house(certificate, lineBytesMax: 2_048)
        let space = String(repeating: " ", count: 1 << 16)
        let chunk = "10000\r\n" + space + "\r\n"
        let head =
            "POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n"
        // What is thrown away ends within the surplus that is, or does not.
        for count in [1, 20, 64] {
            let client = try house.connect(roots: certificate.file)
            client.send(head + String(repeating: chunk, count: count) + "0\r\n\r\n")
            let answer = try #require(client.read(), "\(count) chunks")
            #expect(answer.status == 413 && answer.code == -32050)
            #expect(answer["Content-Type"] == "application/problem+json")
        }
        let announced = try house.connect(roots: certificate.file)
        announced.send(HTTPClient.request("POST", "/rpc", body: space))
        #expect(announced.read()?.status == 413)
    }

    @Test func `a query of too many items is refused in words`() throws {
        let certificate = try Certificate()
        let house = try Self.house(certificate)
        let client = try house.connect(roots: certificate.file)
        let answer = client.ask("GET", "/posts?" + String(repeating: "a=1&", count: 1_000))
        #expect(answer?.status == 414 && answer?.reason == "target_too_long")
        #expect(client.isClosed())
    }

    @Test(arguments: RawTests.ambiguous)
    func `a request with two meanings is refused, and no second one is run`(bytes: String) throws {
        let certificate = try Certificate()
        let house = try Self.house(certificate)
        let client = try house.connect(roots: certificate.file)
        client.send(bytes + "GET /ping HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(client.read()?.status == 400)
        #expect(client.isClosed())
    }

    @Test func `a new certificate is for new connections, and the old ones go on`() throws {
        let (first, second) = (try Certificate(), try Certificate())
        let house = try Self.house(first)
        let old = try house.connect(roots: first.file)
        #expect(old.ask("GET", "/ping")?.status == 200)
        #expect(second.texts.fault == nil)
        house.http.replace(second.texts)
        // One for each worker at least.
        for _ in 0..<8 {
            let new = try house.connect(roots: second.file)
            #expect(new.ask("GET", "/ping")?.status == 200)
            #expect(throws: TLSError.self) { try house.connect(roots: first.file) }
        }
        #expect(old.ask("GET", "/ping")?.status == 200)
        house.http.replace(first.texts)
        #expect(try house.connect(roots: first.file).ask("GET", "/ping")?.status == 200)
        #expect(old.ask("GET", "/ping")?.status == 200)
    }

    @Test func `a pair that does not fit, or is none, has a fault`() throws {
        let (one, other) = (try Certificate().texts, try Certificate().texts)
        #expect(one.fault == nil)
        #expect(HTTPCertificate(chain: one.chain, key: other.key).fault != nil)
        #expect(HTTPCertificate(chain: one.chain, key: "no key\n").fault != nil)
        #expect(HTTPCertificate(chain: "", key: one.key).fault != nil)
    }
}
