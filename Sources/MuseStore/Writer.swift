// The store room: the writer, the one thread that writes and checkpoints. The program starts one;
// workers reach it through their Store. What its thread does is in WriterLoop.
package import MuseBase
package import MuseSQL

/// What a writer is set to.
package struct WriterOptions: Sendable {
    /// Writes that may wait; one more is refused.
    package var queueMax = 10_000
    /// Bytes of the write-ahead log past which writes are refused.
    package var logBytesMax = 256_000_000
    /// Counts the idempotency keys, and holds their bound.
    package var keys = KeyCensus()
    /// Pages of the log, not yet moved, past which it is moved into the database.
    package var checkpointPages = 1_000
    /// How long the writer pauses before that, so that every reader's snapshot has moved on.
    package var checkpointPauseMicroseconds: UInt32 = 200
    /// After a commit that failed for good, how long until the database is tried again.
    package var retryMilliseconds: UInt64 = 250
    /// While writes keep coming, a slice of housekeeping is done about so often.
    package var choreMilliseconds: UInt64 = 50
    package var clock = WallClock.system
    package var monotonic = MonotonicClock.system
    /// Where its ids get their random bits.
    package var random = RandomSource.readingAhead()

    package init() {}
}

/// A piece of housekeeping that goes in slices between the writes: what hangs on something deleted,
/// old keys.
package struct WriterChore: Sendable {
    package let name: String
    /// How long it rests when it found nothing to do, unless a write marks `choresDue`.
    package let restMilliseconds: UInt64
    /// Does one slice, a few hundred rows, in a transaction of its own. True: there is more.
    package let slice: @Sendable (StoreTransaction) throws -> Bool

    package init(
        name: String, restMilliseconds: UInt64 = 60_000,
        slice: @escaping @Sendable (StoreTransaction) throws -> Bool
    ) {
        self.name = name
        self.restMilliseconds = restMilliseconds
        self.slice = slice
    }
}

/// The one writer of a database: it commits whatever has queued up as one transaction, and answers
/// when that is durable.
@usableFromInline
package final class Writer: Sendable {
    package let driver: any SQLDriver
    package let options: WriterOptions
    package let epochs = SharedEpochs()
    let metrics = WriterMetrics()
    let queue: WriterQueue
    let requests = Lock(Requests())
    private let ended = Signal(false)

    /// What the thread finds beside the queue when it looks around.
    struct Requests: Sendable {
        var chores: [WriterChore] = []
        var backups: [BackupRequest] = []
    }

    /// A copy that somebody waits for.
    struct BackupRequest: Sendable {
        let path: String
        let deliver: @Sendable (Result<Void, any Error>) -> Void
    }

    /// Starts the thread on a database that the migrations have brought up.
    /// - Parameter greatestID: asks the domain tables for the greatest id they hold; new ids follow
    ///   it.
    /// - Throws: where the database cannot be opened.
    package init(
        _ driver: any SQLDriver, options: WriterOptions = WriterOptions(),
        chores: [WriterChore] = [],
        greatestID: @escaping @Sendable (StoreTransaction) throws(SQLError) -> UUIDv7? = { _ in nil
        }
    ) throws(SQLError) {
        self.driver = driver
        self.options = options
        queue = try WriterQueue(limit: options.queueMax)
        requests.withLock { $0.chores = chores }
        let started = Signal<Result<Void, SQLError>?>(nil)
        Thread.start { [self] in
            let loop: WriterLoop
            do throws(SQLError) {
                loop = try WriterLoop(self, greatestID: greatestID)
            } catch {
                started.change { $0 = .failure(error) }
                return
            }
            started.change { $0 = .success(()) }
            loop.run()
            ended.change { $0 = true }
            refuseBackups()
        }
        try started.wait { $0 }.get()
    }

    /// Adds a piece of housekeeping; it first runs when the writer is next idle.
    package func register(_ chore: WriterChore) {
        requests.withLock { $0.chores.append(chore) }
        queue.poke()
    }

    /// Puts a write at the end of the queue. Gives the reason where it cannot; the job is not
    /// finished then.
    @usableFromInline
    func enqueue(_ job: WriteJob) -> WriterError? {
        if metrics.isLogFull.isSet { return .busy(.log) }
        return queue.push(job)
    }

    /// Writes and waits: for tools and tests, never on a worker.
    /// - Throws: what `body` throws, `WriterError`, or `SQLError`.
    package func writeNow<R: Sendable>(
        _ body: @escaping @Sendable (StoreTransaction) throws -> R
    ) throws -> R {
        let answer = Signal<Result<R, any Error>?>(nil)
        let job = WriteJob(body) { result in answer.change { $0 = result } }
        if let refusal = enqueue(job) { throw refusal }
        return try answer.wait { $0 }.get()
    }

    /// Copies the database to `path` (mode 0600), in steps between the writes; the copy is the
    /// database as it is at the end. It is not there under this name before it is whole and
    /// durable.
    /// - Throws: `SQLError`, `WriterError.stopped`.
    package func backup(to path: String) async throws {
        let result = await unsafe withUnsafeContinuation { continuation in
            request(BackupRequest(path: path) { unsafe continuation.resume(returning: $0) })
        }
        try result.get()
    }

    /// The same, waiting for it: for tools.
    /// - Throws: `SQLError`, `WriterError.stopped`.
    package func backupNow(to path: String) throws {
        let answer = Signal<Result<Void, any Error>?>(nil)
        request(BackupRequest(path: path) { result in answer.change { $0 = result } })
        try answer.wait { $0 }.get()
    }

    private func request(_ backup: BackupRequest) {
        requests.withLock { $0.backups.append(backup) }
        queue.poke()
        // The thread answers what it finds when it ends; what comes after that is answered here.
        if ended.wait({ $0 }) { refuseBackups() }
    }

    func refuseBackups() {
        let left = requests.withLock { requests in
            defer { requests.backups = [] }
            return requests.backups
        }
        for backup in left { backup.deliver(.failure(WriterError.stopped)) }
    }

    /// What the database said when a commit, a checkpoint or a slice last failed; empty where
    /// nothing has. For the log alone.
    package var lastFailure: String { metrics.lastFailure.withLock { $0 } }

    /// What the writer has counted.
    package var figures: WriterFigures { metrics.figures(queued: queue.count) }

    /// Finishes what is queued, moves the log into the database, closes, and waits for all that.
    /// Writes that come later are refused. The readers should be closed before, or the log stays.
    package func shutdown() {
        queue.stop()
        ended.wait { $0 ? () : nil }
    }
}
