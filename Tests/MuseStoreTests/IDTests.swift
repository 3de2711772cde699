// Tests of the store room: ids rise in commit order and never go back.
internal import MuseBase
internal import MuseSQL
internal import MuseSQLite
internal import MuseStore
internal import Testing

@Suite("New ids")
struct IDTests {
    @Test("ids rise in the order of the commits, while the clock goes back and forth")
    func rising() throws {
        let clock = TestClock()
        var options = WriterOptions()
        options.clock = clock.clock
        let bench = try StoreBench(options: options)
        var last = UUIDv7(high: 0, low: 0)
        for step in 0..<50 as Range<Int64> {
            clock.set(1_700_000_000_000 + (step % 7) * 60_000)
            let ids = try bench.writer.writeNow { tx in (0..<20).map { _ in tx.newID() } }
            for id in ids {
                #expect(id > last)
                last = id
            }
        }
        let grouped = bench.group(1...20) { tx, _ in tx.newID() }.compactMap { try? $0.get() }
        #expect(grouped == grouped.sorted() && grouped.count == 20 && grouped[0] > last)
    }

    @Test(
        "after a restart ids follow the mark, with the clock set back",
        arguments: [true, false])
    func afterRestart(clean: Bool) throws {
        let clock = TestClock()
        var options = WriterOptions()
        options.clock = clock.clock
        let bench = try StoreBench(options: options)
        var last = try bench.writer.writeNow { tx in
            try tx.insert(1)
            return tx.newID()
        }
        for step in 1...5 as ClosedRange<Int64> {
            clock.set(1_700_000_000_000 + step * 700)
            last = try bench.writer.writeNow { $0.newID() }
        }
        if clean { bench.writer.shutdown() }
        // A crash may forget ids of the last second whose rows are gone: then the tables are asked.
        let copy = try bench.folder.crashCopy()
        clock.set(1_600_000_000_000)
        let held = last
        let writer = try Writer(
            SQLiteDriver(path: copy.file()), options: options,
            greatestID: { _ in clean ? nil : held })
        defer { writer.shutdown() }
        #expect(try writer.writeNow { $0.newID() } > last)
    }

    @Test("the mark is written about once a second of id time, in the writes' own commits")
    func markRate() throws {
        let clock = TestClock()
        var options = WriterOptions()
        options.clock = clock.clock
        let bench = try StoreBench(options: options)
        func mark() throws -> Int64 {
            try bench.writer.writeNow { tx in
                let row = try tx.statement("SELECT value FROM marks WHERE name = 'last_id'")
                defer { row.reset() }
                return try row.step() ? row.int(0) : 0
            }
        }
        let start: Int64 = 1_700_000_000_000
        _ = try bench.writer.writeNow { $0.newID() }
        #expect(try mark() == start)
        clock.set(start + 999)
        _ = try bench.writer.writeNow { $0.newID() }
        #expect(try mark() == start)
        clock.set(start + 1_001)
        _ = try bench.writer.writeNow { $0.newID() }
        #expect(try mark() == start + 1_001)
        bench.driver.syncMeter?.failNext(1)
        clock.set(start + 5_000)
        #expect(throws: WriterError.commitFailed(.none)) {
            try bench.writer.writeNow { $0.newID() }
        }
        // Not that of the failed commit; the write that reads it has it written.
        #expect(try mark() == start + 1_001)
        #expect(try mark() == start + 5_000)
    }
}
