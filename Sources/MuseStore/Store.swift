// The store room: a worker's door to the data. The service calls it, on the worker that owns it.
internal import MuseBase
package import MuseSQL

/// One worker's store: reads inline on its own connection, writes through the one writer. Confined
/// to its worker.
@usableFromInline
package final class Store {
    @usableFromInline let writer: Writer
    private let connection: any SQLConnection
    private let noMarks = TransactionMarks()
    private let clock: WallClock
    private var hasSnapshot = false
    private var snapshotCommits: UInt64 = 0

    /// - Throws: where the database cannot be opened for reading.
    package init(_ writer: Writer) throws(SQLError) {
        self.writer = writer
        clock = writer.options.clock
        connection = try writer.driver.open(.reader)
    }

    /// The counters that tell whether what was kept still holds.
    package var epochs: SharedEpochs { writer.epochs }

    /// Reads in one snapshot, which several reads of a loop pass share.
    ///
    /// It is never older than any answer that left before this call: where another commit has
    /// returned since the snapshot was taken, a new one is. Two calls may therefore see two states;
    /// what must agree is read in one call. The reads are inline; there is nothing to wait for.
    /// Reads do not nest.
    /// - Throws: what `body` throws, and `SQLError`.
    @inlinable
    package func read<R>(_ body: (StoreTransaction) throws -> R) throws -> R {
        let transaction = try beginReading()
        do {
            return try body(transaction)
        } catch {
            readFailed()
            throw error
        }
    }

    @usableFromInline
    func readFailed() {
        connection.resetStatements()
        // The engine ends a transaction by itself when the disk fails: the next read takes a new
        // snapshot.
        if !connection.isInTransaction { hasSnapshot = false }
    }

    @usableFromInline
    func beginReading() throws(SQLError) -> StoreTransaction {
        // Read before the snapshot is taken: a commit in between only makes the next read take a
        // new one.
        let commits = writer.epochs.commits
        if hasSnapshot, commits != snapshotCommits { endSnapshot() }
        if !hasSnapshot {
            try connection.beginRead()
            hasSnapshot = true
            snapshotCommits = commits
        }
        return StoreTransaction(
            connection: connection, now: clock.now(), marks: noMarks, ids: nil)
    }

    /// Ends the snapshot, if one is open; the worker calls it once a loop pass, before it waits.
    package func endSnapshot() {
        guard hasSnapshot else { return }
        hasSnapshot = false
        connection.resetStatements()
        do throws(SQLError) {
            try connection.commit()
        } catch {
            // Ending a read cannot lose anything; what may stand in the way is told by the next
            // read.
            try? connection.rollback()
        }
    }

    /// Writes: `body` runs on the writer's thread, in its group's transaction; an error that it
    /// throws undoes what it did and nothing else. Where one of its group throws after it has
    /// changed something, all are undone and run again. The result comes back after the group's
    /// COMMIT returned.
    /// - Parameter queued: called on this thread once the write stands in the queue, in its order.
    /// - Returns: what `body` gave or threw, `WriterError`, or `SQLError`.
    @inlinable
    package func write<R: Sendable>(
        queued: () -> Void = {}, _ body: @escaping @Sendable (StoreTransaction) throws -> R
    ) async -> Result<R, any Error> {
        await unsafe withUnsafeContinuation { continuation in
            let job = WriteJob(body) { unsafe continuation.resume(returning: $0) }
            if let refusal = writer.enqueue(job) {
                unsafe continuation.resume(returning: .failure(refusal))
            } else {
                queued()
            }
        }
    }

    /// Closes the connection. Nothing may be read afterwards.
    package func close() {
        endSnapshot()
        connection.close()
    }
}
