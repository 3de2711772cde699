// The service's security room: the threads that hash passwords, so that no worker ever does. Called
// by log-in, registration and whatever checks a password.
package import MuseBase
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A few threads of low priority with a bounded queue before them.
///
/// One hash takes some 20 ms and 19 MiB. On the workers' threads it would hold up every connection
/// of the worker; on all cores at normal priority it makes the others' answers thirty times later.
/// So: cores minus one (at least one), at nice 19, and `busy` when more than `queueMax` wait.
package final class HashPool: Sendable {
    /// Cores minus one, at least one.
    package static var defaultThreads: Int {
        max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) - 1)
    }

    private let shared: Shared
    private let threads: Int
    private let queueMax: Int

    /// Starts the threads; they end when the pool is let go, after what was queued.
    /// - Parameters:
    ///   - queueMax: how many may wait, those being hashed not counted.
    ///   - clock: for the estimate of how long one takes.
    package init(
        threads: Int = HashPool.defaultThreads, queueMax: Int = 64, nice: Int32 = 19,
        clock: MonotonicClock = .system
    ) {
        precondition(threads > 0 && queueMax >= 0, "a pool without threads")
        self.threads = threads
        self.queueMax = queueMax
        let shared = Shared(clock)
        self.shared = shared
        for _ in 0..<threads {
            Thread.start(nice: nice) { shared.work() }
        }
    }

    deinit {
        shared.queue.change { $0.isClosed = true }
    }

    /// Runs `body` on one of the threads; nil, and nothing run, when the queue is full (`busy`).
    ///
    /// Secrets go in as `SecretBytes`, which are wiped when the body has been let go.
    package func run<R: Sendable>(_ body: @escaping @Sendable () -> R) async -> R? {
        await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<R?, Never>) in
            let isQueued = enqueue { unsafe continuation.resume(returning: body()) }
            if !isQueued { unsafe continuation.resume(returning: nil) }
        }
    }

    /// How many wait for a thread.
    package var queued: Int { shared.queued.load(ordering: .relaxed) }

    /// How many have been run since the start.
    package var hashes: Int { shared.done.load(ordering: .relaxed) }

    /// How long all of them together took.
    package var nanoseconds: Int { shared.spent.load(ordering: .relaxed) }

    /// How many were refused since the start.
    package var refused: Int { shared.refused.load(ordering: .relaxed) }

    /// When a caller who was refused may try again: about when all that waits now has been done, by
    /// the time that the last ones took. From 50 ms to a minute.
    package var retryAfterMilliseconds: Int {
        let each = shared.meanNanoseconds.load(ordering: .relaxed)
        let rounds = (queued + threads) / threads
        return min(60_000, max(50, rounds * each / 1_000_000))
    }

    private func enqueue(_ job: @escaping @Sendable () -> Void) -> Bool {
        let isQueued = shared.queue.change { queue in
            // A thread that waits takes one at once: it does not count as waiting.
            guard queue.jobs.count < queueMax + queue.idle else { return false }
            queue.jobs.append(job)
            shared.queued.store(queue.waiting, ordering: .relaxed)
            return true
        }
        if !isQueued { shared.refused.add(1, ordering: .relaxed) }
        return isQueued
    }

    /// What stands before the threads.
    private struct Queue {
        var jobs: [@Sendable () -> Void] = []
        /// Threads that have nothing to do.
        var idle = 0
        var isClosed = false

        var waiting: Int { max(0, jobs.count - idle) }
    }

    /// What the threads hold; the pool itself they do not, so that it can end.
    private final class Shared: Sendable {
        let queue = Signal(Queue())
        let queued = Atomic(0)
        let done = Atomic(0)
        let refused = Atomic(0)
        let spent = Atomic(0)
        /// A running mean of what one took; a usual hash to begin with.
        let meanNanoseconds = Atomic(30_000_000)
        private let clock: MonotonicClock

        init(_ clock: MonotonicClock) {
            self.clock = clock
        }

        func work() {
            while let job = next() {
                let start = clock.nanoseconds()
                job()
                let (taken, isBackwards) = clock.nanoseconds().subtractingReportingOverflow(start)
                done.add(1, ordering: .relaxed)
                guard !isBackwards else { continue }
                // Threads may overwrite each other's; it is an estimate.
                let mean = meanNanoseconds.load(ordering: .relaxed)
                let bounded = Int(min(taken, 60_000_000_000))
                spent.wrappingAdd(bounded, ordering: .relaxed)
                meanNanoseconds.store(mean + (bounded - mean) / 8, ordering: .relaxed)
            }
        }

        /// The next job; nil when the pool has ended and nothing waits.
        private func next() -> (@Sendable () -> Void)? {
            var isIdle = false
            return queue.wait { queue in
                guard let job = queue.jobs.first else {
                    if queue.isClosed { return .some(nil) }
                    if !isIdle { queue.idle += 1 }
                    isIdle = true
                    return nil
                }
                queue.jobs.removeFirst()
                if isIdle { queue.idle -= 1 }
                self.queued.store(queue.waiting, ordering: .relaxed)
                return .some(job)
            }
        }
    }
}
