// The client: time, as a value that tests replace: the clock, and one thread that runs what is due.
internal import MuseBase

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The time that a client goes by.
package protocol ClientTime: Sendable {
    /// Nanoseconds of a clock that only goes forward.
    func now() -> UInt64

    /// Runs `job` at `instant` or soon after, once, on a thread of its own. A job must be short.
    func schedule(at instant: UInt64, _ job: @escaping @Sendable () -> Void)
}

/// The system's time. One thread for the whole process waits in poll(2) until the next job is due;
/// it is started with the first job and does nothing while none is due.
package final class SystemTime: ClientTime {
    package static let shared = SystemTime()

    private struct Job {
        let instant: UInt64
        let run: @Sendable () -> Void
    }

    private struct State {
        var jobs: [Job] = []
        var isRunning = false
        /// When the thread wakes by itself.
        var wakesAt: UInt64 = 0
    }

    private let state = Lock(State())
    private let waker = Waker()

    private init() {}

    package func now() -> UInt64 { MonotonicClock.system.nanoseconds() }

    package func schedule(at instant: UInt64, _ job: @escaping @Sendable () -> Void) {
        let (starts, wakes) = state.withLock { state -> (Bool, Bool) in
            state.jobs.append(Job(instant: instant, run: job))
            let starts = !state.isRunning
            state.isRunning = true
            return (starts, !starts && instant < state.wakesAt)
        }
        if starts { Thread.start(stackBytes: 256 << 10) { self.run() } }
        if wakes { waker.wake() }
    }

    private func run() {
        while true {
            let now = now()
            let (due, next) = state.withLock { state -> ([Job], UInt64) in
                let due = state.jobs.filter { $0.instant <= now }
                if !due.isEmpty { state.jobs.removeAll { $0.instant <= now } }
                state.wakesAt = state.jobs.reduce(UInt64.max) { min($0, $1.instant) }
                return (due, state.wakesAt)
            }
            for job in due { job.run() }
            if due.isEmpty { waker.wait(until: next, now: now) }
        }
    }
}

/// A pipe by which one thread wakes another out of poll(2).
final class Waker: Sendable {
    /// The end to wait on; -1 where no pipe could be made.
    let readEnd: Int32
    private let writeEnd: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        if unsafe pipe(&ends) == 0 {
            for end in ends {
                _ = fcntl(end, F_SETFL, O_NONBLOCK)
                _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            }
        } else {
            ends = [-1, -1]
        }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        if readEnd >= 0 { close(readEnd) }
        if writeEnd >= 0 { close(writeEnd) }
    }

    /// Makes the read end readable.
    func wake() {
        var byte: UInt8 = 1
        _ = unsafe write(writeEnd, &byte, 1)
    }

    /// Takes back what `wake` did.
    func clear() {
        var bytes: (UInt64, UInt64) = (0, 0)
        _ = unsafe read(readEnd, &bytes, 16)
    }

    /// Waits until it is woken or that instant has come.
    func wait(until instant: UInt64, now: UInt64) {
        let nanoseconds = instant > now ? instant - now : 0
        // Without a pipe nobody can wake the thread: it looks by itself.
        let longest: UInt64 = readEnd < 0 ? 10 : 60_000
        var descriptor = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
        let milliseconds = min(
            nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 > 0 ? 1 : 0), longest)
        if unsafe poll(&descriptor, 1, Int32(milliseconds)) > 0 { clear() }
    }
}
