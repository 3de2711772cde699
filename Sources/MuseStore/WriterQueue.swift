// The store room: where workers leave their writes for the writer.
internal import MuseBase
internal import MuseSQL

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A bounded queue with one taker, which takes all there is, and waits for it at most so long.
///
/// The taker waits in poll(2) on a pipe: whoever finds it waiting writes a byte. A byte too many
/// only has it look around once more.
final class WriterQueue: Sendable {
    private struct State {
        var jobs: [WriteJob] = []
        var isWaiting = false
        var isPoked = false
        var isStopping = false

        /// Whether the taker must be woken; it is told once.
        mutating func mustWake() -> Bool {
            defer { isWaiting = false }
            return isWaiting
        }
    }

    private let limit: Int
    private let state = Lock(State())
    private let readEnd: Int32
    private let writeEnd: Int32

    /// - Throws: where no descriptor is left.
    init(limit: Int) throws(SQLError) {
        self.limit = limit
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else {
            throw SQLError(kind: .io, code: errno, message: "no descriptor is left", call: "pipe")
        }
        readEnd = ends[0]
        writeEnd = ends[1]
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// How many wait.
    var count: Int { state.withLock { $0.jobs.count } }

    /// Adds a write at the end. Gives the reason where it cannot.
    func push(_ job: WriteJob) -> WriterError? {
        let (refusal, wakes) = state.withLock { state -> (WriterError?, Bool) in
            if state.isStopping { return (.stopped, false) }
            guard state.jobs.count < limit else { return (.busy(.queue), false) }
            state.jobs.append(job)
            return (nil, state.mustWake())
        }
        if wakes { wake() }
        return refusal
    }

    /// Has the taker look around though there may be no write.
    func poke() {
        let wakes = state.withLock { state in
            state.isPoked = true
            return state.mustWake()
        }
        if wakes { wake() }
    }

    /// No more writes: the taker takes what is left and is told so.
    func stop() {
        let wakes = state.withLock { state in
            state.isStopping = true
            return state.mustWake()
        }
        if wakes { wake() }
    }

    private func wake() {
        // At most one byte is on its way for each wait, so that the pipe is never full.
        var byte: UInt8 = 1
        _ = unsafe write(writeEnd, &byte, 1)
    }

    /// Moves all writes into `taken`, which must be empty. Where there is none, waits for one, or
    /// for a poke, at most so long (nil: for ever); it may come back early with none.
    /// - Returns: whether no more will come.
    func take(into taken: inout [WriteJob], waitingNanoseconds: UInt64?) -> Bool {
        let waits = state.withLock { state in
            state.isWaiting = state.jobs.isEmpty && !state.isPoked && !state.isStopping
            return state.isWaiting
        }
        if waits { wait(waitingNanoseconds) }
        return state.withLock { state in
            state.isWaiting = false
            state.isPoked = false
            swap(&state.jobs, &taken)
            return state.isStopping
        }
    }

    private func wait(_ nanoseconds: UInt64?) {
        var milliseconds: Int32 = -1
        if let nanoseconds { milliseconds = Int32(min(nanoseconds, 1_000_000_000_000) / 1_000_000) }
        if let nanoseconds, nanoseconds % 1_000_000 != 0 { milliseconds += 1 }
        var watched = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&watched, 1, milliseconds) > 0 else { return }
        var bytes: (UInt64, UInt64) = (0, 0)
        _ = unsafe read(readEnd, &bytes, MemoryLayout.size(ofValue: bytes))
    }
}
