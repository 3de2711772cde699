// Tests of `auth.jwks`.
internal import Foundation
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseService
internal import Testing

@Suite struct AuthJwksTests {
    private func keys(_ house: ContentHouse) throws -> [JWK] {
        try house.auth.jwks(AuthJwksParams(), house.call(.authJwks, token: "no token")).keys
    }

    @Test("the public part of what signs, by the id that tokens name, and no caller is looked at")
    func shape() async throws {
        let house = try ContentHouse()
        let grant = try await house.register("ann")
        let key = try #require(try keys(house).first)
        #expect(try keys(house).count == 1)
        #expect(key.kty == "OKP" && key.crv == "Ed25519" && key.use == "sig" && key.alg == "EdDSA")
        #expect(try house.claims(grant.accessToken).keyID == key.kid)
        let published = try #require(
            house.shared.keys.snapshot(now: house.shared.wallClock.now()).keys.signing)
        #expect(key.x == Base64URL.encode(published.publicKey.span))
    }

    @Test("nothing of it is secret: none of its texts is in the key's file but the id")
    func secret() async throws {
        let house = try ContentHouse()
        let key = try #require(try keys(house).first)
        let file = house.folder.appending(path: "keys/\(key.kid).pem")
        let pem = try String(contentsOf: file, encoding: .utf8)
        let signing = try MuseCrypto.SigningKey(pem: pem)
        #expect(Base64URL.encode(signing.publicKey.span) == key.x)
        #expect(!pem.contains(key.x))
    }

    @Test("a published key is there before it signs, a retired one no more")
    func life() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        let first = try #require(try keys(house).first?.kid)
        let second = try house.shared.keys.rotate(now: clock.now)
        #expect(Set(try keys(house).map(\.kid)) == [first, second])
        clock.pass(minutes: 10)
        #expect(Set(try keys(house).map(\.kid)) == [first, second])
        try house.shared.keys.retire(first, now: clock.now)
        #expect(try keys(house).map(\.kid) == [second])
    }
}
