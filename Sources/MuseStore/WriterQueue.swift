// The store room: where workers leave their writes for the writer.
#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A bounded queue with one taker, which takes all there is, or gives up waiting after a time.
@safe
final class WriterQueue: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private let limit: Int
    // What follows is touched under the mutex only.
    private var jobs: [WriteJob] = []
    private var isWaiting = false
    private var isPoked = false
    private var isStopping = false

    init(limit: Int) {
        self.limit = limit
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe pthread_mutex_init(mutex, nil)
        unsafe condition = .allocate(capacity: 1)
        unsafe condition.initialize(to: pthread_cond_t())
        #if canImport(Glibc)
            // The wait is bounded by a clock that nobody sets.
            var attributes = pthread_condattr_t()
            unsafe pthread_condattr_init(&attributes)
            unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
            unsafe pthread_cond_init(condition, &attributes)
            unsafe pthread_condattr_destroy(&attributes)
        #else
            unsafe pthread_cond_init(condition, nil)
        #endif
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    private func locked<R>(_ body: () -> R) -> R {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return body()
    }

    /// How many wait.
    var count: Int { locked { jobs.count } }

    /// Adds a write at the end. Gives the reason where it cannot.
    func push(_ job: WriteJob) -> WriterError? {
        locked {
            if isStopping { return .stopped }
            guard jobs.count < limit else { return .busy(.queue) }
            jobs.append(job)
            wake()
            return nil
        }
    }

    /// Has the taker look around though there may be no write.
    func poke() {
        locked {
            isPoked = true
            wake()
        }
    }

    /// No more writes: the taker takes what is left and is told so.
    func stop() {
        locked {
            isStopping = true
            wake()
        }
    }

    private func wake() {
        if isWaiting { unsafe pthread_cond_signal(condition) }
    }

    /// Moves all writes into `taken`, which must be empty; waits for one, at most so long (nil: for ever).
    /// - Returns: whether no more will come.
    func take(into taken: inout [WriteJob], waitingNanoseconds: UInt64?) -> Bool {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        let end = deadline(waitingNanoseconds)
        isWaiting = true
        while jobs.isEmpty, !isStopping, !isPoked {
            guard wait(until: end) else { break }
        }
        isWaiting = false
        isPoked = false
        swap(&jobs, &taken)
        return isStopping
    }

    private func deadline(_ nanoseconds: UInt64?) -> timespec? {
        guard let nanoseconds else { return nil }
        let bounded = min(nanoseconds, 1_000_000_000_000)
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        let total = UInt64(time.tv_nsec) + bounded
        time.tv_sec += Int(total / 1_000_000_000)
        time.tv_nsec = Int(total % 1_000_000_000)
        return time
    }

    /// False: the time is over.
    private func wait(until end: timespec?) -> Bool {
        guard var end else {
            unsafe pthread_cond_wait(condition, mutex)
            return true
        }
        #if canImport(Glibc)
            return unsafe pthread_cond_timedwait(condition, mutex, &end) == 0
        #else
            var now = timespec()
            unsafe clock_gettime(CLOCK_MONOTONIC, &now)
            var left = timespec(tv_sec: end.tv_sec - now.tv_sec, tv_nsec: end.tv_nsec - now.tv_nsec)
            if left.tv_nsec < 0 {
                left.tv_sec -= 1
                left.tv_nsec += 1_000_000_000
            }
            guard left.tv_sec >= 0 else { return false }
            return unsafe pthread_cond_timedwait_relative_np(condition, mutex, &left) == 0
        #endif
    }
}
