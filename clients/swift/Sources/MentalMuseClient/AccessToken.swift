// The client: one access token, read as strictly as the server reads it (RFC 7515, 7519, 8037,
// 8725, 9068). Everything in it is a stranger's word until the signature has been checked.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseTLS

/// A token in its parts.
struct AccessToken {
    /// The longest token that is looked at; the server's have some 500 bytes.
    private static let bytesMax = 4_096
    /// The most that two clocks may differ, in seconds.
    private static let leeway: Int64 = 5
    /// Members of a header that bring a key, or want to be understood in a way of their own.
    private static let refused = ["crit", "jwk", "jku", "x5u", "x5c"]

    /// The id of the key that is to have signed it.
    let keyID: String
    private let signed: [UInt8]
    private let signature: [UInt8]
    private let payload: [UInt8]

    /// nil where it is no access token by its form and header. The algorithm and the type are
    /// compared; nothing is looked up by what a token says, but the key.
    init?(_ token: String) {
        let bytes = Array(token.utf8)
        guard bytes.count <= Self.bytesMax else { return nil }
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3,
            let header = Base64URL.decode(Array(parts[0]).span),
            let payload = Base64URL.decode(Array(parts[1]).span),
            let signature = Base64URL.decode(Array(parts[2]).span),
            let members = Self.object(header),
            Self.text(members, "alg") == "EdDSA", Self.text(members, "typ") == "at+jwt",
            let keyID = Self.text(members, "kid"), !keyID.isEmpty,
            !members.contains(where: { Self.refused.contains($0.name) })
        else { return nil }
        self.keyID = keyID
        self.payload = payload
        self.signature = signature
        signed = Array(bytes[..<(parts[0].count + 1 + parts[1].count)])
    }

    func isSigned(by key: [UInt8]) -> Bool { Ed25519.verifies(signature, of: signed, by: key) }

    /// What it says, once the signature holds.
    /// - Throws: ClientError.tokenInvalid; tokenExpired, where all else is right.
    func caller(
        issuer: String, audience: String, now: Timestamp
    ) throws(ClientError) -> TokenVerifier.Caller {
        guard let claims = Self.object(payload),
            Self.same(Self.text(claims, "iss"), issuer),
            Self.same(Self.text(claims, "aud"), audience),
            let user = Self.id(claims, "sub"), let session = Self.id(claims, "sid"),
            let token = Self.id(claims, "jti"), let role = Self.text(claims, "role"),
            let client = Self.text(claims, "client_id"),
            let issued = Self.seconds(claims, "iat"), let expires = Self.seconds(claims, "exp")
        else { throw .tokenInvalid }
        let seconds = now.milliseconds / 1_000
        if claims.contains(where: { $0.name == "nbf" }) {
            guard let begins = Self.seconds(claims, "nbf"), begins <= seconds + Self.leeway else {
                throw .tokenInvalid
            }
        }
        guard seconds < expires + Self.leeway else { throw .tokenExpired }
        return TokenVerifier.Caller(
            userID: user, sessionID: session, role: Role(rawValue: role), clientID: client,
            tokenID: token, issuedAt: Timestamp(milliseconds: issued * 1_000),
            expiresAt: Timestamp(milliseconds: expires * 1_000))
    }

    // MARK: Its JSON

    /// The members of an object, none of which is there twice.
    private static func object(_ bytes: [UInt8]) -> [JSONValue.Member]? {
        guard let members = try? JSONValue(bytes.span, depthMax: 8).members,
            Set(members.map(\.name)).count == members.count
        else { return nil }
        return members
    }

    private static func value(_ members: [JSONValue.Member], _ name: String) -> JSONValue? {
        members.first { same($0.name, name) }?.value
    }

    private static func text(_ members: [JSONValue.Member], _ name: String) -> String? {
        value(members, name)?.string
    }

    private static func id(_ members: [JSONValue.Member], _ name: String) -> UUIDv7? {
        text(members, name).flatMap { UUIDv7($0) }
    }

    /// Whole seconds from 1970 to the year 9999.
    private static func seconds(_ members: [JSONValue.Member], _ name: String) -> Int64? {
        guard let value = value(members, name)?.int, (0...253_402_300_799).contains(value) else {
            return nil
        }
        return Int64(value)
    }

    /// By bytes: two texts that look alike are not the same.
    private static func same(_ left: String?, _ right: String) -> Bool {
        left.map { $0.utf8.elementsEqual(right.utf8) } ?? false
    }
}
