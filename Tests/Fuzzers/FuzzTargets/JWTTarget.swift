// Fuzzing: access tokens. Nothing but the very token that was signed is ever taken for it, and
// headers and claims that are signed rightly are still judged.
internal import MuseBase
internal import MuseCrypto
internal import MuseJSON

extension FuzzTarget {
    /// A header's JSON and claims' JSON with a line feed between them, or else a whole token.
    package static let jwt = FuzzTarget(
        name: "jwt",
        tokens: [
            "{", "}", ",", ":", ".", "\"alg\":\"EdDSA\"", "\"typ\":\"at+jwt\"",
            "\"typ\":\"rt+jwt\"", "\"alg\":\"none\"",
            "\"kid\":\"KID\"", "\"crit\":[]", "\"jwk\":{}", "\"iss\":\"mentalmuse\"",
            "\"aud\":\"mentalmuse\"",
            "\"aud\":[\"mentalmuse\"]", "\"exp\":1790000900", "\"iat\":1790000000", "\"exp\":1e99",
            "\"nbf\":1790000000",
            "\"nbf\":1.5", "\"sub\":\"01936b2f-5a12-7c3e-9f00-0a1b2c3d4e53\"", "\"role\":\"admin\"",
            "null", "\n", "=",
        ],
        failure: jwtFailure)

    private static let key = SigningKey.generate()
    private static let keys = KeySet(signing: key)
    private static let policy = TokenPolicy()
    private static let now = Timestamp(seconds: 1_790_000_100)

    private static func jwtFailure(_ bytes: [UInt8]) -> String? {
        // As a whole token: it was not signed here, so it does not hold.
        if accepted(bytes) != nil { return "a token that nobody signed holds" }
        let text = bytes.shown.replacing("KID", with: key.keyID)
        guard let feed = text.firstIndex(of: "\n") else { return nil }
        let header = String(text[..<feed])
        let payload = String(text[text.index(after: feed)...])
        var token: [UInt8] = []
        Base64URL.append(header.utf8.span, to: &token)
        token.append(UInt8(ascii: "."))
        Base64URL.append(payload.utf8.span, to: &token)
        let signature = key.sign(token.span)
        token.append(UInt8(ascii: "."))
        Base64URL.append(signature.span, to: &token)
        guard let claims = accepted(token) else { return nil }
        return headerFailure(header) ?? claimsFailure(payload, claims) ?? alteredFailure(token)
    }

    private static func accepted(_ token: [UInt8]) -> AccessTokenClaims? {
        try? JWT.verifyAccess(token.span, keys: keys, policy: policy, now: now).claims
    }

    /// A header that held says what it must and nothing that it must not.
    private static func headerFailure(_ header: String) -> String? {
        guard let tree = try? JSONValue(header, depthMax: 512) else {
            return "a header that is no JSON"
        }
        guard tree["alg"] == "EdDSA", tree["typ"] == "at+jwt", tree["kid"] == .string(key.keyID)
        else {
            return "the header \(header)"
        }
        for name in ["crit", "jwk", "jku", "x5u", "x5c"] where tree[name] != nil {
            return "a header with \(name)"
        }
        return nil
    }

    /// Claims that held are the ones that stand there, and in time.
    private static func claimsFailure(_ payload: String, _ claims: AccessTokenClaims) -> String? {
        guard let tree = try? JSONValue(payload, depthMax: 512) else {
            return "claims that are no JSON"
        }
        guard tree["iss"] == "mentalmuse", tree["aud"] == "mentalmuse",
            tree["sub"]?.string == claims.subject.description,
            tree["sid"]?.string == claims.session.description,
            tree["jti"]?.string == claims.id.description, tree["role"]?.string == claims.role,
            tree["iat"]?.int == claims.issuedAt, tree["exp"]?.int == claims.expiresAt
        else { return "other claims than \(payload)" }
        guard claims.expiresAt > now.seconds else { return "a token whose time has passed" }
        if let notBefore = tree["nbf"], notBefore.double.map({ $0 > Double(now.seconds) }) ?? true {
            return "a token before its time"
        }
        return nil
    }

    /// No other token of the same length near it holds.
    private static func alteredFailure(_ token: [UInt8]) -> String? {
        for at in stride(from: 0, to: token.count, by: 7) {
            var altered = token
            altered[at] ^= 1 << UInt8(at % 7)
            if accepted(altered) != nil { return "a token altered at \(at) holds" }
        }
        return nil
    }
}
