// The cryptography room: what tokens say. Made at log-in and refresh, read from every call that
// carries one.
package import MuseBase

/// Who signs tokens, and for whom (`--issuer`, `--audience`).
package struct TokenPolicy: Sendable, Equatable {
    package let issuer: String
    package let audience: String

    package init(issuer: String = "mentalmuse", audience: String = "mentalmuse") {
        self.issuer = issuer
        self.audience = audience
    }
}

/// Why a token does not hold.
package enum TokenError: Error, Equatable, Sendable {
    /// Malformed, forged, of another kind, issuer or audience, by an unknown key, or not yet valid.
    case invalid
    /// Valid in everything but its time.
    case expired
}

/// What an access token says (RFC 9068). Its JSON has `iss`, `aud` and `client_id` besides.
package struct AccessTokenClaims: Sendable, Equatable {
    /// The user (`sub`).
    package let subject: UUIDv7
    /// The session (`sid`).
    package let session: UUIDv7
    /// The token (`jti`).
    package let id: UUIDv7
    /// The user's role when it was signed; 1 to 32 bytes, none of which JSON escapes.
    package let role: String
    /// Seconds since 1970 (`iat`).
    package let issuedAt: Int
    /// The first second in which it no longer holds (`exp`).
    package let expiresAt: Int

    package init(
        subject: UUIDv7, session: UUIDv7, id: UUIDv7, role: String, issuedAt: Int, expiresAt: Int
    ) {
        self.subject = subject
        self.session = session
        self.id = id
        self.role = role
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }
}

/// What a refresh token says. Its JSON has `iss` and `aud` besides.
package struct RefreshTokenClaims: Sendable, Equatable {
    /// The user (`sub`).
    package let subject: UUIDv7
    /// The session (`sid`).
    package let session: UUIDv7
    /// The token (`jti`).
    package let id: UUIDv7
    /// Seconds since 1970 (`iat`).
    package let issuedAt: Int
    /// The first second in which it no longer holds (`exp`).
    package let expiresAt: Int

    package init(subject: UUIDv7, session: UUIDv7, id: UUIDv7, issuedAt: Int, expiresAt: Int) {
        self.subject = subject
        self.session = session
        self.id = id
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }
}

/// An access token that holds, and the key that says so.
package struct VerifiedAccessToken: Sendable, Equatable {
    package let claims: AccessTokenClaims
    /// The id of the key that signed it: what it bound falls when that key is retired.
    package let keyID: String

    package init(claims: AccessTokenClaims, keyID: String) {
        self.claims = claims
        self.keyID = keyID
    }
}
