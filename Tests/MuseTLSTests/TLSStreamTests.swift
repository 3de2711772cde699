// Two streams that talk to each other through memory.
import Glibc
import MuseTLS
import Spawning
import Testing

@Suite struct TLSStreamTests {
    /// Both ends of a connection, and what each has heard.
    final class Pair {
        let server: TLSStream
        let client: TLSStream
        var heardByServer: [UInt8] = []
        var heardByClient: [UInt8] = []

        init(_ files: Certificate, roots: String? = nil, host: String = "muse.test") throws {
            server = try TLSStream(
                server: try TLSServerContext(
                    certificateFile: files.certificate, keyFile: files.key))
            client = try TLSStream(
                client: try TLSClientContext(rootsFile: roots ?? files.certificate), host: host)
            client.start()
        }

        /// Carries what each has for the other, in pieces of at most `piece` bytes, until both are
        /// silent.
        func carry(piece: Int = .max) {
            while client.unsent + server.unsent > 0 {
                Self.move(client, server, piece, &heardByServer)
                Self.move(server, client, piece, &heardByClient)
            }
        }

        private static func move(
            _ from: TLSStream, _ to: TLSStream, _ piece: Int, _ heard: inout [UInt8]
        ) {
            let bytes = unsafe from.withUnsent { unsafe Array($0.prefix(piece)) }
            from.advance(bytes.count)
            guard !bytes.isEmpty else { return }
            var plain = [UInt8](repeating: 0, count: bytes.count + TLSStream.recordBytesMax)
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe plain.withUnsafeMutableBytes { unsafe to.receive(bytes, into: $0) }
            }
            heard += plain[..<count]
        }

        func say(_ bytes: [UInt8], from stream: TLSStream) -> Int {
            unsafe bytes.withUnsafeBytes { unsafe stream.write($0) }
        }
    }

    @Test func `what is said on one side is heard on the other, and the end is told`() throws {
        let pair = try Pair(try Certificate())
        pair.carry()
        #expect(pair.client.state == .open && pair.server.state == .open)
        #expect(pair.say(Array("ping\n".utf8), from: pair.client) == 5)
        #expect(pair.say(Array("pong\n".utf8), from: pair.server) == 5)
        pair.carry()
        #expect(pair.heardByServer == Array("ping\n".utf8))
        #expect(pair.heardByClient == Array("pong\n".utf8))
        pair.client.end()
        pair.carry()
        #expect(pair.server.state == .ended)
        #expect(pair.say(Array("last".utf8), from: pair.server) == 4)
    }

    @Test(arguments: [1, 2, 3, 5, 7, 100, 1_000])
    func `ciphertext that drips in is the same`(piece: Int) throws {
        let pair = try Pair(try Certificate())
        pair.carry(piece: piece)
        let text = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let some = piece < 100 ? Array(text.prefix(1_000)) : text
        #expect(pair.say(some, from: pair.client) == some.count)
        pair.carry(piece: piece)
        #expect(pair.heardByServer == some)
    }

    @Test func `a certificate for another name is refused`() throws {
        let pair = try Pair(try Certificate(), host: "other.test")
        pair.carry()
        guard case .failed(let error) = pair.client.state else {
            Issue.record("it was believed")
            return
        }
        #expect(error.reason.contains("ostname mismatch"))
        #expect(pair.server.state != .open || pair.heardByServer.isEmpty)
    }

    @Test func `an address is verified as an address`() throws {
        let good = try Pair(try Certificate(), host: "127.0.0.1")
        good.carry()
        #expect(good.client.state == .open)
        let bad = try Pair(try Certificate(), host: "127.0.0.2")
        bad.carry()
        #expect(bad.client.state != .open)
    }

    @Test func `a certificate that no root has signed is refused`() throws {
        let other = try Certificate()
        let pair = try Pair(try Certificate(), roots: other.certificate)
        pair.carry()
        #expect(pair.client.state != .open)
    }

    @Test func `bytes that are no TLS fail, and stay failed`() throws {
        let files = try Certificate()
        let stream = try TLSStream(
            server: try TLSServerContext(certificateFile: files.certificate, keyFile: files.key))
        let bytes = Array("{\"jsonrpc\":\"2.0\"}\n".utf8)
        var plain = [UInt8](repeating: 0, count: bytes.count + TLSStream.recordBytesMax)
        for _ in 0..<2 {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe plain.withUnsafeMutableBytes { unsafe stream.receive(bytes, into: $0) }
            }
            #expect(count == 0)
            guard case .failed = stream.state else {
                Issue.record("it goes on")
                return
            }
        }
        #expect(unsafe bytes.withUnsafeBytes { unsafe stream.write($0) } == 0)
    }

    @Test func `a key that does not fit the certificate, or a missing file, is named`() throws {
        let one = try Certificate()
        let other = try Certificate()
        #expect(throws: TLSError.self) {
            try TLSServerContext(certificateFile: one.certificate, keyFile: other.key)
        }
        let error = #expect(throws: TLSError.self) {
            try TLSServerContext(certificateFile: one.folder + "/none.pem", keyFile: one.key)
        }
        #expect(error?.reason.contains("none.pem") == true)
    }
}

/// A certificate of a test's own for `muse.test` and 127.0.0.1, made by the `openssl` command.
final class Certificate {
    let folder: String
    var certificate: String { folder + "/certificate.pem" }
    var key: String { folder + "/key.pem" }

    init() throws {
        var template = Array("/tmp/muse-tls-XXXXXX".utf8CString)
        let made = unsafe mkdtemp(&template)
        try #require(unsafe made != nil)
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try SelfSigned.make(
            certificate: certificate, key: key, names: "IP:127.0.0.1,DNS:muse.test")
    }

    deinit {
        _ = unsafe unlink(certificate)
        _ = unsafe unlink(key)
        _ = unsafe rmdir(folder)
    }
}

extension String {
    fileprivate func contains(_ part: String) -> Bool {
        var rest = self[...]
        while !rest.isEmpty {
            if rest.hasPrefix(part) { return true }
            rest = rest.dropFirst()
        }
        return part.isEmpty
    }
}
