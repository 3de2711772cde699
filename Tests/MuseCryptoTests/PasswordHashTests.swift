// Password hashes, with parameters so small that a test takes no time; keyed hashes; secrets.
internal import MuseBase
internal import MuseCrypto
internal import Testing

@Suite struct PasswordHashTests {
    let small = PasswordParameters(opsLimit: 1, memoryKiB: 8)

    @Test(
        "a password verifies against its own hash and no other",
        arguments: [
            "correct horse", "", "pass\u{0}word", "Ünïcödé ✓", String(repeating: "x", count: 256),
        ])
    func roundTrip(_ text: String) throws {
        let password = Array(text.utf8)
        let hash = try makeHash(password, small)
        #expect(hash.hasPrefix("$argon2id$v=19$m=8,t=1,p=1$"))
        #expect(verifies(hash, password))
        #expect(!verifies(hash, password + [0x21]))
        #expect(!verifies(hash, password + [0]))
        if !password.isEmpty { #expect(!verifies(hash, Array(password.dropLast()))) }
    }

    @Test("two hashes of one password differ")
    func salted() throws {
        let password = Array("same".utf8)
        let first = try makeHash(password, small)
        let second = try makeHash(password, small)
        #expect(second != first)
    }

    @Test("a hash is made anew when the parameters have changed, and only then")
    func rehash() throws {
        let hash = try makeHash([0x70], small)
        #expect(!PasswordHash.needsRehash(hash, parameters: small))
        #expect(
            PasswordHash.needsRehash(
                hash, parameters: PasswordParameters(opsLimit: 2, memoryKiB: 8)))
        #expect(
            PasswordHash.needsRehash(
                hash, parameters: PasswordParameters(opsLimit: 1, memoryKiB: 9)))
        #expect(PasswordHash.needsRehash("", parameters: small))
    }

    @Test("the default is 19 MiB, two passes, one lane")
    func defaults() throws {
        let hash = try makeHash([0x70], PasswordParameters())
        #expect(hash.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
        #expect(verifies(hash, Array("p".utf8)))
    }

    @Test("what is no hash of Argon2id verifies nothing")
    func noHash() throws {
        let hash = try makeHash([0x70], small)
        for text in [
            "", "$argon2id$", "p", hash + "x", hash + "\0", String(hash.dropLast()),
            hash.replacing("argon2id", with: "argon2i"), hash.replacing("t=1", with: "t=0"),
            hash.replacing("m=8,", with: "m=9,"), String(repeating: "$argon2id$", count: 100),
        ] {
            #expect(!verifies(text, Array("p".utf8)), "\(text)")
        }
    }

    @Test(
        "parameters out of range are refused",
        arguments: [(0, 8), (1, 7), (-1, 19_456), (1, -8), (1, 1 << 40), (1 << 40, 8)])
    func badParameters(_ ops: Int, _ memory: Int) {
        #expect(throws: PasswordHashError.unusableParameters) {
            try makeHash([0x70], PasswordParameters(opsLimit: ops, memoryKiB: memory))
        }
    }

    @Test("a decoy looks like any hash and verifies nothing")
    func decoy() throws {
        let decoy = try PasswordHash.decoy(parameters: small)
        #expect(!PasswordHash.needsRehash(decoy, parameters: small))
        #expect(!verifies(decoy, Array("".utf8)))
    }
}

@Suite struct KeyedHashTests {
    @Test("the keyed hash is BLAKE2b's, by its known answer")
    func knownAnswer() {
        // Key 00 to 1f; of no message, and of 00 to c7; made with another implementation.
        let key = secret(Array(0..<32))
        let digest = KeyedHash(key: key).of([])
        #expect(
            digest.bytes == hex("4e51e7a913fc80137da52880fecca175bf81e117d5c68126dc2774033517ea0d"))
        let longer = KeyedHash(key: key).of(Array(0..<200))
        #expect(
            longer.bytes == hex("a39ff6e7e838226fd50e24a55375ff3a39419fd93e32cc463f3f74323291c425"))
    }

    @Test("another key or another message gives another hash")
    func differs() {
        let (one, two) = (KeyedHash.random(), KeyedHash.random())
        #expect(one.of(Array("a".utf8)) == one.of(Array("a".utf8)))
        #expect(one.of(Array("a".utf8)) != one.of(Array("b".utf8)))
        #expect(one.of(Array("a".utf8)) != two.of(Array("a".utf8)))
    }

    @Test("bytes are equal only in length and every place")
    func constantTime() {
        let bytes = SecureRandom.bytes(40)
        #expect(areEqual(bytes, bytes))
        #expect(areEqual([UInt8](), [UInt8]()))
        #expect(!areEqual(bytes, Array(bytes.dropLast())))
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 0x80
            #expect(!areEqual(bytes, other))
        }
    }

    @Test("random bytes differ from call to call")
    func random() {
        #expect(SecureRandom.bytes(32) != SecureRandom.bytes(32))
        #expect(SecureRandom.bytes(0).isEmpty)
        #expect(SecureRandom.source.uint64() != SecureRandom.source.uint64())
    }

    @Test("a secret shows nothing, and wiped bytes are nought")
    func secrets() {
        let secret = MuseCryptoTests.secret(Array("hunter2hunter2".utf8))
        #expect("\(secret)" == "(secret)")
        var shown = ""
        dump(secret, to: &shown)
        #expect(!shown.contains("104"))
        #expect(secret.count == 14)
        var bytes = Array("hunter2".utf8)
        bytes.wipe()
        #expect(bytes == [UInt8](repeating: 0, count: 7))
    }
}
