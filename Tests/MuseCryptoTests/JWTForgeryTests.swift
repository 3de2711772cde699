// Tokens: headers and claims that are properly encoded, mostly properly signed, and wrong all the
// same.
internal import MuseBase
internal import MuseCrypto
internal import Testing

@Suite struct JWTForgeryTests {
    let bench: Bench

    init() throws { bench = try Bench() }

    /// `KID` and `PUB` stand for the key's id and its public bytes.
    static let headers: [String] = [
        #"{"alg":"none","typ":"at+jwt","kid":"KID"}"#,
        #"{"alg":"None","typ":"at+jwt","kid":"KID"}"#,
        #"{"alg":"HS256","typ":"at+jwt","kid":"KID"}"#,
        #"{"alg":"ES256","typ":"at+jwt","kid":"KID"}"#,
        #"{"alg":"eddsa","typ":"at+jwt","kid":"KID"}"#,
        #"{"alg":"Ed25519","typ":"at+jwt","kid":"KID"}"#,
        #"{"alg":"","typ":"at+jwt","kid":"KID"}"#, #"{"alg":null,"typ":"at+jwt","kid":"KID"}"#,
        #"{"alg":["EdDSA"],"typ":"at+jwt","kid":"KID"}"#, #"{"typ":"at+jwt","kid":"KID"}"#,
        #"{"alg":"Ed\u0044SA","typ":"at+jwt","kid":"KID"}"#,
        #"{"alg":"EdDSA","typ":"rt+jwt","kid":"KID"}"#, #"{"alg":"EdDSA","typ":"JWT","kid":"KID"}"#,
        #"{"alg":"EdDSA","typ":"AT+JWT","kid":"KID"}"#, #"{"alg":"EdDSA","kid":"KID"}"#,
        #"{"alg":"EdDSA","typ":"application/at+jwt","kid":"KID"}"#,
        #"{"alg":"EdDSA","typ":1,"kid":"KID"}"#, #"{"alg":"EdDSA","typ":"at+jwt"}"#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":""}"#, #"{"alg":"EdDSA","typ":"at+jwt","kid":null}"#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":"KIDx"}"#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":"../KID"}"#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":["KID"]}"#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":"KID","crit":[]}"#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":"KID","crit":["b64"],"b64":false}"#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":"KID","jwk":{"kty":"OKP","crv":"Ed25519","x":"PUB"}}"#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":"KID","jku":"https://example.org/keys"}"#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":"KID","x5u":"https://example.org/cert"}"#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":"KID","x5c":["AA=="]}"#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":"KID","jwk":null}"#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":"KID","cri\u0074":[]}"#,
        #"{"alg":"EdDSA","alg":"EdDSA","typ":"at+jwt","kid":"KID"}"#,
        #"{"alg":"none","alg":"EdDSA","typ":"at+jwt","kid":"KID"}"#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":"KID","kid":"KID"}"#,
        #"{"alg":"EdDSA","typ":"at+jwt","typ":"at+jwt","kid":"KID"}"#,
        #"{"alg":"EdDSA","\u0061lg":"none","typ":"at+jwt","kid":"KID"}"#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":"KID","z":1,"z":1}"#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":"KID"} x"#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":"KID"}{}"#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":"KID""#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":"KID",}"#,
        #"{"ALG":"EdDSA","typ":"at+jwt","kid":"KID"}"#,
        #"[{"alg":"EdDSA","typ":"at+jwt","kid":"KID"}]"#, #""EdDSA""#, "{}", "null", "1",
        "\u{FEFF}" + #"{"alg":"EdDSA","typ":"at+jwt","kid":"KID"}"#,
        #"{"alg":"EdDSA","typ":"at+jwt","kid":"KID","a":[[[[[[[[[[1]]]]]]]]]]}"#,
    ]

    @Test("a header that is not exactly ours in what counts is refused", arguments: headers)
    func header(_ template: String) {
        let header = template.replacing("KID", with: bench.key.keyID)
            .replacing("PUB", with: Base64URL.encode(bench.key.publicKey.span))
        #expect(bench.outcome(forge(header, bench.claims(bench.members), bench.key)) == .invalid)
    }

    @Test("a header of more members than it may have is refused")
    func manyMembers() {
        let many = (0..<30).map { ",\"m\($0)\":1" }.joined()
        let header = bench.header.dropLast() + many + "}"
        #expect(
            bench.outcome(forge(String(header), bench.claims(bench.members), bench.key)) == .invalid
        )
    }

    @Test("no algorithm and no signature is no token")
    func unsigned() {
        let claims = base64url(bench.claims(bench.members))
        for header in [#"{"alg":"none","typ":"at+jwt"}"#, bench.header] {
            for signature in ["", "AA", Base64URL.encode([UInt8](repeating: 0, count: 64).span)] {
                #expect(
                    bench.outcome(base64url(header) + "." + claims + "." + signature) == .invalid)
            }
        }
    }

    /// HMAC-SHA256 over the token below, keyed with the public key's bytes, with its base64url,
    /// with nothing.
    static let hashes = [
        "sgS6OeCcn3l4cqf5pVCM64_4HOChX960qVQ5r8ObFow",
        "ROILUukHnH4ifzAwNCg47xaKSZm9a5opHSBKzeu_oVU",
        "QJ1Tuymnd3O0wP-3W0MrhFUg3OyUI20Cm_7JpxxxYpY",
    ]

    @Test("a hash keyed with the public key is no signature", arguments: hashes)
    func keyConfusion(_ hash: String) {
        let claims =
            #"{"iss":"mentalmuse","aud":"mentalmuse","sub":"01890a5d-ac96-774b-bcce-b302099a8057""#
            + #","sid":"01890a5d-ac96-774b-bcce-b302099a8058","client_id":"mentalmuse""#
            + #","role":"admin","iat":1800000000,"exp":1800000900"#
            + #","jti":"01890a5d-ac96-774b-bcce-b302099a8059"}"#
        for algorithm in ["HS256", "EdDSA"] {
            let header =
                "{\"alg\":\"\(algorithm)\",\"typ\":\"at+jwt\",\"kid\":\"\(bench.key.keyID)\"}"
            let text = base64url(header) + "." + base64url(claims)
            #expect(bench.outcome(text + "." + hash) == .invalid)
        }
        #expect(bench.outcome(forge(bench.header, claims, bench.key)) == nil)
    }

    @Test("a signature of another key, or of another token, is refused")
    func foreignSignature() {
        let claims = bench.claims(bench.members)
        #expect(bench.outcome(forge(bench.header, claims, SigningKey.generate())) == .invalid)
        let mine = bench.accessToken.split(separator: ".")
        let other = forge(bench.header, bench.claims("role", "\"admin\""), bench.key)
            .split(separator: ".")
        #expect(bench.outcome([mine[0], other[1], mine[2]].joined(separator: ".")) == .invalid)
        #expect(bench.outcome([mine[0], mine[1], other[2]].joined(separator: ".")) == .invalid)
    }

    static let names = ["iss", "aud", "sub", "sid", "client_id", "role", "iat", "exp", "jti"]

    @Test("a claim that is missing makes a token invalid", arguments: names)
    func missing(_ name: String) {
        #expect(bench.outcome(forge(bench.header, bench.claims(name, nil), bench.key)) == .invalid)
    }

    @Test("a claim that is there twice makes a token invalid", arguments: names)
    func twice(_ name: String) {
        let claims = bench.claims(bench.members + bench.members.filter { $0.0 == name })
        #expect(bench.outcome(forge(bench.header, claims, bench.key)) == .invalid)
    }

    @Test("a claim of another type makes a token invalid", arguments: names)
    func mistyped(_ name: String) {
        let isNumber = name == "iat" || name == "exp"
        let wrong =
            ["null", "true", "[]", "{}", "[\"mentalmuse\"]", "\"\"", "\"Mentalmuse\\u0000\""]
            + (isNumber
                ? [
                    "\"1800000900\"", "1800000900.5", "-1", "-0.5", "1e400", "9223372036854775807",
                    "9223372036854775808", "253402300800", "1e12", "0x10",
                ]
                : ["1", "1.5"])
        for value in wrong {
            let token = forge(bench.header, bench.claims(name, value), bench.key)
            #expect(bench.outcome(token) == .invalid, "\(name): \(value)")
        }
    }

    @Test(
        "a claim of the right type with a wrong value makes a token invalid",
        arguments: [
            ("iss", "\"mentalmuse2\""), ("iss", "\"MentalMuse\""), ("aud", "\"other\""),
            ("aud", "[\"mentalmuse\"]"), ("client_id", "\"other\""),
            ("sub", "\"01890a5d-ac96-4b7c-8bcd-ef0123456789\""),
            ("sub", "\"01890A5D-AC96-7B7C-8BCD-EF0123456789\""), ("sid", "\"\""), ("jti", "\"x\""),
            ("role", "\"\\u0061dmin\""), ("role", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""),
            ("nbf", "\"1\""), ("nbf", "null"), ("nbf", "1800000001"), ("nbf", "-1"), ("nbf", "0.5"),
        ])
    func wrongValue(_ name: String, _ value: String) {
        var members = bench.members.filter { $0.0 != name }
        members.append((name, value))
        #expect(
            bench.outcome(forge(bench.header, bench.claims(members), bench.key)) == .invalid)
    }

    @Test("claims that are no object, or no JSON, make a token invalid")
    func noObject() {
        let good = bench.claims(bench.members)
        for claims in [
            "null", "[]", "\"x\"", "1", "{", good + "x", good + good, "[" + good + "]",
            String(good.dropLast()), good.replacing("\"iss\"", with: "iss"),
            good.replacing("\"", with: "'"), "\u{FEFF}" + good,
            good.replacing("mentalmuse", with: "\u{1}"),
            good.replacing("\"exp\"", with: "\"\\u0065xp\""),
        ] {
            #expect(bench.outcome(forge(bench.header, claims, bench.key)) == .invalid, "\(claims)")
        }
        #expect(
            bench.outcome(forge(" " + bench.header + "\n", "\t" + good + " ", bench.key)) == nil)
    }
}
