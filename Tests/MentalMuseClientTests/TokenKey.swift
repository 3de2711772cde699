// Tests of the client: a key that signs tokens, by OpenSSL, and everything that can be wrong with
// one.
internal import COpenSSL
internal import MuseBase
internal import MuseJSON

/// A signing key, as a server has it.
struct TokenKey: Sendable {
    let id: String
    private let secret: [UInt8]

    /// The key of a number: the same for the same number.
    init(_ id: String, seed: UInt8) {
        self.id = id
        secret = (0..<32).map { UInt8($0) &* 7 &+ seed }
    }

    /// The 32 bytes that everybody may know.
    var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 32)
        var count = 32
        let key = unsafe EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, secret, secret.count)
        defer { unsafe EVP_PKEY_free(key) }
        _ = unsafe EVP_PKEY_get_raw_public_key(key, &bytes, &count)
        return bytes
    }

    var jwk: JSONValue { Self.jwk(id, bytes) }

    static func jwk(_ id: String, _ bytes: [UInt8]) -> JSONValue {
        [
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": .string(id),
            "x": .string(Base64URL.encode(bytes.span)),
        ]
    }

    func sign(_ message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: 64)
        var count = 64
        let key = unsafe EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, secret, secret.count)
        defer { unsafe EVP_PKEY_free(key) }
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        _ = unsafe EVP_DigestSignInit(context, nil, nil, nil, key)
        _ = unsafe EVP_DigestSign(context, &signature, &count, message, message.count)
        return signature
    }

    // MARK: Tokens

    static let now = Timestamp(milliseconds: 1_800_000_000_000)
    static let claims = JSONValue.object([
        .init("iss", "mentalmuse"), .init("aud", "mentalmuse"),
        .init("sub", .string(Sample.userID)),
        .init("sid", .string(Sample.userID)), .init("client_id", "mentalmuse"),
        .init("role", "user"), .init("iat", 1_799_999_990), .init("exp", 1_800_000_890),
        .init("jti", .string(Sample.userID)),
    ])

    var header: JSONValue { ["alg": "EdDSA", "typ": "at+jwt", "kid": .string(id)] }

    /// A token of that header and those claims; nil takes a member out.
    func token(
        header changes: [String: JSONValue?] = [:], claims changed: [String: JSONValue?] = [:]
    ) -> String {
        token(
            header: Self.changed(header, changes).text(),
            payload: Self.changed(Self.claims, changed).text())
    }

    func token(header: String, payload: String) -> String {
        let signed = Self.encoded(header) + "." + Self.encoded(payload)
        return signed + "." + Base64URL.encode(sign(Array(signed.utf8)).span)
    }

    static func encoded(_ text: String) -> String { Base64URL.encode(text.utf8.span) }

    private static func changed(_ value: JSONValue, _ changes: [String: JSONValue?]) -> JSONValue {
        var members = (value.members ?? []).filter { !changes.keys.contains($0.name) }
        for (name, value) in changes {
            if let value { members.append(.init(name, value)) }
        }
        return .object(members)
    }

    /// A token that is signed by HMAC with the public key for its secret, as a verifier would check
    /// it that lets the token choose the algorithm.
    var hmacToken: String {
        let header: JSONValue = ["alg": "HS256", "typ": "at+jwt", "kid": .string(id)]
        let signed = Self.encoded(header.text()) + "." + Self.encoded(Self.claims.text())
        let message = Array(signed.utf8)
        var code = [UInt8](repeating: 0, count: 32)
        var count: UInt32 = 32
        let key = bytes
        _ = unsafe HMAC(
            EVP_sha256(), key, Int32(key.count), message, message.count, &code, &count)
        return signed + "." + Base64URL.encode(code.span)
    }
}
