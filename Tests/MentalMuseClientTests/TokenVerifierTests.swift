// Tests of the client: tokens verified beside the server: what holds, what does not, keys that
// change, keys that cannot be had.
internal import Foundation
internal import MentalMuseClient
internal import MuseBase
internal import MuseJSON
internal import Testing

@Suite(.timeLimit(.minutes(30)))
struct TokenVerifierTests {
    private static let one = TokenKey("one", seed: 1)
    private static let two = TokenKey("two", seed: 2)

    /// What the server shows, and how it answers.
    private final class Keys: Sendable {
        let shown: Lock<[JSONValue]>
        let refusal = Lock<String?>(nil)

        init(_ keys: JSONValue...) { shown = Lock(keys) }

        func reply(_ request: Request) -> Reply {
            guard request.method == "auth.jwks" else { return .send(request.error(-32601)) }
            if let refusal = refusal.withLock({ $0 }) {
                return .send(request.error(-32603, refusal))
            }
            let set: JSONValue = ["keys": .array(shown.withLock { $0 })]
            return .send(request.result(set.text()))
        }
    }

    private struct House {
        let server: FakeServer
        let time = ManualTime()
        let wall = Lock(TokenKey.now)
        let verifier: TokenVerifier

        init(_ keys: Keys) throws {
            server = try FakeServer { keys.reply($0) }
            let wall = wall
            verifier = TokenVerifier(
                Clients.manual(server, time), clock: WallClock { wall.withLock { $0 } })
        }

        var fetches: Int { server.requests(of: "auth.jwks").count }

        func refusal(_ token: String) async -> ClientError? {
            await failure { () async throws(ClientError) in try await verifier.verify(token) }
        }
    }

    @Test func `a token that holds tells its caller, and the keys are fetched once`() async throws {
        let house = try House(Keys(Self.one.jwk))
        let caller = try await withThrowingTaskGroup(of: TokenVerifier.Caller.self) { group in
            for _ in 0..<50 {
                group.addTask { try await house.verifier.verify(Self.one.token()) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(caller.count == 50)
        #expect(caller[0].userID.description == Sample.userID)
        #expect(caller[0].sessionID.description == Sample.userID)
        #expect(caller[0].role == .user)
        #expect(caller[0].expiresAt == Timestamp(milliseconds: 1_800_000_890_000))
        #expect(house.fetches == 1)
        // What a token says besides is passed over.
        _ = try await house.verifier.verify(
            Self.one.token(header: ["x5t": "x"], claims: ["scope": "all", "nbf": 1_800_000_004]))
    }

    // MARK: What does not hold

    private static let headers: [[String: JSONValue?]] = [
        ["alg": "none"], ["alg": "HS256"], ["alg": "eddsa"], ["alg": "ES256"], ["alg": nil],
        ["alg": 5], ["typ": "rt+jwt"], ["typ": "JWT"], ["typ": nil], ["kid": "other"],
        ["kid": ""], ["kid": 5], ["kid": nil], ["crit": []], ["crit": ["exp"]],
        ["jwk": one.jwk], ["jku": "https://example.com"], ["x5u": "x"], ["x5c": []],
    ]

    @Test(arguments: 0..<headers.count)
    func `a header that is not as it should be is refused`(_ index: Int) async throws {
        let house = try House(Keys(Self.one.jwk))
        #expect(
            await house.refusal(Self.one.token(header: Self.headers[index])) == .tokenInvalid)
    }

    private static let claims: [[String: JSONValue?]] = [
        ["iss": "other"], ["iss": nil], ["iss": 5], ["aud": "other"], ["aud": nil],
        ["aud": ["mentalmuse"]], ["sub": nil], ["sub": "robin"], ["sid": nil], ["sid": 5],
        ["jti": nil], ["jti": "x"], ["role": nil], ["role": 5], ["client_id": nil],
        ["iat": nil], ["iat": "x"], ["exp": nil], ["exp": true], ["exp": "1800000890"],
        ["exp": -1], ["exp": .number("1e300")], ["exp": .number("1800000890.5")],
        ["nbf": 1_800_000_006], ["nbf": "x"], ["nbf": nil, "exp": .null],
    ]

    @Test(arguments: 0..<claims.count)
    func `claims that are not as they should be are refused`(_ index: Int) async throws {
        let house = try House(Keys(Self.one.jwk))
        #expect(await house.refusal(Self.one.token(claims: Self.claims[index])) == .tokenInvalid)
    }

    @Test func `a forged, altered, cut or misshapen token is refused`() async throws {
        let house = try House(Keys(Self.one.jwk))
        let token = Self.one.token()
        let parts = token.split(separator: ".").map(String.init)
        let admin = TokenKey.encoded(
            TokenKey.claims.text().replacing("\"user\"", with: "\"admin\""))
        let unsigned = TokenKey.encoded("{\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"one\"}")
        let twice = "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"one\",\"kid\":\"one\"}"
        let escaped = "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"one\",\"\\u006bid\":\"one\"}"
        let turned = (parts[2].hasPrefix("A") ? "B" : "A") + parts[2].dropFirst()
        let payload = TokenKey.claims.text()
        let repeated = payload.dropLast() + ",\"role\":\"admin\"}"
        let bad = [
            TokenKey("one", seed: 9).token(), Self.two.token(), Self.one.hmacToken,
            parts[0] + "." + admin + "." + parts[2], parts[0] + "." + parts[1] + "." + turned,
            unsigned + "." + parts[1] + ".", unsigned + "." + parts[1] + "." + parts[2],
            String(token.dropLast()), token + "=", token + ".", " " + token, token + "\n",
            parts[0] + "." + parts[1], "", ".", "..", "a.b.c", String(repeating: "a", count: 9_999),
            Self.one.token(header: twice, payload: payload),
            Self.one.token(header: escaped, payload: payload),
            Self.one.token(header: Self.one.header.text(), payload: String(repeated)),
            Self.one.token(header: Self.one.header.text(), payload: "[1]"),
            Self.one.token(header: Self.one.header.text(), payload: payload + " x"),
            Self.one.token(
                header: Self.one.header.text(), payload: String(repeating: "[", count: 2_000)),
            Self.one.token(claims: ["more": .string(String(repeating: "a", count: 4_096))]),
        ]
        for token in bad {
            #expect(await house.refusal(token) == .tokenInvalid, "\(token.prefix(300))")
        }
        // The same text without what is wrong with it holds.
        _ = try await house.verifier.verify(
            Self.one.token(header: Self.one.header.text(), payload: payload + " "))
    }

    @Test func `a key of small order, under which anybody can sign, is not trusted`() async throws {
        // The neutral point: its own encoding and nought are a signature of everything.
        let neutral = [UInt8(1)] + [UInt8](repeating: 0, count: 31)
        let house = try House(Keys(TokenKey.jwk("weak", neutral), Self.one.jwk))
        let token = TokenKey("weak", seed: 3).token().split(separator: ".")
        let signature = Base64URL.encode((neutral + [UInt8](repeating: 0, count: 32)).span)
        #expect(await house.refusal("\(token[0]).\(token[1]).\(signature)") == .tokenInvalid)
        _ = try await house.verifier.verify(Self.one.token())
    }

    @Test func `time is told last, with a few seconds for clocks that differ`() async throws {
        let house = try House(Keys(Self.one.jwk))
        let token = Self.one.token()
        let end: Int64 = 1_800_000_890_000
        house.wall.withLock { $0 = Timestamp(milliseconds: end + 4_999) }
        _ = try await house.verifier.verify(token)
        house.wall.withLock { $0 = Timestamp(milliseconds: end + 5_000) }
        #expect(await house.refusal(token) == .tokenExpired)
        #expect(await house.refusal(Self.one.token(claims: ["iss": "other"])) == .tokenInvalid)
        #expect(await house.refusal(TokenKey("one", seed: 9).token()) == .tokenInvalid)
    }

    @Test func `issuer and audience are those that were asked for`() async throws {
        let keys = Keys(Self.one.jwk)
        let server = try FakeServer { keys.reply($0) }
        let verifier = TokenVerifier(
            try MentalMuseClient(server.address), issuer: "birds", audience: "wrens",
            clock: WallClock { TokenKey.now })
        _ = try await verifier.verify(Self.one.token(claims: ["iss": "birds", "aud": "wrens"]))
        for claims in [["iss": "birds"], ["aud": "wrens"], [:]] as [[String: JSONValue?]] {
            #expect(
                await failure { () async throws(ClientError) in
                    try await verifier.verify(Self.one.token(claims: claims))
                } == .tokenInvalid)
        }
    }

    // MARK: Keys that change

    @Test func `a new key is fetched when it is met, an old one forgotten in time`() async throws {
        let keys = Keys(Self.one.jwk)
        let house = try House(keys)
        _ = try await house.verifier.verify(Self.one.token())
        keys.shown.withLock { $0 = [Self.two.jwk, Self.one.jwk] }
        house.time.advance(by: .seconds(10))
        _ = try await house.verifier.verify(Self.two.token())
        #expect(house.fetches == 2)
        // The old one is retired: it holds until the keys are looked at again.
        keys.shown.withLock { $0 = [Self.two.jwk] }
        house.time.advance(by: .seconds(299))
        _ = try await house.verifier.verify(Self.one.token())
        #expect(house.fetches == 2)
        house.time.advance(by: .seconds(1))
        // The call that finds them old is not kept waiting for news of a key that it knows; a key
        // that nobody knows waits for that fetch.
        _ = try await house.verifier.verify(Self.two.token())
        #expect(await house.refusal(TokenKey("nobody", seed: 5).token()) == .tokenInvalid)
        #expect(await house.refusal(Self.one.token()) == .tokenInvalid)
        #expect(house.fetches == 3)
    }

    @Test func `keys that nobody knows cause one fetch in ten seconds`() async throws {
        let house = try House(Keys(Self.one.jwk))
        for seed in UInt8(10)..<60 {
            #expect(
                await house.refusal(TokenKey("k\(seed)", seed: seed).token()) == .tokenInvalid)
        }
        #expect(house.fetches == 1)
        house.time.advance(by: .seconds(10))
        for seed in UInt8(10)..<60 {
            _ = await house.refusal(TokenKey("k\(seed)", seed: seed).token())
        }
        #expect(house.fetches == 2)
        _ = try await house.verifier.verify(Self.one.token())
    }

    @Test func `keys that cannot be fetched are trusted for an hour`() async throws {
        let keys = Keys(Self.one.jwk)
        let house = try House(keys)
        _ = try await house.verifier.verify(Self.one.token())
        keys.refusal.withLock { $0 = "{\"incident\":\"i\"}" }
        house.time.advance(by: .seconds(3_599))
        _ = try await house.verifier.verify(Self.one.token())
        house.time.advance(by: .seconds(20))
        #expect(await house.refusal(Self.one.token()) == .internal(incident: "i"))
        keys.refusal.withLock { $0 = nil }
        house.time.advance(by: .seconds(10))
        _ = try await house.verifier.verify(Self.one.token())
    }

    @Test func `a server that is not there is told as such`() async throws {
        let keys = Keys(Self.one.jwk)
        let house = try House(keys)
        keys.refusal.withLock { $0 = "{\"incident\":\"i\"}" }
        #expect(await house.refusal(Self.one.token()) == .internal(incident: "i"))
        // No second fetch so soon; nothing is said of a token that nobody could look at.
        #expect(await house.refusal(Self.one.token()) == .internal(incident: "i"))
        #expect(await house.refusal("a.b.c") == .tokenInvalid)
        #expect(house.fetches == 1)
    }

    @Test func `what is no key for signatures is passed over`() async throws {
        var others: [JSONValue] = []
        for (name, value) in [
            ("kty", "EC"), ("crv", "X25519"), ("use", "enc"), ("alg", "ES256"), ("x", "AA"),
            ("x", "no base64url"),
        ] {
            others.append(
                .object(
                    (Self.two.jwk.members ?? []).map {
                        $0.name == name ? .init(name, .string(value)) : $0
                    }))
        }
        let keys = Keys()
        let all = others + [Self.one.jwk]
        keys.shown.withLock { $0 = all }
        let house = try House(keys)
        _ = try await house.verifier.verify(Self.one.token())
        #expect(await house.refusal(Self.two.token()) == .tokenInvalid)
        // Two keys of one id say of nobody who signed.
        let double = [TokenKey.jwk("one", Self.two.bytes), Self.one.jwk]
        keys.shown.withLock { $0 = double }
        let other = try House(keys)
        #expect(await other.refusal(Self.one.token()) == .tokenInvalid)
    }
}
