// Throttles: what a limit means, and what a table that is full drops.
internal import MuseBase
internal import MuseService
internal import Testing

@Suite struct ThrottleTests {
    let keys = ThrottleKeys()
    static let second: UInt64 = 1_000_000_000
    /// Monotonic clocks begin anywhere.
    static let start: UInt64 = 77 * second

    func refusal<R>(_ body: () throws(ThrottleRefusal) -> R) -> ThrottleRefusal? {
        do throws(ThrottleRefusal) {
            _ = try body()
            return nil
        } catch {
            return error
        }
    }

    func take(_ throttle: Throttle, _ key: ThrottleKey, _ now: UInt64) -> ThrottleRefusal? {
        refusal { () throws(ThrottleRefusal) in try throttle.take(key, now: now) }
    }

    // MARK: One limit

    @Test("at the limit the next is refused, and told when to come back")
    func limit() {
        let rule = ThrottleRule(limit: 3, windowMilliseconds: 10_000)
        let throttle = Throttle(rule, scope: .caller)
        let key = keys.key(.ipv4(1))
        for number in 0..<3 {
            #expect(take(throttle, key, Self.start + UInt64(number) * Self.second) == nil)
        }
        let refused = take(throttle, key, Self.start + 3 * Self.second)
        #expect(
            refused == ThrottleRefusal(scope: .caller, rule: rule, retryAfterMilliseconds: 7_000))
        // To wait as long as was told is enough, and a millisecond less is not.
        let told = Self.start + 10 * Self.second
        #expect(take(throttle, key, told - 1_000_000)?.retryAfterMilliseconds == 1)
        #expect(take(throttle, key, told) == nil)
        #expect(take(throttle, key, told) != nil)
    }

    @Test("a refusal is not counted: who keeps trying is let in no later")
    func refusalsUncounted() {
        let throttle = Throttle(
            ThrottleRule(limit: 1, windowMilliseconds: 1_000), scope: .address)
        let key = keys.key(.ipv4(1))
        #expect(take(throttle, key, Self.start) == nil)
        for number in 1..<100 {
            #expect(take(throttle, key, Self.start + UInt64(number) * 10_000_000) != nil)
        }
        #expect(take(throttle, key, Self.start + Self.second) == nil)
    }

    @Test("no stretch of the window's length holds more than the limit")
    func slides() {
        let throttle = Throttle(ThrottleRule(limit: 5, windowMilliseconds: 1_000), scope: .caller)
        let key = keys.key(.ipv4(1))
        let random = RandomSource.seeded(3)
        var taken: [UInt64] = []
        var now = Self.start
        for _ in 0..<2_000 {
            now += random.uint64() % 200_000_000
            let before = taken.filter { now - $0 < Self.second }.count
            let refused = take(throttle, key, now)
            #expect((refused == nil) == (before < 5))
            if refused == nil { taken.append(now) }
        }
        #expect(taken.count > 100)
    }

    @Test("keys do not disturb each other")
    func separate() {
        let throttle = Throttle(ThrottleRule(limit: 1, windowMilliseconds: 1_000), scope: .caller)
        for number in 0..<100 as Range<UInt32> {
            #expect(take(throttle, keys.key(.ipv4(number)), Self.start) == nil)
            #expect(take(throttle, keys.key(.ipv4(number)), Self.start) != nil)
        }
        #expect(throttle.entries == 100)
    }

    @Test("a limit of nought is none")
    func off() {
        let throttle = Throttle(ThrottleRule(limit: 0, windowMilliseconds: 1_000), scope: .caller)
        for _ in 0..<1_000 { #expect(take(throttle, keys.key(.ipv4(1)), Self.start) == nil) }
        #expect(throttle.entries == 0)
    }

    @Test("what is given back was not counted")
    func givenBack() {
        let throttle = Throttle(ThrottleRule(limit: 2, windowMilliseconds: 1_000), scope: .caller)
        let key = keys.key(.ipv4(1))
        throttle.giveBack(key)
        for _ in 0..<10 {
            #expect(take(throttle, key, Self.start) == nil)
            throttle.giveBack(key)
        }
        #expect(take(throttle, key, Self.start) == nil)
        #expect(take(throttle, key, Self.start) == nil)
        #expect(take(throttle, key, Self.start) != nil)
    }

    @Test("clocks read out of order harm nothing")
    func lateClock() {
        let throttle = Throttle(ThrottleRule(limit: 2, windowMilliseconds: 1_000), scope: .caller)
        let key = keys.key(.ipv4(1))
        #expect(take(throttle, key, Self.start + 500) == nil)
        #expect(take(throttle, key, Self.start) == nil)
        #expect(take(throttle, key, Self.start - 1)?.retryAfterMilliseconds == 1_000)
        #expect(take(throttle, key, 0)?.retryAfterMilliseconds == 1_000)
        #expect(take(throttle, key, .max) == nil)
    }

    // MARK: The table

    @Test("what has run out leaves the table by itself")
    func sweeps() {
        let throttle = Throttle(ThrottleRule(limit: 3, windowMilliseconds: 1_000), scope: .caller)
        for number in 0..<1_000 as Range<UInt32> {
            _ = take(throttle, keys.key(.ipv4(number)), Self.start)
        }
        #expect(throttle.entries == 1_000)
        for number in 0..<2_000 as Range<UInt64> {
            _ = take(throttle, keys.key(.ipv4(9_999)), Self.start + (2 + number) * Self.second)
        }
        #expect(throttle.entries == 1)
    }

    @Test("the table is bounded, and filling it does not free a key at its limit")
    func eviction() {
        let throttle = Throttle(
            ThrottleRule(limit: 10, windowMilliseconds: 900_000), scope: .account,
            entriesMax: 200, random: .seeded(5))
        let victim = keys.key(.ipv4(1), name: "victim")
        for _ in 0..<10 { _ = take(throttle, victim, Self.start) }
        for number in 0..<20_000 {
            _ = take(throttle, keys.key(.ipv4(1), name: "filler\(number)"), Self.start)
        }
        #expect(throttle.entries == 200)
        #expect(take(throttle, victim, Self.start) != nil)
        // The control: where all are alike, an entry does go.
        let one = keys.key(.ipv4(1), name: "one")
        let plain = Throttle(
            ThrottleRule(limit: 1, windowMilliseconds: 900_000), scope: .account, entriesMax: 200,
            random: .seeded(5))
        _ = take(plain, one, Self.start)
        for number in 0..<20_000 {
            _ = take(plain, keys.key(.ipv4(1), name: "filler\(number)"), Self.start)
        }
        #expect(take(plain, one, Self.start) == nil)
    }

    // MARK: Keys

    @Test("addresses of a /64 are one, names are folded in A to Z alone")
    func keyForms() {
        let host = NetworkAddress.ipv6(0x2001_0db8_0000_0001, 7)
        #expect(keys.key(host) == keys.key(.ipv6(0x2001_0db8_0000_0001, 8)))
        #expect(keys.key(host) != keys.key(.ipv6(0x2001_0db8_0000_0002, 7)))
        #expect(keys.key(.ipv6(0, 0xFFFF_0000_0001)) == keys.key(.ipv4(1)))
        #expect(keys.key(.ipv4(1)) != keys.key(.unix(uid: 1)))
        #expect(keys.key(.unix(uid: 1)) != keys.key(.unix(uid: 2)))
        #expect(keys.key(host, name: "Alice") == keys.key(host, name: "aLICE"))
        #expect(keys.key(host, name: "É") != keys.key(host, name: "é"))
        #expect(keys.key(host, name: "") != keys.key(host))
        #expect(keys.key(host, name: "a\0b") != keys.key(host, name: "a"))
        #expect(keys.key(host, name: "a") != keys.key(.ipv4(1), name: "a"))
        #expect(keys.key(host, name: "a") != ThrottleKeys().key(host, name: "a"))
    }

    // MARK: Log-in

    func attempt(
        _ throttle: LoginThrottle, _ name: String, _ address: NetworkAddress, failed: Bool,
        at now: UInt64 = start
    ) -> ThrottleRefusal? {
        refusal { () throws(ThrottleRefusal) in
            let attempt = try throttle.begin(name: name, address: address, now: now)
            try throttle.end(attempt, failed: failed, now: now)
        }
    }

    @Test("ten failures of a name from an address, and the next is refused unlooked-at")
    func loginName() {
        let throttle = LoginThrottle()
        for _ in 0..<10 { #expect(attempt(throttle, "alice", .ipv4(1), failed: true) == nil) }
        let refused = attempt(throttle, "ALICE", .ipv4(1), failed: false)
        #expect(refused?.scope == .account)
        #expect(refused?.rule.limit == 10)
        #expect(refused?.rule.windowMilliseconds == 900_000)
        #expect(refused?.retryAfterMilliseconds == 900_000)
        // Nobody else is concerned: not the owner elsewhere, no other name here.
        #expect(attempt(throttle, "alice", .ipv4(2), failed: false) == nil)
        #expect(attempt(throttle, "bob", .ipv4(1), failed: false) == nil)
        #expect(
            attempt(throttle, "alice", .ipv4(1), failed: false, at: Self.start + 900 * Self.second)
                == nil)
    }

    @Test("a success counts nothing and resets nothing")
    func success() {
        let throttle = LoginThrottle()
        for _ in 0..<1_000 { #expect(attempt(throttle, "alice", .ipv4(1), failed: false) == nil) }
        for _ in 0..<9 { #expect(attempt(throttle, "alice", .ipv4(1), failed: true) == nil) }
        #expect(attempt(throttle, "alice", .ipv4(1), failed: false) == nil)
        #expect(attempt(throttle, "alice", .ipv4(1), failed: true) == nil)
        #expect(attempt(throttle, "alice", .ipv4(1), failed: false) != nil)
    }

    @Test("a hundred failures of an address, whatever the names")
    func loginAddress() {
        let throttle = LoginThrottle()
        for number in 0..<100 {
            #expect(attempt(throttle, "name\(number)", .ipv4(1), failed: true) == nil)
        }
        let refused = attempt(throttle, "fresh", .ipv4(1), failed: false)
        #expect(refused?.scope == .address)
        #expect(refused?.rule.limit == 100)
        #expect(attempt(throttle, "fresh", .ipv4(2), failed: false) == nil)
    }

    @Test("of attempts that are under way at once, no more than the limit are judged")
    func atOnce() throws {
        let throttle = LoginThrottle()
        var attempts: [LoginThrottle.Attempt] = []
        for _ in 0..<50 {
            attempts.append(
                try throttle.begin(name: "alice", address: .ipv4(1), now: Self.start))
        }
        var judged = 0
        for attempt in attempts.dropLast() {
            let refused = refusal { () throws(ThrottleRefusal) in
                try throttle.end(attempt, failed: true, now: Self.start)
            }
            if refused == nil { judged += 1 }
        }
        #expect(judged == 10)
        // The right password comes too late as well.
        let last = try #require(attempts.last)
        #expect(
            refusal { () throws(ThrottleRefusal) in
                try throttle.end(last, failed: false, now: Self.start)
            } != nil)
    }

    @Test("threads that count at once count right")
    func threads() async {
        let throttle = LoginThrottle()
        let judged = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var judged = 0
                    for _ in 0..<50 where attempt(throttle, "a", .ipv4(1), failed: true) == nil {
                        judged += 1
                    }
                    return judged
                }
            }
            return await group.reduce(0, +)
        }
        #expect(judged == 10)
    }
}
