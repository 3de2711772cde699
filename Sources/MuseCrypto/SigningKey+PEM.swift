// The cryptography room: signing keys as files hold them, PKCS #8 in PEM (RFC 5958, RFC 8410, RFC
// 7468). Called by the key ring.
internal import CSodium

extension SigningKey {
    /// What comes before the seed in the DER of an Ed25519 key (RFC 8410 section 7): version 0, the
    /// algorithm 1.3.101.112, an octet string within an octet string.
    private static let derHead: [UInt8] = [
        0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ]
    private static let pemHead = Array("-----BEGIN PRIVATE KEY-----\n".utf8)
    private static let pemFoot = Array("\n-----END PRIVATE KEY-----\n".utf8)
    /// 48 bytes of DER are one line of 64 characters, without padding.
    private static let lineBytes = 64

    /// Reads a key: exactly the text that `pem` gives and that OpenSSL writes; the last line feed
    /// may lack. Nothing else is taken: no second key, no attributes, no text around it, no other
    /// line length.
    /// - Throws: KeyError.malformedPEM.
    package init(pem: Span<UInt8>) throws(KeyError) {
        let head = Self.pemHead.count
        let whole = head + Self.lineBytes + Self.pemFoot.count
        guard pem.count == whole || pem.count == whole - 1 else { throw .malformedPEM }
        for index in 0..<head where pem[index] != Self.pemHead[index] { throw .malformedPEM }
        for index in (head + Self.lineBytes)..<pem.count
        where pem[index] != Self.pemFoot[index - head - Self.lineBytes] {
            throw .malformedPEM
        }
        var der = [UInt8](repeating: 0, count: 48)
        defer { der.wipe() }
        var count = 0
        let line = pem.extracting(head..<(head + Self.lineBytes))
        let result = unsafe line.withCharacters { line, length in
            unsafe sodium_base642bin(
                &der, 48, line, length, nil, &count, nil, sodium_base64_VARIANT_ORIGINAL)
        }
        guard result == 0, count == 48, der.starts(with: Self.derHead) else { throw .malformedPEM }
        try self.init(seed: der.span.extracting(16..<48))
    }

    /// Reads a key; see `init(pem: Span<UInt8>)`, whose caller can wipe the text.
    /// - Throws: KeyError.malformedPEM.
    package init(pem: String) throws(KeyError) {
        try self.init(pem: pem.utf8.span)
    }

    /// Lends the key's PEM, which is wiped after: three lines, the last ended by a line feed too.
    package func withPEM<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        // Reserved whole, so that no growth leaves a copy behind.
        var der: [UInt8] = []
        der.reserveCapacity(48)
        der.append(contentsOf: Self.derHead)
        defer { der.wipe() }
        withSeed { seed in
            for index in seed.indices { der.append(seed[index]) }
        }
        var line = [CChar](repeating: 0, count: Self.lineBytes + 1)
        defer { for index in line.indices { line[index] = 0 } }
        unsafe sodium_bin2base64(
            &line, line.count, der, der.count, sodium_base64_VARIANT_ORIGINAL)
        var pem: [UInt8] = []
        pem.reserveCapacity(Self.pemHead.count + Self.lineBytes + Self.pemFoot.count)
        defer { pem.wipe() }
        pem.append(contentsOf: Self.pemHead)
        for index in 0..<Self.lineBytes { pem.append(UInt8(bitPattern: line[index])) }
        pem.append(contentsOf: Self.pemFoot)
        return try body(pem.span)
    }

    /// The key's PEM as a text, which nobody can wipe: for tools and tests; `withPEM` elsewhere.
    package var pem: String {
        withPEM { pem in String(decoding: pem.array, as: UTF8.self) }
    }
}
