// Tests of the store room: what happens when a commit fails, and that the writer goes on by itself.
internal import MuseBase
internal import MuseSQL
internal import MuseSQLite
internal import MuseStore
internal import Testing

@Suite("When a commit fails")
struct CommitFailureTests {
    private func eager() -> WriterOptions {
        var options = WriterOptions()
        options.retryMilliseconds = 0
        return options
    }

    @Test(
        "a failed sync: the group is told that nothing was written, and a crash brings nothing back"
    )
    func failedSync() throws {
        let bench = try StoreBench()
        try bench.writer.writeNow { try $0.insert(1) }
        bench.driver.syncMeter?.failNext(1)
        #expect(throws: WriterError.commitFailed(.none)) {
            try bench.writer.writeNow { try $0.insert(2) }
        }
        #expect(try bench.numbers() == [1])
        #expect(try bench.numbersAfterCrash() == [1])
        #expect(bench.writer.figures.commitFailures == 1 && !bench.writer.figures.isBroken)
        try bench.writer.writeNow { try $0.insert(3) }
        #expect(try bench.numbers() == [1, 3])
        #expect(try bench.numbersAfterCrash() == [1, 3])
    }

    @Test("every member of the group is told so, also those that had failed by themselves")
    func wholeGroup() throws {
        let faults = Faults()
        let bench = try StoreBench { FaultyDriver(base: $0, faults: faults) }
        let failed = Lock(0)
        let writes: [Write<Void>] = [
            { tx in
                try tx.insert(1)
                faults.change {
                    $0.commit = { () throws(SQLError) in
                        let isFirst = failed.withLock { count in
                            count += 1
                            return count == 1
                        }
                        if isFirst { throw Faults.disk }
                    }
                }
            },
            { _ in throw Refusal() },
            { tx in try tx.insert(2) },
        ]
        let results = bench.group(writes)
        #expect(results.map(\.writerError) == Array(repeating: .commitFailed(.none), count: 3))
        #expect(faults.now.reopened == 1)
        #expect(try bench.numbers() == [])
        try bench.writer.writeNow { try $0.insert(1) }
        #expect(try bench.numbers() == [1])
    }

    @Test("where the marker fails too the outcome is unknown, and later writes are told none")
    func markerFails() throws {
        let faults = Faults()
        let bench = try StoreBench(options: eager()) { FaultyDriver(base: $0, faults: faults) }
        try bench.writer.writeNow { try $0.insert(1) }
        let failing = Lock(true)
        faults.change {
            $0.commit = { () throws(SQLError) in
                if failing.withLock({ $0 }) { throw Faults.disk }
            }
        }
        #expect(throws: WriterError.commitFailed(.unknown)) {
            try bench.writer.writeNow { try $0.insert(2) }
        }
        #expect(bench.writer.figures.isBroken)
        for _ in 1...3 {
            #expect(throws: WriterError.commitFailed(.none)) {
                try bench.writer.writeNow { try $0.insert(3) }
            }
        }
        failing.withLock { $0 = false }
        try bench.writer.writeNow { try $0.insert(4) }
        #expect(!bench.writer.figures.isBroken)
        #expect(try bench.numbers() == [1, 4])
    }

    @Test("a writer out of order goes on by itself, without a write to ask it")
    func goesOnByItself() throws {
        var options = WriterOptions()
        options.retryMilliseconds = 1
        let faults = Faults()
        let bench = try StoreBench(options: options) { FaultyDriver(base: $0, faults: faults) }
        faults.change { $0.reopen = { () throws(SQLError) in throw Faults.disk } }
        bench.driver.syncMeter?.failNext(1)
        #expect(throws: WriterError.commitFailed(.unknown)) {
            try bench.writer.writeNow { try $0.insert(1) }
        }
        #expect(bench.writer.figures.isBroken)
        faults.change { $0.reopen = {} }
        eventually { !bench.writer.figures.isBroken }
        #expect(try bench.numbersAfterCrash() == [])
        try bench.writer.writeNow { try $0.insert(2) }
        #expect(try bench.numbersAfterCrash() == [2])
    }

    @Test(
        "a full database: the group is told none, readers go on, and with room again so do writes")
    func full() throws {
        let faults = Faults()
        let bench = try StoreBench { FaultyDriver(base: $0, faults: faults) }
        let body = String(repeating: "x", count: 3_000)
        let store = try Store(bench.writer)
        // Refused by the engine in the middle of a statement, which ends the whole transaction.
        faults.change {
            $0.setup = "PRAGMA max_page_count=60"
            $0.commit = { () throws(SQLError) in throw Faults.disk }
        }
        #expect(throws: WriterError.self) { try bench.writer.writeNow { try $0.insert(-1) } }
        faults.change { $0.commit = {} }
        eventually { !bench.writer.figures.isBroken }
        var kept: [Int64] = []
        var refused: WriterError?
        for number in 1...200 as ClosedRange<Int64> {
            do {
                try bench.writer.writeNow { try $0.insert(number, body: body) }
                kept.append(number)
            } catch {
                refused = error as? WriterError
                break
            }
        }
        #expect(refused == .commitFailed(.none))
        #expect(!kept.isEmpty && kept.count < 200)
        #expect(try store.read { try $0.numbers() } == kept)
        // Room again.
        faults.change { $0.setup = "" }
        bench.driver.syncMeter?.failNext(1)
        #expect(throws: WriterError.commitFailed(.none)) {
            try bench.writer.writeNow { try $0.insert(-2) }
        }
        try bench.writer.writeNow { try $0.insert(1_000, body: body) }
        kept.append(1_000)
        #expect(try bench.numbers() == kept)
        #expect(try bench.numbersAfterCrash() == kept)
    }

    @Test(
        "syncs fail at random: what was answered is there after a crash, what was told none is not")
    func randomFaults() throws {
        for seed in 1...5 as ClosedRange<UInt64> {
            var options = eager()
            options.checkpointPages = 12
            options.checkpointPauseMicroseconds = 0
            let bench = try StoreBench(options: options)
            let random = RandomSource.seeded(seed)
            var kept: [Int64] = []
            var unknown: Set<Int64> = []
            for number in 1...120 as ClosedRange<Int64> {
                if random.uint64() % 5 == 0 {
                    bench.driver.syncMeter?.failNext(Int(random.uint64() % 5))
                }
                let count = Int64(random.uint64() % 3)
                do {
                    try bench.writer.writeNow { tx in
                        for extra in 0...count {
                            try tx.insert(number * 10 + extra, body: "\(seed)")
                        }
                    }
                    for extra in 0...count { kept.append(number * 10 + extra) }
                } catch WriterError.commitFailed(.unknown) {
                    for extra in 0...count { unknown.insert(number * 10 + extra) }
                } catch WriterError.commitFailed(.none) {
                }
                if random.uint64() % 8 == 0 {
                    let found = try bench.numbersAfterCrash()
                    #expect(found.filter { !unknown.contains($0) } == kept, "seed \(seed)")
                }
            }
            bench.driver.syncMeter?.failNext(0)
            try bench.writer.writeNow { try $0.insert(0) }
            // Once it has recovered, also what was unknown is known: it was not written.
            #expect(try bench.numbers() == [0] + kept, "seed \(seed)")
            #expect(try bench.numbersAfterCrash() == [0] + kept, "seed \(seed)")
            bench.writer.shutdown()
            #expect(try bench.numbers() == [0] + kept, "seed \(seed)")
        }
    }
}
