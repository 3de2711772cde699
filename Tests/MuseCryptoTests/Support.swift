// What the tests of this room share: bytes from hexadecimal, and tokens made by hand.
internal import MuseBase
internal import MuseCrypto
internal import MuseJSON

/// The bytes of hexadecimal text.
func hex(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var half: UInt8?
    for character in text {
        guard let digit = character.hexDigitValue.map({ UInt8($0) }) else { continue }
        if let high = half {
            bytes.append(high << 4 | digit)
            half = nil
        } else {
            half = digit
        }
    }
    return bytes
}

func base64url(_ text: String) -> String { Base64URL.encode(text.utf8.span) }

/// A token of any header and claims, signed by `key`.
func forge(_ header: String, _ claims: String, _ key: SigningKey) -> String {
    let text = base64url(header) + "." + base64url(claims)
    return text + "." + Base64URL.encode(key.sign(text.utf8.span).span)
}

/// A key, tokens of it, and the moment at which they hold.
struct Bench {
    let key: SigningKey
    let keys: KeySet
    let policy = TokenPolicy(issuer: "mentalmuse", audience: "mentalmuse")
    let now = Timestamp(seconds: 1_800_000_000)
    let access: AccessTokenClaims
    let refresh: RefreshTokenClaims

    init() throws {
        key = try SigningKey(
            seed: hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").span)
        keys = KeySet(signing: key)
        var ids = UUIDv7Generator()
        let random = RandomSource.seeded(7)
        let (user, session) = (
            ids.next(now: now, random: random), ids.next(now: now, random: random)
        )
        let token = ids.next(now: now, random: random)
        access = AccessTokenClaims(
            subject: user, session: session, id: token, role: "user", issuedAt: now.seconds,
            expiresAt: now.seconds + 900)
        refresh = RefreshTokenClaims(
            subject: user, session: session, id: token, issuedAt: now.seconds,
            expiresAt: now.seconds + 2_592_000)
    }

    var accessToken: String { JWT.sign(access, policy: policy, key: key) }
    var refreshToken: String { JWT.sign(refresh, policy: policy, key: key) }

    /// The header of an access token, as this service writes it.
    var header: String { "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"\(key.keyID)\"}" }

    /// The claims of the access token as name and JSON text, in order.
    var members: [(String, String)] {
        [
            ("iss", "\"mentalmuse\""), ("aud", "\"mentalmuse\""), ("sub", "\"\(access.subject)\""),
            ("sid", "\"\(access.session)\""), ("client_id", "\"mentalmuse\""),
            ("role", "\"user\""), ("iat", "\(access.issuedAt)"), ("exp", "\(access.expiresAt)"),
            ("jti", "\"\(access.id)\""),
        ]
    }

    func claims(_ members: [(String, String)]) -> String {
        "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }

    /// The claims with one member changed, or taken away where `value` is nil.
    func claims(_ name: String, _ value: String?) -> String {
        claims(members.compactMap { $0.0 == name ? value.map { (name, $0) } : $0 })
    }

    func verify(
        _ token: String, at time: Timestamp? = nil, leeway: Int = 0
    ) throws(TokenError) -> AccessTokenClaims {
        try JWT.verifyAccess(
            token.utf8.span, keys: keys, policy: policy, now: time ?? now, leewaySeconds: leeway
        ).claims
    }

    /// What became of a token.
    func outcome(_ token: String, at time: Timestamp? = nil, leeway: Int = 0) -> TokenError? {
        do throws(TokenError) {
            _ = try verify(token, at: time, leeway: leeway)
            return nil
        } catch {
            return error
        }
    }
}

// The testing macros cannot take a span, so these take arrays.

extension VerifyingKey {
    func holds(_ signature: [UInt8], _ message: [UInt8]) -> Bool {
        verifies(signature.span, of: message.span)
    }
}

extension SigningKey {
    func signature(_ message: [UInt8]) -> [UInt8] { sign(message.span) }
}

extension KeyedHash {
    func of(_ message: [UInt8]) -> Digest { digest(of: message.span) }
}

func verifies(_ hash: String, _ password: [UInt8]) -> Bool {
    PasswordHash.verify(hash, password.span)
}

func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool { constantTimeEquals(a.span, b.span) }

func base64url(_ bytes: [UInt8]) -> String { Base64URL.encode(bytes.span) }

func fromBase64URL(_ text: String) -> [UInt8]? { Base64URL.decode(text.utf8.span) }

func makeHash(
    _ password: [UInt8], _ parameters: PasswordParameters
) throws(PasswordHashError) -> String {
    try PasswordHash.make(password.span, parameters: parameters)
}

func secret(_ bytes: [UInt8]) -> SecretBytes { SecretBytes(copying: bytes.span) }
