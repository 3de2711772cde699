// Tests of the store room: checkpoints, the log's bound, chores, copies of a live database,
// figures.
internal import MuseBase
internal import MuseSQL
internal import MuseSQLite
internal import MuseStore
internal import Testing

@Suite("Housekeeping")
struct HousekeepingTests {
    private let body = String(repeating: "x", count: 2_000)

    @Test("past its bound the log is moved, and begins anew")
    func checkpoints() throws {
        var options = WriterOptions()
        options.checkpointPages = 20
        let bench = try StoreBench(options: options)
        let store = try Store(bench.writer)
        for number in 1...200 as ClosedRange<Int64> {
            try bench.writer.writeNow { try $0.insert(number, body: body) }
            #expect(try store.read { try $0.numbers().count } == Int(number))
            store.endSnapshot()
        }
        #expect(bench.writer.figures.checkpoints > 5)
        #expect(bench.writer.figures.logBytes < 40 * 4_200)
        #expect(try bench.numbers() == Array(1...200))
    }

    @Test("a log at its bound refuses writes, and takes them again once no old snapshot holds it")
    func logBound() throws {
        var options = WriterOptions()
        options.checkpointPages = 20
        options.logBytesMax = 300_000
        let bench = try StoreBench(options: options)
        let store = try Store(bench.writer)
        #expect(try store.read { try $0.numbers() } == [])
        var kept: [Int64] = []
        var refusal: (any Error)?
        for number in 1...1_000 as ClosedRange<Int64> {
            do {
                try bench.writer.writeNow { try $0.insert(number, body: body) }
                kept.append(number)
            } catch {
                refusal = error
                break
            }
        }
        #expect(refusal as? WriterError == .busy(.log))
        #expect(bench.writer.figures.logBytes > 300_000)
        store.endSnapshot()
        eventually { bench.writer.figures.logBytes < 300_000 }
        try bench.writer.writeNow { try $0.insert(5_000) }
        kept.append(5_000)
        #expect(try bench.numbers() == kept)
    }

    @Test("a chore goes on in slices until there is nothing left, and again when a write says so")
    func chore() throws {
        let slices = Lock(0)
        let chore = WriterChore(name: "eat", restMilliseconds: 86_400_000) { tx in
            slices.withLock { $0 += 1 }
            let statement = try tx.statement(
                "DELETE FROM numbers WHERE n IN (SELECT n FROM numbers WHERE n > 0 LIMIT 10)")
            try statement.run()
            return tx.connection.changes == 10
        }
        let bench = try StoreBench(chores: [chore])
        eventually { slices.withLock { $0 } == 1 }
        try bench.writer.writeNow { tx in
            for number in 0...95 { try tx.insert(Int64(number)) }
            tx.marks.choresDue = true
        }
        eventually { bench.writer.figures.slices == 11 }
        #expect(try bench.numbers() == [0])
        #expect(slices.withLock { $0 } == 11)
        // No mark: it rests.
        try bench.writer.writeNow { try $0.insert(1) }
        try bench.writer.writeNow { try $0.insert(2) }
        #expect(try bench.numbers() == [0, 1, 2])
    }

    @Test("a write waits for one slice at most, and a chore is not starved by writes")
    func choreBesideWrites() throws {
        var options = WriterOptions()
        options.choreMilliseconds = 0
        let left = Lock(50)
        let bench = try StoreBench(options: options)
        // Every write finds at most one slice since the one before it.
        let seen = Lock(0)
        bench.writer.register(
            WriterChore(name: "count") { _ in
                seen.withLock { $0 += 1 }
                return left.withLock { count in
                    count -= 1
                    return count > 0
                }
            })
        for number in 1...10 as ClosedRange<Int64> {
            _ = bench.group((number * 10)...(number * 10 + 4)) { tx, n in try tx.insert(n) }
        }
        eventually { seen.withLock { $0 } == 50 }
        #expect(try bench.numbers().count == 50)
    }

    @Test("a chore that fails is undone, and tried again after its rest")
    func failingChore() throws {
        let runs = Lock(0)
        let chore = WriterChore(name: "fail", restMilliseconds: 1) { tx in
            let run = runs.withLock { count in
                count += 1
                return count
            }
            try tx.insert(Int64(run))
            if run < 3 { throw Refusal() }
            return false
        }
        let bench = try StoreBench()
        bench.writer.register(chore)
        eventually { bench.writer.figures.slices >= 1 }
        #expect(bench.writer.figures.sliceFailures == 2)
        let numbers = try bench.numbers()
        #expect(numbers.first == 3)
    }

    @Test("a live database is copied while it is written: the copy is sound and a state that was")
    func liveCopy() async throws {
        let bench = try StoreBench()
        try bench.writer.writeNow { tx in
            for number in 1...3_000 { try tx.insert(Int64(number), body: body) }
        }
        let stop = Lock(false)
        let ended = Signal<Int64?>(nil)
        Thread.start {
            var number: Int64 = 3_000
            while !stop.withLock({ $0 }) {
                number += 1
                // Two rows in one write: a copy has both or none.
                let next = number
                try? bench.writer.writeNow { tx in
                    try tx.insert(next)
                    try tx.insert(-next)
                }
            }
            ended.change { $0 = number }
        }
        let path = bench.folder.file("copy.db")
        try await bench.writer.backup(to: path)
        stop.withLock { $0 = true }
        let last = ended.wait { $0 }
        let copy = try SQLiteDriver(path: path).open(.reader)
        #expect(try copy.faults(quick: false) == [])
        let numbers = try copy.numbers()
        let top = numbers.last ?? 0
        #expect(top >= 3_000 && top <= last)
        #expect(
            numbers == (3_001...max(top, 3_001)).filter { $0 <= top }.map { -$0 }.reversed()
                + (1...top))
        let status = try Migrator(SQLiteDriver(path: path)).status()
        #expect(status.pending.isEmpty)
    }

    @Test("a copy under way when a commit fails is given up, and can be asked for again")
    func copyAndFailure() throws {
        let faults = Faults()
        let bench = try StoreBench { FaultyDriver(base: $0, faults: faults) }
        try bench.writer.writeNow { tx in
            for number in 1...20_000 { try tx.insert(Int64(number), body: body) }
        }
        let result = Signal<Bool?>(nil)
        let path = bench.folder.file("copy.db")
        Thread.start {
            let done = (try? bench.writer.backupNow(to: path)) != nil
            result.change { $0 = done }
        }
        let failed = Lock(false)
        faults.change {
            $0.commit = { () throws(SQLError) in
                let isFirst = failed.withLock { failed in
                    defer { failed = true }
                    return !failed
                }
                if isFirst { throw Faults.disk }
            }
        }
        #expect(throws: WriterError.commitFailed(.none)) {
            try bench.writer.writeNow { try $0.insert(-1) }
        }
        // Whether it had begun, ended or not yet been found, it is answered.
        _ = result.wait { $0 }
        try bench.writer.backupNow(to: path)
        let copy = try SQLiteDriver(path: path).open(.reader)
        #expect(try copy.numbers().count == 20_000)
    }

    @Test("the times of commits are told within a quarter")
    func commitTimes() throws {
        let ticks = Lock<UInt64>(0)
        var options = WriterOptions()
        // Every look at the clock is 100 microseconds later.
        options.monotonic = MonotonicClock {
            ticks.withLock { time in
                time += 100_000
                return time
            }
        }
        let bench = try StoreBench(options: options)
        for number in 1...20 as ClosedRange<Int64> {
            try bench.writer.writeNow { try $0.insert(number) }
        }
        let figures = bench.writer.figures
        #expect(figures.groups == 20 && figures.writes == 20 && figures.groupMax == 1)
        #expect((100...125).contains(figures.commitP50))
        #expect((100...125).contains(figures.commitP99))
    }
}
