// Tests of the SQLite room: what is durable when, checkpoints, and what a failed sync leaves.
internal import MuseSQL
internal import MuseSQLite
internal import Testing

@Suite("The write-ahead log")
struct LogTests {
    @Test("a commit is one sync")
    func oneSyncACommit() throws {
        let bench = try Bench()
        try bench.commit(0)
        let before = bench.writer.syncs
        for number in 1...10 { try bench.commit(Int64(number)) }
        #expect(bench.writer.syncs == before + 10)
        #expect(bench.driver.syncMeter?.count == bench.writer.syncs)
    }

    @Test("control: with a lesser setting there is no sync to count")
    func lesserSetting() throws {
        let bench = try Bench()
        try bench.commit(0)
        try bench.writer.execute("PRAGMA synchronous=NORMAL")
        let before = bench.writer.syncs
        for number in 1...10 { try bench.commit(Int64(number)) }
        #expect(bench.writer.syncs == before)
    }

    @Test("the log grows with commits, a checkpoint moves it, and the next commit begins it anew")
    func checkpoint() throws {
        let bench = try Bench()
        for number in 1...50 { try bench.commit(Int64(number)) }
        let pages = bench.writer.logPages
        #expect(pages >= 50)
        #expect(bench.writer.logBytes == pages * (4_096 + 24) + 32)
        #expect(bench.writer.movedPages == 0)
        try bench.writer.checkpoint(.passive)
        #expect(bench.writer.logPages == pages && bench.writer.movedPages == pages)
        try bench.commit(51)
        #expect(bench.writer.logPages < 10 && bench.writer.movedPages == 0)
        try bench.writer.checkpoint(.truncate)
        #expect(bench.writer.logPages == 0 && bench.writer.logBytes == 0)
    }

    @Test("a snapshot holds back what was committed after it, not what was before")
    func checkpointBesideAReader() throws {
        let bench = try Bench()
        for number in 1...5 { try bench.commit(Int64(number)) }
        let reader = try bench.driver.open(.reader)
        try reader.beginRead()
        #expect(try reader.numbers().count == 5)
        for number in 6...9 { try bench.commit(Int64(number)) }
        try bench.writer.checkpoint(.passive)
        #expect(bench.writer.movedPages > 0)
        #expect(bench.writer.movedPages < bench.writer.logPages)
        #expect(try reader.numbers().count == 5)
        try reader.commit()
        try bench.writer.checkpoint(.passive)
        #expect(bench.writer.movedPages == bench.writer.logPages)
    }

    @Test("closing moves nothing: the log stays for the next writer")
    func closing() throws {
        let bench = try Bench()
        for number in 1...5 { try bench.commit(Int64(number)) }
        bench.writer.close()
        let again = try bench.driver.open(.writer)
        try again.checkpoint(.passive)
        #expect(again.movedPages > 0)
        #expect(try again.numbers() == [1, 2, 3, 4, 5])
    }

    /// A commit whose sync fails, with somebody else holding the database open.
    private func failedCommit() throws -> (Bench, keeper: any SQLConnection) {
        let bench = try Bench()
        for number in 1...5 { try bench.commit(Int64(number)) }
        let keeper = try bench.driver.open(.reader)
        #expect(try keeper.numbers().count == 5)
        bench.driver.syncMeter?.failNext(1)
        let error = #expect(throws: SQLError.self) { try bench.commit(666) }
        #expect(error?.kind == .io)
        return (bench, keeper)
    }

    @Test(
        "a failed commit is seen by nobody, and a marker by a new handle keeps it from coming back")
    func markerOverFailedCommit() throws {
        let (bench, keeper) = try failedCommit()
        try bench.writer.rollback()
        try bench.writer.reopen()
        try bench.commit(6)
        #expect(try bench.writer.numbers() == [1, 2, 3, 4, 5, 6])
        #expect(try keeper.numbers() == [1, 2, 3, 4, 5, 6])
        let crashed = try bench.folder.crashCopy()
        let after = try SQLiteDriver(path: crashed.file()).open(.writer)
        #expect(try after.numbers() == [1, 2, 3, 4, 5, 6])
        #expect(try after.faults(quick: false) == [])
    }

    @Test("control: without the marker a crash brings the failed commit back")
    func noMarker() throws {
        let (bench, keeper) = try failedCommit()
        try bench.writer.rollback()
        #expect(try keeper.numbers() == [1, 2, 3, 4, 5])
        let crashed = try bench.folder.crashCopy()
        let after = try SQLiteDriver(path: crashed.file()).open(.writer)
        #expect(try after.numbers() == [1, 2, 3, 4, 5, 666])
    }

    @Test("control: with nobody to hold the log's index, reopening brings the failed commit back")
    func noKeeper() throws {
        let (bench, keeper) = try failedCommit()
        keeper.close()
        try bench.writer.rollback()
        try bench.writer.reopen()
        #expect(try bench.writer.numbers() == [1, 2, 3, 4, 5, 666])
    }
}
