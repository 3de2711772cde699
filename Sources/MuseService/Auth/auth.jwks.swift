// The rules' room: `auth.jwks`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseRPC

extension AuthHandlers {
    /// The public keys, published ones that do not sign yet among them (RFC 7517, RFC 8037).
    func jwks(_ params: AuthJwksParams, _ call: Call) throws(RPCError) -> JWKSet {
        JWKSet(
            keys: shared.currentKeys.verifying.map { key in
                JWK(
                    kty: "OKP", crv: "Ed25519", x: Base64URL.encode(key.publicKey.span),
                    kid: key.keyID, use: "sig", alg: "EdDSA")
            })
    }
}
