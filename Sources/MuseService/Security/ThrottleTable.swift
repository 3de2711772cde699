// The service's security room: the bounded table under a throttle. A value, without a lock and a
// clock of its own.
internal import MuseBase

/// When each key's events were, as far as they still count. See `Throttle` for what it promises.
struct ThrottleTable: Sendable {
    /// How many entries are looked at for one to drop.
    private static let lookedAt = 32

    private struct Entry {
        let key: ThrottleKey
        /// Monotonic nanoseconds, rising; those before `first` have run out.
        var times: [UInt64]
        var first = 0

        var count: Int { times.count - first }

        /// Lets go of what has run out by then.
        mutating func prune(_ now: UInt64, _ window: UInt64) {
            while first < times.count, now >= times[first], now - times[first] >= window {
                first += 1
            }
            if first > 32, first * 2 > times.count {
                times.removeFirst(first)
                first = 0
            }
        }
    }

    private let rule: ThrottleRule
    private let window: UInt64
    private let entriesMax: Int
    private let random: RandomSource
    private var places: [ThrottleKey: Int] = [:]
    private var entries: [Entry] = []
    /// Where the next look for entries that have run out begins.
    private var hand = 0

    init(_ rule: ThrottleRule, entriesMax: Int, random: RandomSource) {
        precondition(entriesMax > 0, "a table without room")
        self.rule = rule
        self.entriesMax = entriesMax
        self.random = random
        window = UInt64(rule.windowMilliseconds) * 1_000_000
    }

    var count: Int { entries.count }

    /// Throws where the key is at its limit.
    mutating func check(
        _ key: ThrottleKey, _ scope: ThrottleScope, _ now: UInt64
    ) throws(ThrottleRefusal) {
        guard rule.limit > 0, let place = places[key] else { return }
        entries[place].prune(now, window)
        let entry = entries[place]
        guard entry.count >= rule.limit else { return }
        // The event whose end brings the count below the limit.
        let freed = entry.times[entry.times.count - rule.limit]
        let age = now >= freed ? now - freed : 0
        let wait = Int((window - min(age, window) + 999_999) / 1_000_000)
        throw ThrottleRefusal(
            scope: scope, rule: rule,
            retryAfterMilliseconds: min(max(1, wait), rule.windowMilliseconds))
    }

    /// Counts an event.
    mutating func add(_ key: ThrottleKey, _ now: UInt64) {
        guard rule.limit > 0 else { return }
        sweep(now)
        if let place = places[key] {
            entries[place].prune(now, window)
            // Workers read their clocks before they take the lock: one may come a little late.
            entries[place].times.append(max(now, entries[place].times.last ?? 0))
            return
        }
        if entries.count >= entriesMax { evict(now) }
        places[key] = entries.count
        entries.append(Entry(key: key, times: [now]))
    }

    mutating func removeNewest(_ key: ThrottleKey) {
        guard let place = places[key], entries[place].count > 0 else { return }
        entries[place].times.removeLast()
    }

    /// Two entries with every event: an entry that has run out is gone after half as many events as
    /// there are entries, at no cost that anybody feels.
    private mutating func sweep(_ now: UInt64) {
        for _ in 0..<2 where !entries.isEmpty {
            hand = hand < entries.count ? hand : 0
            entries[hand].prune(now, window)
            if entries[hand].count == 0 { remove(hand) } else { hand += 1 }
        }
    }

    private mutating func evict(_ now: UInt64) {
        var worst = Int(random.uint64() % UInt64(entries.count))
        var index = worst
        for _ in 0..<Self.lookedAt {
            entries[index].prune(now, window)
            if entries[index].count < entries[worst].count { worst = index }
            if entries[worst].count == 0 { break }
            index = Int(random.uint64() % UInt64(entries.count))
        }
        remove(worst)
    }

    private mutating func remove(_ place: Int) {
        places[entries[place].key] = nil
        let last = entries.count - 1
        if place < last {
            entries[place] = entries[last]
            places[entries[place].key] = place
        }
        entries.removeLast()
    }
}
