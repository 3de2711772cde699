// The service's security room: access tokens that a worker has verified lately. Called for every
// request that carries one, so that Ed25519's 55 µs are paid once for a token.
package import MuseBase
package import MuseCrypto
internal import Synchronization

/// Verified access tokens by a keyed hash of their bytes. One a worker, confined to it.
///
/// Nothing but hashes and claims is kept: 32 bytes of BLAKE2b under a key of this cache's own stand
/// for the token, so that no two tokens meet and no token can be read from memory. An entry goes
/// when its token expires, when the keys change (all do), and when room is wanted: `entriesMax`, by
/// a clock that spares what was used since it came by. A hit uses no heap. That the token has not
/// been revoked is not looked at here.
package final class TokenCache {
    private struct Entry {
        var hash: Digest
        var token: VerifiedAccessToken
        var wasUsed: Bool
    }

    private let hash = KeyedHash.random()
    private let entriesMax: Int
    private var epoch: UInt64 = 0
    private var places: [Digest: Int] = [:]
    private var entries: [Entry] = []
    private var hand = 0
    let counters = TokenCounters()

    package var hits: Int { counters.hits.load(ordering: .relaxed) }
    package var misses: Int { counters.misses.load(ordering: .relaxed) }

    /// An empty cache. An entry takes some 250 bytes: 2 MB for 8,192.
    package init(entriesMax: Int = 8_192) {
        precondition(entriesMax > 0, "a cache without room")
        self.entriesMax = entriesMax
        places.reserveCapacity(entriesMax)
    }

    package var count: Int { entries.count }

    /// Reads a token that one of the ring's keys has signed, from the cache or by its signature.
    /// - Parameter now: the time of day, which decides whether the token has expired.
    /// - Throws: TokenError, as `JWT.verifyAccess`.
    package func verify(
        _ token: Span<UInt8>, ring: KeyRing, policy: TokenPolicy, now: Timestamp
    ) throws(TokenError) -> VerifiedAccessToken {
        // Longer ones are not worth a hash either.
        guard token.count <= JWT.bytesMax else { throw .invalid }
        let keyEpoch = ring.epoch(now: now)
        if keyEpoch != epoch {
            removeAll()
            epoch = keyEpoch
        }
        let digest = hash.digest(of: token)
        if let found = lookup(digest, now) {
            counters.hits.store(hits &+ 1, ordering: .relaxed)
            return found
        }
        counters.misses.store(misses &+ 1, ordering: .relaxed)
        let snapshot = ring.snapshot(now: now)
        let verified = try JWT.verifyAccess(token, keys: snapshot.keys, policy: policy, now: now)
        // The keys may have changed between the two looks: then the next call begins anew.
        if snapshot.epoch == epoch { insert(digest, verified) }
        return verified
    }

    private func lookup(_ digest: Digest, _ now: Timestamp) -> VerifiedAccessToken? {
        guard let place = places[digest] else { return nil }
        guard now.seconds < entries[place].token.claims.expiresAt else {
            remove(place)
            return nil
        }
        entries[place].wasUsed = true
        return entries[place].token
    }

    private func insert(_ digest: Digest, _ token: VerifiedAccessToken) {
        let entry = Entry(hash: digest, token: token, wasUsed: false)
        guard entries.count >= entriesMax else {
            places[digest] = entries.count
            entries.append(entry)
            return
        }
        // After one round nothing is spared: it ends.
        while true {
            hand = hand < entries.count ? hand : 0
            guard entries[hand].wasUsed else { break }
            entries[hand].wasUsed = false
            hand += 1
        }
        places[entries[hand].hash] = nil
        entries[hand] = entry
        places[digest] = hand
        hand += 1
    }

    private func remove(_ place: Int) {
        places[entries[place].hash] = nil
        let last = entries.count - 1
        if place < last {
            entries[place] = entries[last]
            places[entries[place].hash] = place
        }
        entries.removeLast()
    }

    private func removeAll() {
        places.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        hand = 0
    }
}

/// What a cache counts; others may read it.
final class TokenCounters: Sendable {
    let hits = Atomic(0)
    let misses = Atomic(0)
}
