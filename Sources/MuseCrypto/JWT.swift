// The cryptography room: tokens signed, as JWTs in the compact form (RFC 7515 section 7.1, RFC
// 7519). Called at log-in and refresh; JWT+Verify.swift reads them back.
internal import MuseBase
internal import MuseJSON

/// JSON Web Tokens of two kinds, `EdDSA` only (RFC 8037).
package enum JWT {
    /// The longest token that is looked at, in bytes. Ours have some 500.
    package static let bytesMax = 4_096

    /// The kind of a token (`typ`), told apart so that one is never taken for the other (RFC 8725
    /// section 3.11).
    enum Kind {
        case access, refresh

        var typ: StaticString {
            switch self {
            case .access: "at+jwt"
            case .refresh: "rt+jwt"
            }
        }
    }

    /// `client_id` of every access token: this service has one client, itself (RFC 9068 asks for
    /// one).
    static let clientID: StaticString = "mentalmuse"

    /// Signs an access token.
    package static func sign(
        _ claims: AccessTokenClaims, policy: TokenPolicy, key: SigningKey
    ) -> String {
        var json = JSONWriter(limit: bytesMax)
        openClaims(&json, policy, claims.subject, claims.session)
        json.raw(",\"client_id\":\"")
        json.raw(clientID)
        json.raw("\",\"role\":")
        json.string(claims.role)
        closeClaims(&json, claims.id, claims.issuedAt, claims.expiresAt)
        return sign(json, .access, key)
    }

    /// Signs a refresh token.
    package static func sign(
        _ claims: RefreshTokenClaims, policy: TokenPolicy, key: SigningKey
    ) -> String {
        var json = JSONWriter(limit: bytesMax)
        openClaims(&json, policy, claims.subject, claims.session)
        closeClaims(&json, claims.id, claims.issuedAt, claims.expiresAt)
        return sign(json, .refresh, key)
    }

    private static func openClaims(
        _ json: inout JSONWriter, _ policy: TokenPolicy, _ subject: UUIDv7, _ session: UUIDv7
    ) {
        json.raw("{\"iss\":")
        json.string(policy.issuer)
        json.raw(",\"aud\":")
        json.string(policy.audience)
        json.raw(",\"sub\":")
        subject.withText { json.string($0) }
        json.raw(",\"sid\":")
        session.withText { json.string($0) }
    }

    private static func closeClaims(
        _ json: inout JSONWriter, _ id: UUIDv7, _ issuedAt: Int, _ expiresAt: Int
    ) {
        json.raw(",\"iat\":")
        json.int(issuedAt)
        json.raw(",\"exp\":")
        json.int(expiresAt)
        json.raw(",\"jti\":")
        id.withText { json.string($0) }
        json.byte(UInt8(ascii: "}"))
    }

    private static func sign(_ claims: borrowing JSONWriter, _ kind: Kind, _ key: SigningKey)
        -> String
    {
        var header = JSONWriter(limit: bytesMax)
        header.raw("{\"alg\":\"EdDSA\",\"typ\":\"")
        header.raw(kind.typ)
        header.raw("\",\"kid\":")
        header.string(key.keyID)
        header.byte(UInt8(ascii: "}"))
        var token: [UInt8] = []
        token.reserveCapacity((header.count + claims.count + 64) * 4 / 3 + 8)
        append(header, to: &token)
        token.append(UInt8(ascii: "."))
        append(claims, to: &token)
        let signature = key.sign(token.span)
        token.append(UInt8(ascii: "."))
        Base64URL.append(signature.span, to: &token)
        // Only our own bug, or an issuer of thousands of characters, could make it longer.
        precondition(token.count <= bytesMax, "a token that its own reader would refuse")
        return String(decoding: token, as: UTF8.self)
    }

    private static func append(_ json: borrowing JSONWriter, to token: inout [UInt8]) {
        unsafe json.withBytes { bytes in
            Base64URL.append(unsafe Span(_unsafeBytes: bytes), to: &token)
        }
    }
}
