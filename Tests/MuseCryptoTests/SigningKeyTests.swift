// Keys and signatures: the vectors of RFC 8032 and RFC 8037, strictness, and the form of key files.
internal import MuseBase
internal import MuseCrypto
internal import MuseJSON
internal import Testing

@Suite struct SigningKeyTests {
    /// Seed, public key, message, signature: RFC 8032 section 7.1.
    static let vectors: [[String]] = [
        [
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                + "d25bf5f0595bbe24655141438e7a100b",
        ],
        [
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
                + "387b2eaeb4302aeeb00d291612bb0c00",
        ],
        [
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
                + "4a7c15e9716ed28dc027beceea1ec40a",
        ],
        [
            "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
            "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
                + "454d4423643ce80e2a9ac94fa54ca49f",
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
                + "3dca179c138ac17ad9bef1177331a704",
        ],
    ].map { $0.map { String($0) } }

    @Test("the vectors of RFC 8032 hold", arguments: vectors)
    func vector(_ vector: [String]) throws {
        let key = try SigningKey(seed: hex(vector[0]).span)
        let message = hex(vector[2])
        #expect(key.publicKey == hex(vector[1]))
        #expect(key.signature(message) == hex(vector[3]))
        let verifying = try VerifyingKey(publicKey: hex(vector[1]).span)
        #expect(verifying.holds(hex(vector[3]), message))
        #expect(!verifying.holds(hex(vector[3]), message + [0]))
    }

    @Test("the key, thumbprint and signature of RFC 8037 appendix A hold")
    func rfc8037() throws {
        let seed = try #require(
            fromBase64URL("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
        let key = try SigningKey(seed: seed.span)
        #expect(
            base64url(key.publicKey) == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
        #expect(key.keyID == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
        let input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
        #expect(
            base64url(key.signature(Array(input.utf8)))
                == "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        )
    }

    @Test("the id of a new key is no option on a command line")
    func keyIDsOnCommandLines() {
        let ids = (0..<500).map { _ in SigningKey.generate().keyID }
        #expect(ids.allSatisfy { $0.utf8.count == 43 && !$0.hasPrefix("-") })
        // One in 64 would begin so.
        #expect(Set(ids).count == 500 && ids.contains { $0.dropFirst().contains("-") })
    }

    @Test("a JWK shows the public parts alone")
    func jwk() throws {
        let bench = try Bench()
        let old = SigningKey.generate()
        var json = JSONWriter()
        KeySet(signing: bench.key, verifying: [old.verifying, bench.key.verifying]).write(
            into: &json)
        let keys = try JSONValue(json.string())["keys"]?.array ?? []
        #expect(keys.map { $0["kid"]?.string } == [bench.key.keyID, old.keyID])
        for (key, value) in zip(keys, [bench.key, old]) {
            #expect(key.members?.map(\.name) == ["kty", "crv", "use", "alg", "kid", "x"])
            #expect(key["x"]?.string == base64url(value.publicKey))
        }
    }

    // MARK: Strictness

    /// The eight points of small order, and forms of them that are not canonical.
    static let smallOrder: [String] = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ]

    @Test("a public key of small order is no key", arguments: smallOrder)
    func smallOrderKey(_ text: String) {
        #expect(throws: KeyError.unusablePublicKey) {
            try VerifyingKey(publicKey: hex(text).span)
        }
    }

    @Test("a signature whose R is of small order is refused, though the equation holds")
    func smallOrderSignature() throws {
        let key = try Bench().key
        // R is the neutral element and S is k * a: made for this key and message by its holder. A
        // verifier that checks the equation alone takes it (OpenSSL does).
        let signature = hex(
            "0100000000000000000000000000000000000000000000000000000000000000"
                + "921b5738c4a38518024f70f05cf0aa0054bd950bd4d7dd8836580875391d9904")
        #expect(!key.verifying.holds(signature, Array("any".utf8)))
    }

    @Test("a public key that is no point, or none of the main group, is no key")
    func offCurve() throws {
        let good = try Bench().key.publicKey
        #expect(throws: KeyError.unusablePublicKey) {
            try VerifyingKey(publicKey: ([2] + [UInt8](repeating: 0, count: 31)).span)
        }
        #expect(throws: KeyError.unusablePublicKey) {
            try VerifyingKey(publicKey: good.span.extracting(0..<31))
        }
        #expect(throws: KeyError.unusablePublicKey) {
            try VerifyingKey(publicKey: (good + [0]).span)
        }
        #expect(throws: KeyError.unusablePublicKey) { try VerifyingKey(publicKey: [UInt8]().span) }
    }

    @Test("a signature with the group's order added to its S is refused")
    func malleable() throws {
        let key = try Bench().key
        let message = Array("once".utf8)
        let signature = key.sign(message.span)
        let order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
        var twin = signature
        var carry = 0
        for index in 0..<32 {
            let sum = Int(twin[32 + index]) + Int(order[index]) + carry
            twin[32 + index] = UInt8(sum & 255)
            carry = sum >> 8
        }
        #expect(carry == 0)
        #expect(key.verifying.holds(signature, message))
        #expect(!key.verifying.holds(twin, message))
    }

    @Test("a signature altered in any bit, or of another length, is refused")
    func alteredSignature() throws {
        let key = try Bench().key
        let text = Array("text".utf8)
        let signature = key.signature(text)
        for bit in 0..<512 {
            var altered = signature
            altered[bit >> 3] ^= 1 << UInt8(bit & 7)
            #expect(!key.verifying.holds(altered, text))
        }
        for length in [0, 1, 32, 63] {
            #expect(!key.verifying.holds(Array(signature[..<length]), text))
        }
        #expect(!key.verifying.holds(signature + [0], text))
    }

    // MARK: Files

    /// The example of RFC 8410 section 10.3.
    static let pem = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
        -----END PRIVATE KEY-----

        """

    @Test("the key of RFC 8410 is read and written again")
    func pemRoundTrip() throws {
        let key = try SigningKey(pem: Self.pem)
        #expect(base64url(key.publicKey) == "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE")
        #expect(key.pem == Self.pem)
        #expect(try SigningKey(pem: String(Self.pem.dropLast())).keyID == key.keyID)
        let other = SigningKey.generate()
        #expect(try SigningKey(pem: other.pem).publicKey == other.publicKey)
    }

    static let badFiles: [String] = [
        "", "\n", String(pem.dropLast(2)), pem + "\n", "\n" + pem, " " + pem, pem + pem,
        pem.replacing("\n", with: "\r\n"), pem.replacing("PRIVATE", with: "PUBLIC"),
        pem.replacing("MC4C", with: "MC5C"), pem.replacing("MC4C", with: " MC4"),
        pem.replacing("MC4CAQAw", with: "MC4CAQEw"), pem.replacing("VhC", with: "Vh="),
        pem.replacing("+K06", with: "-K06"), pem.replacing("MC4C", with: "MC4\n"),
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        """
        -----BEGIN PRIVATE KEY-----
        MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
        oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB
        Z9w7lshQhqowtrbLDFw4rXAxZuE=
        -----END PRIVATE KEY-----

        """,
    ]

    @Test("a key file of any other form is refused", arguments: badFiles)
    func badFile(_ text: String) {
        #expect(throws: KeyError.malformedPEM) { try SigningKey(pem: text) }
    }

    @Test("a seed of another length is refused", arguments: [0, 31, 33, 64])
    func badSeed(_ count: Int) {
        #expect(throws: KeyError.wrongLength) {
            try SigningKey(seed: [UInt8](repeating: 1, count: count).span)
        }
    }

    @Test("a signing key shows nothing of its secret")
    func shownSecret() throws {
        let key = try Bench().key
        var shown = ""
        dump(key, to: &shown)
        // The first bytes of the seed and of the public key; the latter shows that the test sees
        // bytes at all.
        #expect(!shown.contains("157"))
        #expect(shown.contains("215"))
    }
}
