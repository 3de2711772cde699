// The store room: housekeeping between the writer's groups: chores and copies, a slice at a time,
// so that no write waits for more than one slice.
internal import MuseBase
internal import MuseSQL

/// When which chore is due. Times are monotonic nanoseconds.
struct ChoreTable {
    private var due: [UInt64] = []
    private var next = 0
    private(set) var lastSlice: UInt64 = 0

    /// Makes room for chores that were added; they are due at once.
    mutating func grow(to count: Int) {
        while due.count < count { due.append(0) }
    }

    mutating func allDue() {
        for index in due.indices { due[index] = 0 }
    }

    /// How long until one is due; nil: there is none.
    func patience(_ now: UInt64) -> UInt64? {
        due.min().map { $0 > now ? $0 - now : 0 }
    }

    /// The next one that is due, in turn.
    mutating func take(_ now: UInt64) -> Int? {
        for offset in due.indices {
            let index = (next + offset) % due.count
            if due[index] <= now {
                next = index + 1
                return index
            }
        }
        return nil
    }

    mutating func ran(_ index: Int, at now: UInt64, restMilliseconds: UInt64) {
        lastSlice = now
        due[index] = now + min(restMilliseconds, 86_400_000) * 1_000_000
    }
}

extension WriterLoop {
    /// Whether a slice may be done now: nobody waits, or the last one was long ago.
    private func mayWork(_ now: UInt64, since last: UInt64, everyMilliseconds: UInt64) -> Bool {
        writer.queue.count == 0 || now &- last >= everyMilliseconds * 1_000_000
    }

    /// Does a slice of the next chore that is due, in a transaction of its own.
    func runChore() {
        let all = writer.requests.withLock { $0.chores }
        chores.grow(to: all.count)
        let now = options.monotonic.nanoseconds()
        guard mayWork(now, since: chores.lastSlice, everyMilliseconds: options.choreMilliseconds),
            let index = chores.take(now)
        else { return }
        let chore = all[index]
        var rest = chore.restMilliseconds
        defer { chores.ran(index, at: now, restMilliseconds: rest) }
        do throws(SQLError) {
            try connection.beginWrite()
        } catch {
            metrics.sliceFailures.add()
            return
        }
        groupMarks.clear()
        memberMarks.clear()
        do {
            let transaction = StoreTransaction(
                connection: connection, now: options.clock.now(), marks: memberMarks, ids: ids)
            if try chore.slice(transaction) { rest = 0 }
        } catch {
            metrics.sliceFailures.add()
            // It is tried again after its rest. Where the transaction is gone, nothing is left to
            // undo.
            do throws(SQLError) { try connection.rollback() } catch { _ = recover() }
            return
        }
        connection.resetStatements()
        groupMarks.add(memberMarks)
        do throws(SQLError) {
            try ids.writeMark(connection)
            try commit()
            metrics.slices.add()
        } catch {
            metrics.commitFailures.add()
            metrics.sliceFailures.add()
            rest = chore.restMilliseconds
            _ = recover()
        }
    }

    /// Begins the copies that were asked for, and copies a few pages of each.
    func stepBackups() {
        let asked = writer.requests.withLock { requests in
            defer { requests.backups = [] }
            return requests.backups
        }
        for request in asked {
            do throws(SQLError) {
                backups.append((try connection.backup(to: request.path), request))
            } catch {
                request.deliver(.failure(error))
            }
        }
        let now = options.monotonic.nanoseconds()
        guard !backups.isEmpty, mayWork(now, since: lastBackupStep, everyMilliseconds: 4) else {
            return
        }
        lastBackupStep = now
        var left: [(any SQLBackup, Writer.BackupRequest)] = []
        for (backup, request) in backups {
            do throws(SQLError) {
                if try backup.step(pages: 256) {
                    request.deliver(.success(()))
                } else {
                    left.append((backup, request))
                }
            } catch {
                request.deliver(.failure(error))
            }
        }
        backups = left
    }

    /// Gives up the copies under way: the connection that they copy from closes.
    func dropBackups() {
        let dropped = backups
        backups = []
        for (_, request) in dropped { request.deliver(.failure(WriterError.stopped)) }
    }
}
