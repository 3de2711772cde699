// Tests of the store room: groups, savepoints, bounds, results, marks.
internal import MuseBase
internal import MuseSQL
internal import MuseSQLite
internal import MuseStore
internal import Testing

@Suite("Group commit")
struct GroupCommitTests {
    @Test("what has queued is one group: one commit, one sync, results in order")
    func oneGroup() throws {
        let bench = try StoreBench()
        try bench.writer.writeNow { try $0.insert(0) }
        let before = bench.writer.figures
        let results = bench.group(1...20) { tx, number in
            try tx.insert(number)
            return number
        }
        #expect(results.compactMap { try? $0.get() } == Array(1...20))
        let after = bench.writer.figures
        // The write that held the writer changed nothing: it is a group, and no sync.
        #expect(after.groups == before.groups + 2)
        #expect(after.syncs == before.syncs + 1)
        #expect(after.writes == before.writes + 21)
        #expect(after.groupMax == 20)
        #expect(try bench.numbers() == Array(0...20))
    }

    @Test("a member that fails is undone alone and told its own error")
    func failingMember() throws {
        let bench = try StoreBench()
        let results = bench.group(1...9) { tx, number in
            try tx.insert(number)
            if number == 4 { throw Refusal() }
            if number == 6 { try tx.insert(1) }
            return number
        }
        #expect(
            results.map(\.isSuccess) == [true, true, true, false, true, false, true, true, true])
        #expect(throws: Refusal.self) { try results[3].get() }
        let error = #expect(throws: SQLError.self) { try results[5].get() }
        #expect(error?.kind == .constraint)
        #expect(try bench.numbers() == [1, 2, 3, 5, 7, 8, 9])
        #expect(try bench.numbersAfterCrash() == [1, 2, 3, 5, 7, 8, 9])
    }

    @Test("a group needs no savepoints, but where a member throws after it has changed something")
    func savepointsWhereNeeded() throws {
        let faults = Faults()
        let bench = try StoreBench { FaultyDriver(base: $0, faults: faults) }
        try bench.writer.writeNow { try $0.insert(7) }
        // Refused before it changes anything, and by a statement that the engine undoes.
        let refused = bench.group(1...6) { tx, number in
            if number == 2 { throw Refusal() }
            try tx.insert(number == 4 ? 7 : number)
        }
        #expect(refused.map(\.isSuccess) == [true, false, true, false, true, true])
        #expect(faults.now.savepoints == 0)
        let runs = Lock<[Int64: Int]>([:])
        let undone = bench.group(11...16) { tx, number in
            runs.withLock { $0[number, default: 0] += 1 }
            try tx.insert(number)
            if number == 13 { throw Refusal() }
        }
        #expect(undone.map(\.isSuccess) == [true, true, false, true, true, true])
        #expect(faults.now.savepoints == 6)
        #expect(runs.withLock { $0 } == [11: 2, 12: 2, 13: 2, 14: 1, 15: 1, 16: 1])
        #expect(try bench.numbersAfterCrash() == [1, 3, 5, 6, 7, 11, 12, 14, 15, 16])
    }

    @Test("what a member undoes by itself is no reason to run its group again")
    func undoneByItself() throws {
        let bench = try StoreBench()
        let runs = Lock(0)
        let results = bench.group(1...4) { tx, number in
            runs.withLock { $0 += 1 }
            guard number == 2 else { return try tx.insert(number) }
            try tx.undone { try tx.insert(20) }
            #expect(try tx.numbers() == [1])
            #expect(throws: Refusal.self) {
                try tx.undone {
                    try tx.insert(21)
                    throw Refusal()
                }
            }
            throw Refusal()
        }
        #expect(results.map(\.isSuccess) == [true, false, true, true])
        #expect(runs.withLock { $0 } == 4)
        #expect(try bench.numbersAfterCrash() == [1, 3, 4])
    }

    @Test("a group of which nothing is left commits nothing")
    func allRefused() throws {
        let bench = try StoreBench()
        try bench.writer.writeNow { try $0.insert(0) }
        let before = bench.writer.figures
        let results = bench.group(1...3) { _, _ in throw Refusal() }
        #expect(results.allSatisfy { !$0.isSuccess })
        #expect(bench.writer.figures.syncs == before.syncs)
        try bench.writer.writeNow { try $0.insert(4) }
        #expect(try bench.numbers() == [0, 4])
    }

    @Test("a member sees the members before it, and not the undone ones")
    func membersInOrder() throws {
        let bench = try StoreBench()
        let results = bench.group(1...4) { tx, number in
            let seen = try tx.numbers()
            try tx.insert(number)
            if number == 2 { throw Refusal() }
            return seen
        }
        #expect(results.map { try? $0.get() } == [[], nil, [1], [1, 3]])
    }

    @Test("a lone write needs no savepoint, and one that fails leaves nothing and syncs nothing")
    func loneWrite() throws {
        let faults = Faults()
        let bench = try StoreBench { FaultyDriver(base: $0, faults: faults) }
        try bench.writer.writeNow { try $0.insert(1) }
        let before = bench.writer.figures
        #expect(throws: Refusal.self) {
            try bench.writer.writeNow { tx in
                try tx.insert(2)
                throw Refusal()
            }
        }
        #expect(faults.now.savepoints == 0)
        #expect(bench.writer.figures.syncs == before.syncs)
        try bench.writer.writeNow { try $0.insert(3) }
        #expect(try bench.numbers() == [1, 3])
    }

    @Test("a statement that a write left in use harms neither its group nor a checkpoint")
    func statementLeftInUse() throws {
        let bench = try StoreBench()
        try bench.writer.writeNow { tx in for n in 1...5 { try tx.insert(Int64(n)) } }
        let results = bench.group(6...8) { tx, number in
            let open = try tx.statement("SELECT n FROM numbers")
            #expect(try open.step())
            try tx.insert(number)
            if number == 7 { throw Refusal() }
        }
        #expect(results.map(\.isSuccess) == [true, false, true])
        bench.writer.shutdown()
        #expect(bench.writer.figures.logBytes == 0)
        #expect(try bench.numbers() == [1, 2, 3, 4, 5, 6, 8])
    }

    @Test("no result is given before the commit has returned")
    func resultsAfterCommit() throws {
        let faults = Faults()
        let bench = try StoreBench { FaultyDriver(base: $0, faults: faults) }
        let inCommit = Signal(false)
        let mayCommit = Signal(false)
        let results = Lock(0)
        let left = Signal(1)
        faults.change {
            $0.commit = { () throws(SQLError) in
                inCommit.change { $0 = true }
                mayCommit.wait { $0 ? () : nil }
            }
        }
        Thread.start {
            try? bench.writer.writeNow { try $0.insert(1) }
            results.withLock { $0 += 1 }
            left.change { $0 -= 1 }
        }
        inCommit.wait { $0 ? () : nil }
        #expect(results.withLock { $0 } == 0)
        #expect(try bench.numbers() == [])
        mayCommit.change { $0 = true }
        left.wait { $0 == 0 ? () : nil }
        #expect(results.withLock { $0 } == 1)
        #expect(try bench.numbers() == [1])
    }

    @Test(
        "a result can be read back at once, on every connection, though it shared a snapshot before"
    )
    func readYourWrites() async throws {
        let bench = try StoreBench()
        let here = try Store(bench.writer)
        let there = try Store(bench.writer)
        for number in 1...50 as ClosedRange<Int64> {
            #expect(try here.read { try $0.numbers().count } == Int(number) - 1)
            #expect(try there.read { try $0.numbers().count } == Int(number) - 1)
            var queued = 0
            let result = await here.write(queued: { queued += 1 }) { tx in
                try tx.insert(number)
                return number
            }
            #expect(try result.get() == number)
            #expect(queued == 1)
            #expect(try here.read { try $0.numbers().count } == Int(number))
            #expect(try there.read { try $0.numbers().count } == Int(number))
        }
    }

    @Test("a queue at its bound refuses the next write, which is not said to be queued")
    func queueBound() async throws {
        var options = WriterOptions()
        options.queueMax = 3
        let bench = try StoreBench(options: options)
        let store = try Store(bench.writer)
        let held = Signal(false)
        let entered = Signal(false)
        let left = Signal(4)
        for index in 0...3 {
            Thread.start {
                try? bench.writer.writeNow { tx in
                    try tx.insert(Int64(index))
                    entered.change { $0 = true }
                    held.wait { $0 ? () : nil }
                }
                left.change { $0 -= 1 }
            }
            if index == 0 { entered.wait { $0 ? () : nil } }
        }
        eventually { bench.writer.figures.queued == 3 }
        var queued = false
        let result = await store.write(queued: { queued = true }) { try $0.insert(99) }
        #expect(result.writerError == .busy(.queue))
        #expect(!queued)
        held.change { $0 = true }
        left.wait { $0 == 0 ? () : nil }
        #expect(try bench.numbers() == [0, 1, 2, 3])
    }

    @Test("epochs move with the marks of what was kept, and only then")
    func epochs() throws {
        let bench = try StoreBench()
        let epochs = bench.writer.epochs
        try bench.writer.writeNow { $0.marks.sessionsEnded = true }
        #expect(epochs.sessions == 1 && epochs.profiles == 0)
        #expect(throws: Refusal.self) {
            try bench.writer.writeNow { tx in
                tx.marks.profilesChanged = true
                throw Refusal()
            }
        }
        #expect(epochs.sessions == 1 && epochs.profiles == 0)
        let writes: [Write<Void>] = [
            { tx in tx.marks.profilesChanged = true },
            { tx in
                tx.marks.sessionsEnded = true
                throw Refusal()
            },
            { _ in },
        ]
        let results = bench.group(writes)
        #expect(results.map(\.isSuccess) == [true, false, true])
        #expect(epochs.sessions == 1 && epochs.profiles == 1)
    }

    @Test(
        "after the shutdown all that was queued is done, the log is empty, and writes are refused")
    func shutdown() async throws {
        let bench = try StoreBench()
        let store = try Store(bench.writer)
        #expect(try store.read { try $0.numbers() } == [])
        store.close()
        _ = bench.group(1...9) { tx, number in try tx.insert(number) }
        bench.writer.shutdown()
        #expect(try bench.numbers() == Array(1...9))
        #expect(bench.writer.figures.logBytes == 0)
        let late: Void? = try? bench.writer.writeNow { try $0.insert(10) }
        #expect(late == nil)
        await #expect(throws: WriterError.stopped) {
            try await bench.writer.backup(to: bench.folder.file("late.db"))
        }
    }
}
