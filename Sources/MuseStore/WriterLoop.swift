// The store room: what the writer's thread does. One pass: take what has queued, commit it as one
// group, hand the results back, then a slice of housekeeping.
internal import MuseBase
internal import MuseSQL

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The writer's thread and all that belongs to it alone.
final class WriterLoop {
    let writer: Writer
    let connection: any SQLConnection
    let ids: IDSource
    let memberMarks = TransactionMarks()
    let groupMarks = TransactionMarks()
    /// Holds the shared index of the log while the writer reopens: with nobody left to hold it,
    /// SQLite would build it anew from the log, and take a failed commit's frames for good ones.
    private let keeper: any SQLConnection
    var backups: [(any SQLBackup, Writer.BackupRequest)] = []
    var lastBackupStep: UInt64 = 0
    var chores = ChoreTable()
    private var jobs: [WriteJob] = []
    private var isBroken = false
    private var lastAttempt: UInt64 = 0
    private var lastCheckpointFailure: UInt64?

    var options: WriterOptions { writer.options }
    var metrics: WriterMetrics { writer.metrics }

    init(
        _ writer: Writer, greatestID: (StoreTransaction) throws(SQLError) -> UUIDv7?
    ) throws(SQLError) {
        self.writer = writer
        connection = try writer.driver.open(.writer)
        keeper = try writer.driver.open(.reader)
        ids = try IDSource(connection, random: writer.options.random, greatest: greatestID)
        // Having read once, the keeper has the log's index open.
        _ = try keeper.statement("SELECT count(*) FROM marks").run()
        // Finds out how long the log is that somebody left.
        try connection.checkpoint(.passive)
        noteLog()
    }

    func run() {
        // The chores that were there from the start are due at once.
        tend()
        while true {
            let stopping = writer.queue.take(into: &jobs, waitingNanoseconds: patience())
            if jobs.isEmpty, stopping { break }
            if !jobs.isEmpty {
                runGroup()
                jobs.removeAll(keepingCapacity: true)
            }
            tend()
        }
        end()
    }

    /// How long there is nothing to do but to wait for writes; nil: for ever.
    private func patience() -> UInt64? {
        if isBroken { return options.retryMilliseconds * 1_000_000 }
        if metrics.isLogFull.isSet { return 10_000_000 }
        if !backups.isEmpty { return 0 }
        return chores.patience(options.monotonic.nanoseconds())
    }

    // MARK: A group

    private func runGroup() {
        if isBroken, !recoverIfDue() { return finish(.commitFailed(.none)) }
        var isCommitting = false
        do throws(SQLError) {
            try connection.beginWrite()
        } catch {
            // Nothing has been written. Where it is more than somebody else's lock, the handle is
            // renewed.
            note(error)
            if error.kind != .busy { _ = recover() }
            return finish(.commitFailed(.none))
        }
        do throws(SQLError) {
            guard let kept = try runMembers() else { return finish(nil) }
            try ids.writeMark(connection)
            isCommitting = true
            try commit()
            metrics.groups.add()
            metrics.writes.add(kept)
            metrics.groupMax.raise(to: kept)
        } catch {
            note(error)
            metrics.commitFailures.add()
            // What fails before the COMMIT has put no commit into the log that could come back.
            let isOver = recover() || !isCommitting
            return finish(.commitFailed(isOver ? .none : .unknown))
        }
        finish(nil)
    }

    /// Runs each write of the group. Gives how many are to be committed; nil: nothing is, and the
    /// transaction has ended.
    private func runMembers() throws(SQLError) -> Int? {
        var kept = try runMembers(guarded: false)
        if kept == nil {
            try connection.rollback()
            try connection.beginWrite()
            kept = try runMembers(guarded: true)
        }
        guard let kept, kept > 0 else {
            try connection.rollback()
            return nil
        }
        return kept
    }

    /// Runs each write once; gives how many succeeded.
    ///
    /// A savepoint for each costs a third of a small write, and hardly any is needed: what a
    /// statement that fails had changed is undone by the engine, and a write that is refused is
    /// refused before it changes anything. Where one throws after it has changed something, the
    /// group is run again with savepoints.
    /// - Parameter guarded: whether each write has a savepoint.
    /// - Returns: nil where there is something to be undone that only a savepoint could have.
    private func runMembers(guarded: Bool) throws(SQLError) -> Int? {
        groupMarks.clear()
        let transaction = StoreTransaction(
            connection: connection, now: options.clock.now(), marks: memberMarks, ids: ids)
        var kept = 0
        for job in jobs {
            let changes = connection.totalChanges
            if guarded { try connection.savepoint() }
            if try runMember(job, transaction) {
                if guarded { try connection.release() }
                kept += 1
            } else if guarded {
                try connection.rollbackToSavepoint()
            } else if connection.totalChanges - memberMarks.undone != changes {
                // Alone, it is undone with the transaction.
                return jobs.count == 1 ? 0 : nil
            }
        }
        return kept
    }

    /// Runs one write. False: it threw, and is to be undone.
    /// - Throws: where the engine has ended the transaction (disk full, disk failed): the group is
    ///   lost.
    private func runMember(_ job: WriteJob, _ transaction: StoreTransaction) throws(SQLError)
        -> Bool
    {
        memberMarks.clear()
        let succeeded: Bool
        do {
            try job.run(transaction)
            succeeded = true
        } catch {
            succeeded = false
        }
        connection.resetStatements()
        guard connection.isInTransaction else {
            throw SQLError(
                kind: .other, code: 0, message: "the engine ended the transaction", call: "write")
        }
        if succeeded { groupMarks.add(memberMarks) }
        return succeeded
    }

    /// Makes the open transaction durable and known.
    func commit() throws(SQLError) {
        let begun = options.monotonic.nanoseconds()
        try connection.commit()
        let took = (options.monotonic.nanoseconds() &- begun) / 1_000
        ids.markIsDurable()
        writer.epochs.bump(groupMarks)
        options.keys.add(groupMarks.keys)
        if groupMarks.choresDue { chores.allDue() }
        metrics.commitTimes.withLock { $0.add(took) }
        noteLog()
    }

    private func finish(_ failure: WriterError?) {
        for job in jobs { job.finish(failure) }
    }

    // MARK: When a commit fails

    /// What the handle believes is void, and the frames of the failed commit may stand in the log,
    /// where a crash would bring them back: a new handle commits a marker over them. False: that
    /// failed too.
    func recover() -> Bool {
        lastAttempt = options.monotonic.nanoseconds()
        dropBackups()
        do throws(SQLError) {
            try? connection.rollback()
            try connection.reopen()
            try connection.beginWrite()
            try connection.writeMark("recovered", options.clock.now().milliseconds)
            try connection.commit()
        } catch {
            note(error)
            setBroken(true)
            return false
        }
        writer.epochs.bump(TransactionMarks())
        setBroken(false)
        noteLog()
        return true
    }

    private func recoverIfDue() -> Bool {
        let since = options.monotonic.nanoseconds() &- lastAttempt
        guard since >= options.retryMilliseconds * 1_000_000 else { return false }
        return recover()
    }

    private func note(_ error: SQLError) {
        metrics.lastFailure.withLock { $0 = error.description }
    }

    private func setBroken(_ broken: Bool) {
        isBroken = broken
        metrics.isBroken.set(broken)
    }

    // MARK: The log

    func noteLog() {
        let bytes = connection.logBytes
        metrics.logBytes.set(UInt64(bytes))
        metrics.syncs.set(connection.syncs)
        metrics.isLogFull.set(bytes > options.logBytesMax)
    }

    private func checkpointIfDue() {
        let isFull = metrics.isLogFull.isSet
        guard isFull || connection.logPages - connection.movedPages >= options.checkpointPages
        else { return }
        let now = options.monotonic.nanoseconds()
        if let failed = lastCheckpointFailure, now &- failed < 1_000_000_000 { return }
        usleep(options.checkpointPauseMicroseconds)
        do throws(SQLError) {
            try connection.checkpoint(.passive)
            lastCheckpointFailure = nil
            metrics.checkpoints.add()
        } catch {
            // All that the log holds is still in it: the next checkpoint moves the same pages
            // again.
            note(error)
            lastCheckpointFailure = now
            metrics.checkpointFailures.add()
        }
        if isFull, connection.movedPages >= connection.logPages { restartLog() }
        noteLog()
    }

    /// All is moved, but only a commit begins the log anew (and only when no reader is in it).
    private func restartLog() {
        do throws(SQLError) {
            try connection.beginWrite()
            try connection.writeMark("log_restarted", options.clock.now().milliseconds)
            try connection.commit()
        } catch {
            metrics.commitFailures.add()
            _ = recover()
        }
    }

    /// What is done between groups.
    private func tend() {
        if isBroken {
            _ = recoverIfDue()
            return
        }
        checkpointIfDue()
        stepBackups()
        runChore()
    }

    // MARK: The end

    private func end() {
        dropBackups()
        writer.refuseBackups()
        do throws(SQLError) {
            if isBroken, !recover() { throw SQLError(kind: .io, code: 0, message: "", call: "") }
            try connection.beginWrite()
            try ids.writeMark(connection, evenYoung: true)
            try connection.commit()
            ids.markIsDurable()
            try connection.checkpoint(.truncate)
        } catch {
            // Whatever was answered is in the log; the next start finds it there.
            metrics.checkpointFailures.add()
        }
        noteLog()
        keeper.close()
        connection.close()
    }
}
