// The token cache: what it remembers, and when it must not.
internal import Foundation
internal import MuseBase
internal import MuseCrypto
internal import MuseService
internal import Testing

@Suite struct TokenCacheTests {
    let folder = TemporaryFolder()
    let start = Timestamp(seconds: 1_800_000_000)
    let policy = TokenPolicy()

    func ring() throws -> KeyRing {
        try KeyRing(folder: folder.path + "/keys", now: start)
    }

    func token(_ ring: KeyRing, _ number: Int, life: Int = 900) throws -> String {
        let claims = AccessTokenClaims(
            subject: UUIDv7(high: 0x7000, low: 1 << 63),
            session: UUIDv7(high: 0x7000, low: 1 << 63),
            id: UUIDv7(high: 0x7000, low: 1 << 63 | UInt64(number)), role: "user",
            issuedAt: start.seconds, expiresAt: start.seconds + life)
        let key = try #require(ring.snapshot(now: start).keys.signing)
        return JWT.sign(claims, policy: policy, key: key)
    }

    func verify(
        _ cache: TokenCache, _ token: String, _ ring: KeyRing, at now: Timestamp
    ) throws(TokenError) -> VerifiedAccessToken {
        try cache.verify(token.utf8.span, ring: ring, policy: policy, now: now)
    }

    @Test("a token is verified once and found after")
    func hit() throws {
        let (ring, cache) = (try ring(), TokenCache())
        let token = try token(ring, 1)
        let first = try verify(cache, token, ring, at: start)
        for _ in 0..<10 { #expect(try verify(cache, token, ring, at: start) == first) }
        #expect(cache.misses == 1)
        #expect(cache.hits == 10)
        #expect(first.keyID == ring.snapshot(now: start).keys.signing?.keyID)
    }

    @Test("a token that differs in any byte from one that is cached is refused")
    func altered() throws {
        let (ring, cache) = (try ring(), TokenCache())
        let token = try token(ring, 1)
        _ = try verify(cache, token, ring, at: start)
        let bytes = Array(token.utf8)
        for index in bytes.indices {
            var altered = bytes
            altered[index] ^= 1
            let text = String(decoding: altered, as: UTF8.self)
            #expect(throws: TokenError.invalid) { try verify(cache, text, ring, at: start) }
        }
        #expect(throws: TokenError.invalid) { try verify(cache, token + " ", ring, at: start) }
        #expect(cache.count == 1)
        #expect(cache.hits == 0)
    }

    @Test("a cached token expires at the second of its exp")
    func expiry() throws {
        let (ring, cache) = (try ring(), TokenCache())
        let token = try token(ring, 1)
        _ = try verify(cache, token, ring, at: start)
        _ = try verify(cache, token, ring, at: start + 899_999)
        #expect(cache.hits == 1)
        #expect(throws: TokenError.expired) { try verify(cache, token, ring, at: start + 900_000) }
        #expect(cache.count == 0)
    }

    @Test("a key's retirement ends what is cached at once")
    func retirement() throws {
        let (ring, cache) = (try ring(), TokenCache())
        let token = try token(ring, 1)
        let keyID = try verify(cache, token, ring, at: start).keyID
        _ = try verify(cache, token, ring, at: start)
        try ring.retire(keyID, now: start)
        #expect(throws: TokenError.invalid) { try verify(cache, token, ring, at: start) }
        #expect(cache.count == 0)
    }

    @Test("a rotation empties the cache, and the tokens still hold")
    func rotation() throws {
        let (ring, cache) = (try ring(), TokenCache())
        let token = try token(ring, 1)
        _ = try verify(cache, token, ring, at: start)
        _ = try ring.rotate(now: start)
        _ = try verify(cache, token, ring, at: start)
        #expect(cache.misses == 2)
        _ = try verify(cache, token, ring, at: start + 600_000)
        #expect(cache.misses == 3)
        _ = try verify(cache, token, ring, at: start + 600_001)
        #expect(cache.misses == 3)
    }

    @Test("the cache is bounded, and spares what is in use")
    func eviction() throws {
        let (ring, cache) = (try ring(), TokenCache(entriesMax: 8))
        let used = try token(ring, 0)
        _ = try verify(cache, used, ring, at: start)
        for number in 1..<60 {
            _ = try verify(cache, used, ring, at: start)
            _ = try verify(cache, try token(ring, number), ring, at: start)
            #expect(cache.count <= 8)
        }
        #expect(cache.count == 8)
        #expect(cache.misses == 60)
        #expect(cache.hits == 59)
    }

    @Test("a token longer than any of ours is not looked at")
    func oversized() throws {
        let (ring, cache) = (try ring(), TokenCache())
        let long = String(repeating: "a", count: 5_000)
        #expect(throws: TokenError.invalid) { try verify(cache, long, ring, at: start) }
        #expect(cache.misses == 0)
    }
}
