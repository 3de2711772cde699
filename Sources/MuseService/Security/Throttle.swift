// The service's security room: how often somebody may. Shared by all workers; asked by log-in,
// registration and every write.
package import MuseBase
internal import MuseCrypto

/// How many events a window may hold.
package struct ThrottleRule: Sendable, Equatable {
    /// How many; 0 turns the rule off.
    package var limit: Int
    package var windowMilliseconds: Int

    package init(limit: Int, windowMilliseconds: Int) {
        precondition(limit >= 0 && windowMilliseconds > 0, "a rule without a window")
        self.limit = limit
        self.windowMilliseconds = windowMilliseconds
    }

    /// Wrong passwords for a name from an address: 10 in 15 minutes.
    package static let loginName = ThrottleRule(limit: 10, windowMilliseconds: 900_000)
    /// Wrong passwords from an address: 100 in 15 minutes.
    package static let loginAddress = ThrottleRule(limit: 100, windowMilliseconds: 900_000)
    /// Registrations from an address: 20 an hour.
    package static let registrations = ThrottleRule(limit: 20, windowMilliseconds: 3_600_000)
    /// Writes of a caller: 600 a minute.
    package static let writes = ThrottleRule(limit: 600, windowMilliseconds: 60_000)
}

/// Whom a limit counts (`data.scope` of `rate_limited`).
package enum ThrottleScope: String, Sendable {
    case account, address, caller, connection
}

/// A limit was reached: what `rate_limited` tells.
package struct ThrottleRefusal: Error, Sendable, Equatable {
    package let scope: ThrottleScope
    package let rule: ThrottleRule
    /// When the next will be taken, if nobody else comes first; at least 1, at most the window.
    package let retryAfterMilliseconds: Int

    package init(scope: ThrottleScope, rule: ThrottleRule, retryAfterMilliseconds: Int) {
        self.scope = scope
        self.rule = rule
        self.retryAfterMilliseconds = retryAfterMilliseconds
    }
}

/// Who is counted: 16 bytes of a keyed hash, so that a name of a megabyte takes no more room than
/// any other, and nobody can make two names meet.
package struct ThrottleKey: Hashable, Sendable {
    fileprivate let high: UInt64
    fileprivate let low: UInt64
}

/// Makes keys; a new secret with every start of the process.
package struct ThrottleKeys: Sendable {
    private let hash = KeyedHash.random()

    package init() {}

    /// The key of an address: a /64 of IPv6 is one, a Unix peer is its user.
    package func key(_ address: NetworkAddress) -> ThrottleKey {
        key(address, name: nil)
    }

    /// The key of a user.
    package func key(_ user: UUIDv7) -> ThrottleKey {
        // Ids differ and are not the caller's to choose: they are their own hash.
        ThrottleKey(high: user.high, low: user.low)
    }

    /// The key of a name, as somebody gave it, from an address. A-Z are folded, nothing else is.
    package func key(_ address: NetworkAddress, name: String?) -> ThrottleKey {
        var bytes: [UInt8] = []
        func append(_ number: UInt64) {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
            }
        }
        switch address.throttleKey {
        case .ipv4(let bits):
            bytes.append(4)
            append(UInt64(bits))
        case .ipv6(let high, let low):
            bytes.append(6)
            append(high)
            append(low)
        case .unix(let uid):
            bytes.append(1)
            append(UInt64(uid))
        }
        // The part before has a length that its first byte tells, so no name can stand for another
        // address.
        if let name {
            bytes.append(0)
            for byte in name.utf8 { bytes.append((65...90).contains(byte) ? byte + 32 : byte) }
        }
        let words = hash.digest(of: bytes.span).words
        return ThrottleKey(high: words.0, low: words.1)
    }
}

/// One limit, shared by all workers.
///
/// **The window slides.** An event counts for exactly the window's length after it, so no stretch
/// of that length ever holds more than `limit` events. At the limit `take` refuses and counts
/// nothing: who keeps trying is let in no later for it.
///
/// **The table is bounded**: `entriesMax` keys, each some 100 bytes and 8 for every event that
/// still counts (at the most 65,536 * (100 + 8 * limit): 12 MB for 10, 59 MB for 100, which as many
/// addresses would have to fill). A full table drops, of 32 entries looked at, one that has run
/// out, else the one with the fewest events: to push out a key at its limit, its owner would have
/// to fill nearly the whole table with keys at theirs.
package final class Throttle: Sendable {
    private let scope: ThrottleScope
    private let table: Lock<ThrottleTable>

    package init(
        _ rule: ThrottleRule, scope: ThrottleScope, entriesMax: Int = 65_536,
        random: RandomSource = .system
    ) {
        self.scope = scope
        table = Lock(ThrottleTable(rule, entriesMax: entriesMax, random: random))
    }

    /// Counts an event now, or refuses it.
    /// - Parameter now: monotonic nanoseconds.
    /// - Throws: ThrottleRefusal; nothing has been counted then.
    package func take(_ key: ThrottleKey, now: UInt64) throws(ThrottleRefusal) {
        try table.withLock { table throws(ThrottleRefusal) in
            try table.check(key, scope, now)
            table.add(key, now)
        }
    }

    /// Refuses where one more event would be refused now; counts nothing.
    /// - Throws: ThrottleRefusal.
    package func check(_ key: ThrottleKey, now: UInt64) throws(ThrottleRefusal) {
        try table.withLock { table throws(ThrottleRefusal) in try table.check(key, scope, now) }
    }

    /// Takes the newest event of a key back: what was counted did not come to pass.
    package func giveBack(_ key: ThrottleKey) {
        table.withLock { $0.removeNewest(key) }
    }

    /// How many keys are in the table.
    package var entries: Int { table.withLock { $0.count } }
}

/// Log-in failures: by the name as given, with the address, and by the address.
///
/// At the limit the next attempt is refused unlooked-at, whether its password is right or wrong. A
/// success counts nothing and resets nothing. A name is counted whether or not somebody has it, and
/// only together with an address: nobody can lock an owner out from elsewhere.
///
/// Hashing takes time, and many attempts may be under way at once: so a worker asks twice. `begin`
/// before the hash, and `end` after it, which is the ruling: it refuses what came after the limit
/// was reached, even a right password, and the caller then answers `rate_limited` and says nothing
/// of the password. In order of their ends, it is as if the attempts had come one after another;
/// however many are sent at once, no more than `limit` passwords are judged in a window.
package final class LoginThrottle: Sendable {
    private struct Tables {
        var names: ThrottleTable
        var addresses: ThrottleTable
    }

    private let keys = ThrottleKeys()
    private let tables: Lock<Tables>

    package init(
        name: ThrottleRule = .loginName, address: ThrottleRule = .loginAddress,
        entriesMax: Int = 65_536, random: RandomSource = .system
    ) {
        tables = Lock(
            Tables(
                names: ThrottleTable(name, entriesMax: entriesMax, random: random),
                addresses: ThrottleTable(address, entriesMax: entriesMax, random: random)))
    }

    /// One attempt: what it counts by.
    package struct Attempt: Sendable {
        fileprivate let name: ThrottleKey
        fileprivate let address: ThrottleKey
    }

    /// Begins an attempt, before anything is looked up or hashed.
    /// - Parameters:
    ///   - name: the name as given, or the caller's own where a password is asked for again.
    ///   - now: monotonic nanoseconds.
    /// - Throws: ThrottleRefusal, where the limit has been reached.
    package func begin(
        name: String, address: NetworkAddress, now: UInt64
    ) throws(ThrottleRefusal) -> Attempt {
        let attempt = Attempt(name: keys.key(address, name: name), address: keys.key(address))
        try tables.withLock { tables throws(ThrottleRefusal) in try check(&tables, attempt, now) }
        return attempt
    }

    /// Ends an attempt, once the password has been hashed and before anything is done about it.
    /// - Throws: ThrottleRefusal, where others have reached the limit since; the password must then
    ///   count as unlooked-at, right or wrong. Nothing has been counted.
    package func end(_ attempt: Attempt, failed: Bool, now: UInt64) throws(ThrottleRefusal) {
        try tables.withLock { tables throws(ThrottleRefusal) in
            try check(&tables, attempt, now)
            guard failed else { return }
            tables.names.add(attempt.name, now)
            tables.addresses.add(attempt.address, now)
        }
    }

    private func check(
        _ tables: inout Tables, _ attempt: Attempt, _ now: UInt64
    ) throws(ThrottleRefusal) {
        try tables.names.check(attempt.name, .account, now)
        try tables.addresses.check(attempt.address, .address, now)
    }
}
