// Tests of the base room: clocks, random numbers, locks and threads.
internal import MuseBase
internal import Testing

struct SourcesTests {
    @Test func `a seed gives the numbers of SplitMix64, another seed others`() {
        let random = RandomSource.seeded(0)
        #expect(random.uint64() == 0xE220_A839_7B1D_CDAF)
        #expect(random.uint64() == 0x6E78_9E6A_A1B9_65F4)
        let again = RandomSource.seeded(0)
        #expect(again.uint64() == 0xE220_A839_7B1D_CDAF)
        #expect(RandomSource.seeded(1).uint64() != RandomSource.seeded(2).uint64())
    }

    @Test func `the system's random numbers do not repeat, read ahead or not`() {
        for random in [RandomSource.system, .readingAhead(), .readingAhead()] {
            #expect(Set((0..<1_000).map { _ in random.uint64() }).count == 1_000)
        }
        let (one, other) = (RandomSource.readingAhead(), RandomSource.readingAhead())
        #expect(Set((0..<64).flatMap { _ in [one.uint64(), other.uint64()] }).count == 128)
    }

    @Test func `the monotonic clock never goes back`() {
        var last = MonotonicClock.system.nanoseconds()
        for _ in 0..<1_000 {
            let now = MonotonicClock.system.nanoseconds()
            #expect(now >= last)
            last = now
        }
    }

    @Test func `the wall clock says a time of this century`() {
        let now = WallClock.system.now()
        #expect(now > Timestamp(milliseconds: 1_700_000_000_000))
        #expect(now < Timestamp(milliseconds: 4_100_000_000_000))
    }

    @Test func `clocks can be brought along`() {
        let time = Lock(Timestamp(milliseconds: 1))
        let clock = WallClock { time.withLock { $0 } }
        time.withLock { $0 = $0 + 5 }
        #expect(clock.now() == Timestamp(milliseconds: 6))
        #expect(MonotonicClock { 7 }.nanoseconds() == 7)
    }
}

struct LockTests {
    /// Runs `body` on so many threads at once and comes back when all are done.
    private func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let done = Signal(0)
        let ready = Signal(0)
        for index in 0..<count {
            Thread.start {
                // All begin together, so that they do meet.
                ready.change { $0 += 1 }
                ready.wait { $0 == count ? () : nil }
                body(index)
                done.change { $0 += 1 }
            }
        }
        done.wait { $0 == count ? () : nil }
    }

    @Test func `no step is lost between threads that count under a lock`() {
        let counter = Lock(0)
        onThreads(8) { _ in
            for _ in 0..<5_000 {
                counter.withLock { count in
                    // A step that takes a while between reading and writing.
                    let next = (0..<50).reduce(count + 1) { sum, _ in sum }
                    count = next
                }
            }
        }
        #expect(counter.withLock { $0 } == 40_000)
    }

    @Test func `a lock is open again after an error`() {
        struct Refused: Error {}
        let lock = Lock(1)
        #expect(throws: Refused.self) {
            try lock.withLock { (state: inout Int) throws(Refused) -> Void in
                state = 2
                throw Refused()
            }
        }
        #expect(lock.withLock { $0 } == 2)
    }

    @Test func `what is put in by some threads is taken out by others, each thing once`() {
        let queue = Signal<[Int]>([])
        let taken = Lock<[Int]>([])
        onThreads(8) { index in
            for step in 0..<500 {
                if index < 4 {
                    queue.change { $0.append(index * 500 + step) }
                } else {
                    let item = queue.wait { $0.isEmpty ? nil : $0.removeLast() }
                    taken.withLock { $0.append(item) }
                }
            }
        }
        #expect(taken.withLock { $0.sorted() } == Array(0..<2_000))
    }

    @Test func `one change wakes everyone who waits`() {
        let gate = Signal(false)
        let waiting = Signal(0)
        let through = Signal(0)
        for _ in 0..<8 {
            Thread.start {
                waiting.change { $0 += 1 }
                gate.wait { $0 ? () : nil }
                through.change { $0 += 1 }
            }
        }
        waiting.wait { $0 == 8 ? () : nil }
        gate.change { $0 = true }
        through.wait { $0 == 8 ? () : nil }
    }

    @Test func `a thread runs with the stack it was given and at lower priority`() {
        let sum = Signal<Int?>(nil)
        Thread.start(stackBytes: 256 << 10, nice: 19) {
            let total = (1...100).reduce(0, +)
            sum.change { $0 = total }
        }
        #expect(sum.wait { $0 } == 5_050)
    }
}
