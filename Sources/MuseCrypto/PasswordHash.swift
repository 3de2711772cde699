// The cryptography room: Argon2id (RFC 9106) by libsodium. Called on the hash pool's threads only:
// one hash takes some 20 ms and 19 MiB.
internal import CSodium

/// What a password hash costs.
package struct PasswordParameters: Sendable, Equatable {
    /// Passes over the memory (Argon2's t).
    package var opsLimit: Int
    /// The memory, in KiB (Argon2's m).
    package var memoryKiB: Int

    /// Argon2id, 19 MiB, two passes, one lane, by default: the least that OWASP's guidance asks
    /// for.
    package init(opsLimit: Int = 2, memoryKiB: Int = 19_456) {
        self.opsLimit = opsLimit
        self.memoryKiB = memoryKiB
    }

    /// Whether libsodium takes them: at least one pass and 8 KiB, at most 2^32 - 1 passes and 4
    /// GiB.
    package var isUsable: Bool {
        opsLimit >= 1 && opsLimit <= Int(UInt32.max) && memoryKiB >= 8 && memoryKiB < 1 << 22
    }
}

/// Why no hash was made.
package enum PasswordHashError: Error, Equatable, Sendable {
    /// The memory could not be had (crypto_pwhash_str(3) failed).
    case outOfMemory
    /// The parameters are out of libsodium's range.
    case unusableParameters
}

/// Hashes of passwords, as text that holds the algorithm, its parameters and the salt
/// (`$argon2id$v=19$m=19456,t=2,p=1$...`).
package enum PasswordHash {
    /// A new hash, with a new salt. The password is read where it stands; no copy of it is kept.
    /// - Throws: PasswordHashError.
    package static func make(
        _ password: Span<UInt8>, parameters: PasswordParameters = PasswordParameters()
    ) throws(PasswordHashError) -> String {
        guard parameters.isUsable else { throw .unusableParameters }
        Sodium.prepare()
        var text = [CChar](repeating: 0, count: Int(crypto_pwhash_STRBYTES))
        let result = unsafe password.withCharacters { password, count in
            unsafe crypto_pwhash_str(
                &text, password, UInt64(count), UInt64(parameters.opsLimit),
                parameters.memoryKiB << 10)
        }
        guard result == 0 else { throw .outOfMemory }
        return String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether `hash` was made of `password`. Compares in constant time; false for a text that is
    /// no hash of Argon2id, or where the memory could not be had.
    package static func verify(_ hash: String, _ password: Span<UInt8>) -> Bool {
        guard isArgon2id(hash) else { return false }
        Sodium.prepare()
        return unsafe password.withCharacters { password, count in
            unsafe hash.withCString { hash in
                unsafe crypto_pwhash_str_verify(hash, password, UInt64(count)) == 0
            }
        }
    }

    /// Whether `hash` was made with other parameters, or is no hash of ours: it is to be made anew
    /// at the next log-in.
    package static func needsRehash(_ hash: String, parameters: PasswordParameters) -> Bool {
        guard isArgon2id(hash), parameters.isUsable else { return true }
        Sodium.prepare()
        return unsafe hash.withCString { hash in
            unsafe crypto_pwhash_str_needs_rehash(
                hash, UInt64(parameters.opsLimit), parameters.memoryKiB << 10) != 0
        }
    }

    /// A hash that no password has: verified in place of an unknown user's, so that it takes the
    /// same time.
    /// - Throws: PasswordHashError.
    package static func decoy(
        parameters: PasswordParameters = PasswordParameters()
    ) throws(PasswordHashError) -> String {
        try make(SecureRandom.bytes(32).span, parameters: parameters)
    }

    private static func isArgon2id(_ hash: String) -> Bool {
        // A zero byte would end the text early for C, and more than 127 bytes are none of ours.
        hash.hasPrefix("$argon2id$") && hash.utf8.count < Int(crypto_pwhash_STRBYTES)
            && !hash.utf8.contains(0)
    }
}
