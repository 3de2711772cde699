// The cryptography room: hashes that only the holder of a key can make. Called for idempotency
// records and by the token cache, which keep a hash where they must not keep what was hashed.
internal import CSodium

/// BLAKE2b with a key (RFC 7693; crypto_generichash(3)), 32 bytes.
package struct KeyedHash: Sendable {
    /// How long a key is, in bytes.
    package static let keyBytes = 32

    private let key: SecretBytes

    /// With a key of 32 bytes.
    package init(key: SecretBytes) {
        precondition(key.count == Self.keyBytes, "a key of a keyed hash has 32 bytes")
        Sodium.prepare()
        self.key = key
    }

    /// With a new random key: for what does not outlive the process.
    package static func random() -> KeyedHash {
        KeyedHash(key: SecretBytes(randomCount: keyBytes))
    }

    /// The hash of `message`. No heap.
    package func digest(of message: Span<UInt8>) -> Digest {
        var digest = Digest()
        let result = unsafe withUnsafeMutableBytes(of: &digest) { out in
            unsafe message.withPointer { message, count in
                key.withSpan { key in
                    unsafe key.withPointer { key, keyCount in
                        guard let out = out.baseAddress else { return Int32(-1) }
                        return unsafe crypto_generichash(
                            out.assumingMemoryBound(to: UInt8.self), MemoryLayout<Digest>.size,
                            message, UInt64(count), key, keyCount)
                    }
                }
            }
        }
        precondition(result == 0, "crypto_generichash refused fixed lengths")
        return digest
    }
}

/// The 32 bytes of a hash, by value. Not for comparing secrets: `==` stops at the first difference.
package struct Digest: Hashable, Sendable {
    /// Eight bytes each, in the order of memory.
    package private(set) var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    package init() {}

    /// The bytes, in order.
    package var bytes: [UInt8] {
        unsafe withUnsafeBytes(of: words) { unsafe [UInt8]($0) }
    }

    package static func == (a: Digest, b: Digest) -> Bool {
        a.words == b.words
    }

    package func hash(into hasher: inout Hasher) {
        // The bytes are uniform already: eight of them are as good as all.
        hasher.combine(words.0)
    }
}

/// SHA-256 (FIPS 180-4; crypto_hash_sha256(3)), for what a standard names by it.
package enum SHA256 {
    /// The 32 bytes of a message's hash.
    package static func digest(of message: [UInt8]) -> [UInt8] {
        var hash = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        _ = unsafe crypto_hash_sha256(&hash, message, UInt64(message.count))
        return hash
    }
}
