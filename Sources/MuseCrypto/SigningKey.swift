// The cryptography room: Ed25519 keys (RFC 8032) by libsodium, and their ids (RFC 7638, RFC 8037).
// Called by the key ring, which keeps them in files, and by the tokens.
internal import CSodium
internal import MuseBase
package import MuseJSON

/// Why bytes are no key.
package enum KeyError: Error, Equatable, Sendable {
    /// Not the text that `SigningKey.pem` gives.
    case malformedPEM
    /// A public key that has another length than 32, is no canonical point of the curve's main
    /// group, or is of small order.
    case unusablePublicKey
    /// A seed of another length than 32.
    case wrongLength
}

/// An Ed25519 key that verifies.
package struct VerifyingKey: Sendable, Equatable {
    /// The public key's 32 bytes (RFC 8032 section 5.1.5).
    package let publicKey: [UInt8]
    /// The key's id: its JWK thumbprint (RFC 7638) by SHA-256, 43 characters of base64url.
    package let keyID: String

    /// From the 32 bytes of a public key.
    /// - Throws: KeyError.unusablePublicKey.
    package init(publicKey: Span<UInt8>) throws(KeyError) {
        Sodium.prepare()
        let isPoint = unsafe publicKey.withPointer { bytes, count in
            unsafe count == 32 && crypto_core_ed25519_is_valid_point(bytes) == 1
        }
        guard isPoint else { throw .unusablePublicKey }
        self.publicKey = publicKey.array
        keyID = Self.thumbprint(publicKey)
    }

    /// Whether `signature` is one of `message` by this key.
    ///
    /// Strict, as libsodium has it: S is below the group's order (no malleable signature), R is not
    /// of small order and is compared as bytes (so only its canonical form is taken), the public
    /// key is canonical and not of small order. `init` asks besides that the key lies in the main
    /// group.
    package func verifies(_ signature: Span<UInt8>, of message: Span<UInt8>) -> Bool {
        guard signature.count == 64 else { return false }
        return unsafe signature.withPointer { signature, _ in
            unsafe message.withPointer { message, count in
                unsafe publicKey.span.withPointer { key, _ in
                    unsafe crypto_sign_verify_detached(signature, message, UInt64(count), key) == 0
                }
            }
        }
    }

    /// Appends the key as a JWK (RFC 7517, RFC 8037): public members only.
    package func write(into json: inout JSONWriter) {
        json.raw("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"use\":\"sig\",\"alg\":\"EdDSA\",\"kid\":")
        json.string(keyID)
        json.raw(",\"x\":")
        json.string(Base64URL.encode(publicKey.span))
        json.byte(UInt8(ascii: "}"))
    }

    /// RFC 7638 section 3: the required members alone, in the order of their names, without white
    /// space.
    private static func thumbprint(_ publicKey: Span<UInt8>) -> String {
        var text = Array("{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"".utf8)
        Base64URL.append(publicKey, to: &text)
        text.append(contentsOf: "\"}".utf8)
        return Base64URL.encode(SHA256.digest(of: text).span)
    }
}

/// An Ed25519 key that signs.
package struct SigningKey: Sendable {
    /// libsodium's form: the seed, then the public key.
    private let secret: SecretBytes
    /// Its public half.
    package let verifying: VerifyingKey

    package var keyID: String { verifying.keyID }
    package var publicKey: [UInt8] { verifying.publicKey }

    /// A new random key, whose id does not begin with a dash: a command line would take it for an
    /// option.
    package static func generate() -> SigningKey {
        while true {
            let seed = SecretBytes(randomCount: 32)
            // Every seed has a public key in the main group: RFC 8032 section 5.1.5 clamps the
            // scalar.
            let key = try? seed.withSpan { seed throws(KeyError) in try SigningKey(seed: seed) }
            if let key, !key.keyID.hasPrefix("-") { return key }
        }
    }

    /// From the 32 bytes of a seed, which RFC 8032 calls the private key.
    /// - Throws: KeyError.wrongLength.
    package init(seed: Span<UInt8>) throws(KeyError) {
        guard seed.count == 32 else { throw .wrongLength }
        Sodium.prepare()
        var publicKey = [UInt8](repeating: 0, count: 32)
        var secret = [UInt8](repeating: 0, count: 64)
        defer { secret.wipe() }
        _ = unsafe seed.withPointer { seed, _ in
            unsafe crypto_sign_seed_keypair(&publicKey, &secret, seed)
        }
        verifying = try VerifyingKey(publicKey: publicKey.span)
        self.secret = SecretBytes(copying: secret.span)
    }

    /// The signature of `message`: 64 bytes, the same for the same message.
    package func sign(_ message: Span<UInt8>) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: 64)
        _ = unsafe message.withPointer { message, count in
            secret.withSpan { secret in
                unsafe secret.withPointer { secret, _ in
                    unsafe crypto_sign_detached(&signature, nil, message, UInt64(count), secret)
                }
            }
        }
        return signature
    }

    /// Lends the seed.
    func withSeed<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        try secret.withSpan { secret throws(E) in try body(secret.extracting(0..<32)) }
    }
}
