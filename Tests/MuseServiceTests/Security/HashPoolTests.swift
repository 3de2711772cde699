// The hash pool: bounds, counts, threads.
internal import MuseBase
internal import MuseService
internal import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct HashPoolTests {
    /// Holds jobs back until it is opened, and counts those that came to it.
    final class Gate: Sendable {
        private let state = Signal((isOpen: false, arrived: 0, most: 0, inside: 0))

        func pass() {
            state.change {
                $0.arrived += 1
                $0.inside += 1
                $0.most = max($0.most, $0.inside)
            }
            state.wait { $0.isOpen ? () : nil }
            state.change { $0.inside -= 1 }
        }

        func open() { state.change { $0.isOpen = true } }
        func waitForArrivals(_ count: Int) { state.wait { $0.arrived >= count ? () : nil } }
        var most: Int { state.change { $0.most } }
    }

    /// Yields until `isSo`: the jobs are queued by tasks that need a turn.
    func until(_ isSo: () -> Bool) async {
        while !isSo() { await Task.yield() }
    }

    @Test("what is run gives its result and is counted")
    func result() async {
        let pool = HashPool(threads: 2)
        for number in 0..<20 {
            #expect(await pool.run { number * number } == number * number)
        }
        await until { pool.hashes == 20 }
        #expect(pool.queued == 0)
        #expect(pool.refused == 0)
    }

    @Test("what does not fit into the queue is refused at once and never run")
    func full() async {
        let pool = HashPool(threads: 1, queueMax: 2)
        let gate = Gate()
        await withTaskGroup(of: Int?.self) { group in
            group.addTask {
                await pool.run {
                    gate.pass()
                    return 0
                }
            }
            // One on the thread, none waiting.
            gate.waitForArrivals(1)
            for number in 1...2 { group.addTask { await pool.run { number } } }
            await until { pool.queued == 2 }
            #expect(await pool.run { 3 } == nil)
            #expect(await pool.run { 4 } == nil)
            #expect(pool.refused == 2)
            #expect(pool.queued == 2)
            gate.open()
            var results: Set<Int?> = []
            for await result in group { results.insert(result) }
            #expect(results == [0, 1, 2])
        }
        await until { pool.hashes == 3 }
        #expect(await pool.run { 5 } == 5)
    }

    @Test("a pool without a queue still takes what a thread waits for")
    func noQueue() async {
        let pool = HashPool(threads: 1, queueMax: 0)
        var done = 0
        // The thread may still be on its way to wait.
        while done < 5 { if await pool.run({ true }) == true { done += 1 } }
        #expect(done == 5)
    }

    @Test("no more run at once than there are threads")
    func threads() async {
        let pool = HashPool(threads: 2, queueMax: 64)
        let gate = Gate()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { await pool.run { gate.pass() } } }
            await until { pool.queued == 6 }
            gate.waitForArrivals(2)
            gate.open()
        }
        #expect(gate.most == 2)
    }

    @Test("the time to come back grows with what waits, and has bounds")
    func retryAfter() async {
        let time = Lock<UInt64>(0)
        // Every look at the clock is a second later: a job takes one second.
        let clock = MonotonicClock {
            time.withLock { time in
                time += 1_000_000_000
                return time
            }
        }
        let pool = HashPool(threads: 1, clock: clock)
        #expect(pool.retryAfterMilliseconds == 50)
        for _ in 0..<100 { _ = await pool.run {} }
        await until { pool.hashes == 100 }
        #expect((900...1_000).contains(pool.retryAfterMilliseconds))
        let gate = Gate()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await pool.run { gate.pass() } }
            gate.waitForArrivals(1)
            for _ in 0..<3 { group.addTask { await pool.run {} } }
            await until { pool.queued == 3 }
            #expect((3_600...4_000).contains(pool.retryAfterMilliseconds))
            for _ in 0..<61 { group.addTask { await pool.run {} } }
            await until { pool.queued == 64 }
            #expect(pool.retryAfterMilliseconds == 60_000)
            gate.open()
        }
    }

    @Test("what is queued when the pool is let go is still done")
    func letGo() async {
        var pool: HashPool? = HashPool(threads: 1)
        #expect(await pool?.run { 1 } == 1)
        pool = nil
    }

    #if canImport(Glibc)
        @Test("its threads yield to all others")
        func nice() async {
            let pool = HashPool(threads: 1)
            let nice = await pool.run { getpriority(Int32(PRIO_PROCESS.rawValue), 0) }
            #expect(nice == 19)
            #expect(getpriority(Int32(PRIO_PROCESS.rawValue), 0) < 19)
        }
    #endif
}
