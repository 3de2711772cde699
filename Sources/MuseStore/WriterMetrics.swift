// The store room: what the writer counts. `server.metrics` and `server.health` read it.
internal import MuseBase
internal import Synchronization

/// The writer's figures at one moment.
package struct WriterFigures: Sendable, Equatable {
    /// Groups committed, and the writes in them that were kept.
    package var groups: UInt64 = 0
    package var writes: UInt64 = 0
    /// Writes of the largest group.
    package var groupMax: UInt64 = 0
    /// Calls of fsync(2) on the database and its log.
    package var syncs: UInt64 = 0
    /// How long a COMMIT takes, in microseconds: half of them at most so long, and 99 of 100.
    /// Within 25 %.
    package var commitP50: UInt64 = 0
    package var commitP99: UInt64 = 0
    /// Bytes in the write-ahead log, and whether writes are refused because of them.
    package var logBytes: UInt64 = 0
    package var isLogFull = false
    package var checkpoints: UInt64 = 0
    /// Checkpoints that failed; the next one does the same again.
    package var checkpointFailures: UInt64 = 0
    /// Commits that failed, and whether the writer is still out of order after one.
    package var commitFailures: UInt64 = 0
    package var isBroken = false
    /// Slices of housekeeping done, and those that failed.
    package var slices: UInt64 = 0
    package var sliceFailures: UInt64 = 0
    /// Writes that wait.
    package var queued: UInt64 = 0
}

/// The counters. The writer's thread alone changes them; anybody reads.
final class WriterMetrics: Sendable {
    let groups = Counter()
    let writes = Counter()
    let groupMax = Counter()
    let syncs = Counter()
    let logBytes = Counter()
    let checkpoints = Counter()
    let checkpointFailures = Counter()
    let commitFailures = Counter()
    let slices = Counter()
    let sliceFailures = Counter()
    let isBroken = Flag()
    let isLogFull = Flag()
    let commitTimes = Lock(Histogram(bits: 2))
    /// What the database said when something last failed; empty where nothing has.
    let lastFailure = Lock("")

    /// A number that one thread changes.
    final class Counter: Sendable {
        private let number = Atomic<UInt64>(0)
        var value: UInt64 { number.load(ordering: .relaxed) }
        func add(_ more: Int = 1) {
            number.add(UInt64(more), ordering: .relaxed)
        }
        func set(_ value: UInt64) { number.store(value, ordering: .relaxed) }
        func raise(to value: Int) {
            if UInt64(value) > self.value { set(UInt64(value)) }
        }
    }

    /// A truth that one thread changes.
    final class Flag: Sendable {
        private let truth = Atomic<Bool>(false)
        var isSet: Bool { truth.load(ordering: .relaxed) }
        func set(_ value: Bool) { truth.store(value, ordering: .relaxed) }
    }

    func figures(queued: Int) -> WriterFigures {
        // Read within the lock: the next commit would have to copy what is still held elsewhere.
        let (half, most) = commitTimes.withLock { ($0.quantile(0.5), $0.quantile(0.99)) }
        return WriterFigures(
            groups: groups.value, writes: writes.value, groupMax: groupMax.value,
            syncs: syncs.value,
            commitP50: half, commitP99: most,
            logBytes: logBytes.value, isLogFull: isLogFull.isSet,
            checkpoints: checkpoints.value, checkpointFailures: checkpointFailures.value,
            commitFailures: commitFailures.value, isBroken: isBroken.isSet,
            slices: slices.value, sliceFailures: sliceFailures.value, queued: UInt64(queued))
    }
}
