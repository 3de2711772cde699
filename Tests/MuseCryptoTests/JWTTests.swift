// Tokens: what holds, what has expired, and a table of every way to forge one.
internal import MuseBase
internal import MuseCrypto
internal import Testing

@Suite struct JWTTests {
    let bench: Bench

    init() throws { bench = try Bench() }

    // MARK: What holds

    @Test("an access token is read back as it was signed, with its key")
    func accessRoundTrip() throws {
        let token = bench.accessToken
        let verified = try JWT.verifyAccess(
            token.utf8.span, keys: bench.keys, policy: bench.policy, now: bench.now)
        #expect(verified.claims == bench.access)
        #expect(verified.keyID == bench.key.keyID)
        #expect(token == forge(bench.header, bench.claims(bench.members), bench.key))
    }

    @Test("a refresh token is read back as it was signed")
    func refreshRoundTrip() throws {
        let claims = try JWT.verifyRefresh(
            bench.refreshToken.utf8.span, keys: bench.keys, policy: bench.policy, now: bench.now)
        #expect(claims == bench.refresh)
    }

    @Test("a token of an old key holds as long as the set has the key")
    func oldKey() throws {
        let other = SigningKey.generate()
        let both = KeySet(signing: other, verifying: [bench.key.verifying])
        let token = bench.accessToken
        let verified = try JWT.verifyAccess(
            token.utf8.span, keys: both, policy: bench.policy, now: bench.now)
        #expect(verified.keyID == bench.key.keyID)
        #expect(throws: TokenError.invalid) {
            try JWT.verifyAccess(
                token.utf8.span, keys: KeySet(signing: other), policy: bench.policy, now: bench.now)
        }
    }

    @Test("an issuer with characters that JSON escapes is compared as decoded")
    func escapedIssuer() throws {
        let policy = TokenPolicy(issuer: "a\"b\\c\u{1}é", audience: "x")
        let token = JWT.sign(bench.access, policy: policy, key: bench.key)
        let claims = try JWT.verifyAccess(
            token.utf8.span, keys: bench.keys, policy: policy, now: bench.now
        ).claims
        #expect(claims == bench.access)
        // The same characters to a reader, other bytes: e and a combining accent.
        let twin = TokenPolicy(issuer: "a\"b\\c\u{1}e\u{301}", audience: "x")
        #expect(throws: TokenError.invalid) {
            try JWT.verifyAccess(token.utf8.span, keys: bench.keys, policy: twin, now: bench.now)
        }
    }

    @Test(
        "what the specifications allow is taken",
        arguments: [
            ("nbf", "1800000000"), ("nbf", "0"), ("amr", "[\"pwd\",{\"a\":[1]}]"),
            ("scope", "null"),
            ("iat", "1e9"), ("iat", "1900000000"), ("iat", "1800000000.0"),
        ])
    func allowed(_ name: String, _ value: String) {
        var members = bench.members.filter { $0.0 != name }
        members.append((name, value))
        #expect(bench.outcome(forge(bench.header, bench.claims(members), bench.key)) == nil)
    }

    @Test("a header member that nobody has to understand is ignored")
    func unknownHeader() {
        let header = bench.header.dropLast() + ",\"cty\":\"x\",\"x5t\":[1]}"
        #expect(
            bench.outcome(forge(String(header), bench.claims(bench.members), bench.key)) == nil)
    }

    // MARK: Time

    @Test(
        "a token holds up to the second of its exp, which is the first without",
        arguments: [
            (0, 899, true), (0, 900, false), (0, 10_000, false), (5, 904, true), (5, 905, false),
        ])
    func expiry(_ leeway: Int, _ after: Int, _ holds: Bool) {
        let time = Timestamp(seconds: bench.now.seconds + after)
        let outcome = bench.outcome(bench.accessToken, at: time, leeway: leeway)
        #expect(outcome == (holds ? nil : .expired))
    }

    @Test("the last millisecond before exp is still before it")
    func expiryMillisecond() {
        let time = Timestamp(milliseconds: Int64(bench.access.expiresAt) * 1_000 - 1)
        #expect(bench.outcome(bench.accessToken, at: time) == nil)
        #expect(bench.outcome(bench.accessToken, at: time + 1) == .expired)
    }

    @Test("a token that is not yet to be used is invalid, but for the leeway")
    func notBefore() {
        let token = forge(
            bench.header, bench.claims(bench.members + [("nbf", "1800000003")]), bench.key)
        #expect(bench.outcome(token) == .invalid)
        #expect(bench.outcome(token, leeway: 3) == nil)
        #expect(bench.outcome(token, leeway: 2) == .invalid)
    }

    @Test("expired is said only of a token that is valid in all else")
    func expiredLast() {
        let late = Timestamp(seconds: bench.now.seconds + 100_000)
        #expect(bench.outcome(bench.accessToken, at: late) == .expired)
        for (name, _) in bench.members {
            let token = forge(bench.header, bench.claims(name, "true"), bench.key)
            #expect(bench.outcome(token, at: late) == .invalid)
        }
        let other = SigningKey.generate()
        let forged = forge(bench.header, bench.claims(bench.members), other)
        #expect(bench.outcome(forged, at: late) == .invalid)
        let notYet = forge(
            bench.header, bench.claims(bench.members + [("nbf", "1900000000")]), bench.key)
        #expect(bench.outcome(notYet, at: late) == .invalid)
    }

    @Test("an expired token is read where that is asked for, a forged one never")
    func acceptingExpired() throws {
        let late = Timestamp(seconds: bench.now.seconds + 100_000_000)
        let claims = try JWT.verifyAccess(
            bench.accessToken.utf8.span, keys: bench.keys, policy: bench.policy, now: late,
            acceptingExpired: true
        ).claims
        #expect(claims == bench.access)
        let refresh = try JWT.verifyRefresh(
            bench.refreshToken.utf8.span, keys: bench.keys, policy: bench.policy, now: late,
            acceptingExpired: true)
        #expect(refresh == bench.refresh)
        let forged = forge(bench.header, bench.claims(bench.members), SigningKey.generate())
        #expect(throws: TokenError.invalid) {
            try JWT.verifyAccess(
                forged.utf8.span, keys: bench.keys, policy: bench.policy, now: late,
                acceptingExpired: true)
        }
    }

    // MARK: Forgeries

    @Test("each kind of token is refused in the other's place")
    func swappedKinds() {
        #expect(throws: TokenError.invalid) {
            try JWT.verifyAccess(
                bench.refreshToken.utf8.span, keys: bench.keys, policy: bench.policy, now: bench.now
            )
        }
        #expect(throws: TokenError.invalid) {
            try JWT.verifyRefresh(
                bench.accessToken.utf8.span, keys: bench.keys, policy: bench.policy, now: bench.now)
        }
    }

    @Test("a token altered in any byte, to any of four others, is refused")
    func alteredBytes() {
        for token in [bench.accessToken] {
            let bytes = Array(token.utf8)
            #expect(bench.outcome(token) == nil)
            for index in bytes.indices {
                for other in [
                    UInt8(ascii: "A"), UInt8(ascii: "."), UInt8(ascii: "="), bytes[index] ^ 1,
                ]
                where other != bytes[index] {
                    var altered = bytes
                    altered[index] = other
                    let outcome = bench.outcome(String(decoding: altered, as: UTF8.self))
                    #expect(outcome == .invalid, "byte \(index)")
                }
            }
        }
    }

    @Test("a token with any byte taken out, doubled or the rest cut off is refused")
    func shortened() {
        let bytes = Array(bench.accessToken.utf8)
        for index in bytes.indices {
            var less = bytes
            less.remove(at: index)
            var more = bytes
            more.insert(bytes[index], at: index)
            for altered in [less, more, Array(bytes[..<index])] {
                #expect(bench.outcome(String(decoding: altered, as: UTF8.self)) == .invalid)
            }
        }
    }

    @Test("white space, line feeds, padding and text around a token are refused")
    func surroundings() {
        let token = bench.accessToken
        for bad in [
            " " + token, token + " ", token + "\n", "\t" + token, token + "=", token + "==",
            "." + token, token + ".", token + "." + token, token.replacing(".", with: ".."),
            token.replacing(".", with: ". "), token.replacing(".", with: ""), "Bearer " + token, "",
            ".", "..", "...", "a.b.c", token + "\0", token.uppercased(),
        ] {
            #expect(bench.outcome(bad) == .invalid, "\(bad)")
        }
    }

    @Test("base64url with unused bits set is refused")
    func nonCanonical() throws {
        // 64 bytes of signature leave four unused bits in the last character.
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let token = bench.accessToken
        let last = try #require(token.last)
        let value = try #require(alphabet.firstIndex(of: last))
        #expect(value & 15 == 0)
        for bits in 1..<16 {
            let twin = String(token.dropLast()) + String(alphabet[value | bits])
            #expect(bench.outcome(twin) == .invalid)
        }
        // And in a payload that was signed so.
        let claims = bench.claims(bench.members + [("x", "1")])
        for padded in [claims, claims + " ", claims + "  "] where padded.utf8.count % 3 != 0 {
            let segment = base64url(padded)
            let lastValue = try #require(segment.last.flatMap { alphabet.firstIndex(of: $0) })
            let text =
                base64url(bench.header) + "." + segment.dropLast() + String(alphabet[lastValue | 1])
            let forged = text + "." + Base64URL.encode(bench.key.sign(text.utf8.span).span)
            #expect(bench.outcome(forged) == .invalid)
            #expect(bench.outcome(forge(bench.header, padded, bench.key)) == nil)
        }
    }

    @Test("standard base64 instead of base64url is refused")
    func wrongAlphabet() {
        // `ÿ?` gives both of the characters in which the alphabets differ.
        let claims = bench.claims(bench.members + [("x", "\"ÿ?ÿ>ÿÿ??>>~~\"")])
        let segment = base64url(claims)
        #expect(segment.contains("_") || segment.contains("-"))
        let text =
            base64url(bench.header) + "."
            + segment.replacing("_", with: "/").replacing("-", with: "+")
        let forged = text + "." + Base64URL.encode(bench.key.sign(text.utf8.span).span)
        #expect(bench.outcome(forged) == .invalid)
        #expect(bench.outcome(forge(bench.header, claims, bench.key)) == nil)
    }

    @Test("a token of 4,096 bytes is read, a longer one is not looked at")
    func oversized() throws {
        var filler = 0
        var token = ""
        while token.utf8.count < 4_093 {
            filler += token.utf8.count < 4_000 ? 100 : 1
            let value = "\"" + String(repeating: "x", count: filler) + "\""
            token = forge(bench.header, bench.claims(bench.members + [("x", value)]), bench.key)
        }
        #expect(token.utf8.count <= 4_096)
        #expect(bench.outcome(token) == nil)
        let value = "\"" + String(repeating: "x", count: filler + 4) + "\""
        let longer = forge(bench.header, bench.claims(bench.members + [("x", value)]), bench.key)
        #expect(longer.utf8.count > 4_096)
        #expect(bench.outcome(longer) == .invalid)
        #expect(bench.outcome(String(repeating: "a", count: 1_000_000)) == .invalid)
    }

    @Test("nothing of random bytes is taken, and nothing traps")
    func randomBytes() {
        let random = RandomSource.seeded(11)
        let alphabet = Array("abcABC019-_.{}\":,\\ \u{0}é")
        for _ in 0..<2_000 {
            let length = Int(random.uint64() % 200)
            let text = String((0..<length).map { _ in alphabet[Int(random.uint64() % 21)] })
            #expect(bench.outcome(text) == .invalid)
            #expect(bench.outcome(forge(text, text, bench.key)) == .invalid)
            #expect(bench.outcome(forge(bench.header, text, bench.key)) == .invalid)
        }
    }
}
