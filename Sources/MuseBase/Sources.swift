// The base room: time and randomness as values, so that tests bring their own.
#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The time of day.
package struct WallClock: Sendable {
    package var now: @Sendable () -> Timestamp

    package init(now: @escaping @Sendable () -> Timestamp) {
        self.now = now
    }

    /// The system's clock (clock_gettime(2), CLOCK_REALTIME).
    package static let system = WallClock {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

/// Time that only goes forward, for durations and deadlines.
package struct MonotonicClock: Sendable {
    /// Nanoseconds since some moment of the past.
    package var nanoseconds: @Sendable () -> UInt64

    package init(nanoseconds: @escaping @Sendable () -> UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// The system's clock (clock_gettime(2), CLOCK_MONOTONIC).
    package static let system = MonotonicClock {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// Where random bits come from.
package struct RandomSource: Sendable {
    package var uint64: @Sendable () -> UInt64

    package init(uint64: @escaping @Sendable () -> UInt64) {
        self.uint64 = uint64
    }

    /// The system's generator, which is fit for secrets (getrandom(2) on Linux, arc4random(3)
    /// elsewhere).
    package static let system = RandomSource { UInt64.random(in: 0 ... .max) }

    /// The system's generator too, asked for 32 numbers at a time: for what is random and no
    /// secret. A call of the system takes longer than an id should.
    package static func readingAhead() -> RandomSource {
        let ahead = Lock<[UInt64]>([])
        return RandomSource {
            ahead.withLock { numbers in
                if numbers.isEmpty { numbers = fresh(32) }
                return numbers.popLast() ?? UInt64.random(in: 0 ... .max)
            }
        }
    }

    private static func fresh(_ count: Int) -> [UInt64] {
        unsafe [UInt64](unsafeUninitializedCapacity: count) { buffer, filled in
            let bytes = count * MemoryLayout<UInt64>.size
            #if canImport(Glibc)
                // It gives 256 bytes at most, and all or nothing (getentropy(3)).
                filled = unsafe getentropy(buffer.baseAddress, bytes) == 0 ? count : 0
            #else
                unsafe arc4random_buf(buffer.baseAddress, bytes)
                filled = count
            #endif
        }
    }

    /// The same numbers for the same seed: for tests.
    package static func seeded(_ seed: UInt64) -> RandomSource {
        let state = Lock(seed)
        return RandomSource {
            state.withLock { value in
                // SplitMix64 (Steele, Lea, Flood 2014).
                value &+= 0x9E37_79B9_7F4A_7C15
                var z = value
                z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
                z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
                return z ^ (z >> 31)
            }
        }
    }
}

/// One small state where threads meet, behind a pthread mutex. Hold it for a few instructions only.
@safe
@usableFromInline
package final class Lock<State>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    /// By its address, as the mutex sees to it that nobody else has it meanwhile.
    @usableFromInline let state: UnsafeMutablePointer<State>

    package init(_ state: State) {
        unsafe self.state = .allocate(capacity: 1)
        unsafe self.state.initialize(to: state)
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe pthread_mutex_init(mutex, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
    }

    /// Runs `body` alone with the state.
    @inlinable
    package func withLock<R, E: Error>(_ body: (inout State) throws(E) -> R) throws(E) -> R {
        lock()
        defer { unlock() }
        return try unsafe body(&state.pointee)
    }

    @usableFromInline
    func lock() {
        unsafe pthread_mutex_lock(mutex)
    }

    @usableFromInline
    func unlock() {
        unsafe pthread_mutex_unlock(mutex)
    }
}

/// A lock with a condition: a thread may wait until another says that the state has changed.
@safe
package final class Signal<State>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var state: State

    package init(_ state: State) {
        self.state = state
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe pthread_mutex_init(mutex, nil)
        unsafe condition = .allocate(capacity: 1)
        unsafe condition.initialize(to: pthread_cond_t())
        unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Changes the state and wakes who waits.
    package func change<R>(_ body: (inout State) -> R) -> R {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        let result = body(&state)
        unsafe pthread_cond_broadcast(condition)
        return result
    }

    /// Waits until `body` gives something.
    package func wait<R>(_ body: (inout State) -> R?) -> R {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state) { return result }
            unsafe pthread_cond_wait(condition, mutex)
        }
    }
}
