// The network room: one thread's loop. It waits for descriptors, timers and jobs, and is the
// executor of whatever actor lives on it. Each worker of the server owns one.
internal import CPlatform
internal import Glibc
package import MuseBase
internal import Synchronization

/// What a descriptor is ready for.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    package static var readable: Readiness { Readiness(rawValue: MUSE_READABLE) }
    package static var writable: Readiness { Readiness(rawValue: MUSE_WRITABLE) }
    /// It is broken, or both sides have ended.
    package static var failed: Readiness { Readiness(rawValue: MUSE_FAILED) }

    package var isReadable: Bool { rawValue & MUSE_READABLE != 0 }
    package var isWritable: Bool { rawValue & MUSE_WRITABLE != 0 }
    package var isFailed: Bool { rawValue & MUSE_FAILED != 0 }
}

/// What lives on a loop. Every call comes on the loop's thread. A pass is: descriptors, timers,
/// jobs (those that other threads sent first), `wantsJobs` until it says no, `passEnding`, and then
/// the wait.
package protocol EventLoopDelegate: AnyObject {
    /// A descriptor is ready.
    func descriptorReady(_ token: UInt64, _ readiness: Readiness)
    /// A timer is due.
    func timerFired(_ token: UInt64)
    /// The jobs have run. True: it has enqueued more, which are to run in this pass.
    func wantsJobs() -> Bool
    /// The loop is about to wait. True: there is more to do, so it only looks and does not wait.
    func passEnding() -> Bool
}

/// A loop over epoll(7): a serial executor and a task executor with one thread.
///
/// `enqueue` from its own thread makes no system call; from another it wakes the loop once, where
/// it sleeps.
@safe
package final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    /// The clock of its timers.
    package let clock: MonotonicClock
    private let epoll: Descriptor
    private let wakeup: Descriptor
    private let mailbox = Lock<[UnownedJob]>([])
    private let hasMail = Atomic<Bool>(false)
    private let sleeping = Atomic<Bool>(false)
    private let stopping = Atomic<Bool>(false)
    private let thread = Atomic<UInt>(0)

    // What follows is touched on the loop's thread alone.
    private var jobs: [UnownedJob] = []
    private var running: [UnownedJob] = []
    private var timers = Timers()
    /// The clock's time when this pass began.
    package private(set) var now: UInt64 = 0

    private static let wakeupToken = UInt64.max
    private static let eventsMax = 256
    /// Jobs that a pass runs before descriptors get their turn again.
    private static let jobsMax = 4_096

    /// A loop that is not running yet.
    /// - Throws: NetError of `epoll_create1(2)`, `eventfd(2)` or `epoll_ctl(2)`.
    package init(clock: MonotonicClock = .system) throws(NetError) {
        self.clock = clock
        let epoll = Descriptor(try checked(muse_epoll_create(), "epoll_create1(2)"))
        let wakeup = Descriptor(try checked(muse_eventfd(), "eventfd(2)"))
        _ = try checked(
            muse_epoll_add(
                epoll.number, wakeup.number, MUSE_READABLE | MUSE_EDGE, Self.wakeupToken),
            "epoll_ctl(2)")
        self.epoll = epoll
        self.wakeup = wakeup
        now = clock.nanoseconds()
    }

    // MARK: Running

    /// Starts a thread with `stackBytes` of stack whose whole life is `body`, which is to call
    /// `run`.
    package func start(stackBytes: Int = 512 << 10, _ body: @escaping @Sendable () -> Void) {
        Thread.start(stackBytes: stackBytes) { [self] in
            thread.store(UInt(pthread_self()), ordering: .sequentiallyConsistent)
            body()
        }
    }

    /// Runs passes on the calling thread, the one `start` made, until `stop`.
    package func run(_ delegate: some EventLoopDelegate) {
        precondition(isCurrent, "a loop runs on its own thread")
        let events = UnsafeMutableBufferPointer<muse_event>.allocate(capacity: Self.eventsMax)
        unsafe events.initialize(repeating: muse_event())
        defer { unsafe events.deallocate() }
        while !stopping.load(ordering: .relaxed) {
            let isBusy = delegate.passEnding() || !jobs.isEmpty
            let ready = unsafe wait(events, isBusy: isBusy)
            now = clock.nanoseconds()
            takeMail()
            for index in 0..<ready {
                let event = unsafe events[index]
                guard event.token != Self.wakeupToken else { continue }
                delegate.descriptorReady(event.token, Readiness(rawValue: event.readiness))
            }
            while let token = timers.take(now: now) { delegate.timerFired(token) }
            repeat { runJobs() } while delegate.wantsJobs()
        }
        takeMail()
        runJobs()
    }

    /// Runs at once, in order, the jobs that `start` enqueues from this thread, instead of at their
    /// turn in the pass. Not from within a job.
    package func runNow(_ start: () -> Void) {
        let mark = jobs.count
        start()
        guard jobs.count > mark else { return }
        let begun = Array(jobs[mark...])
        jobs.removeSubrange(mark...)
        for job in begun {
            unsafe job.runSynchronously(
                isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
        }
    }

    /// Makes `run` return after its pass. From any thread.
    package func stop() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        wake()
    }

    /// Makes a sleeping loop begin a pass. From any thread.
    package func wake() {
        hasMail.store(true, ordering: .sequentiallyConsistent)
        if sleeping.exchange(false, ordering: .sequentiallyConsistent) {
            _ = muse_eventfd_signal(wakeup.number)
        }
    }

    /// Whether the caller is on the loop's thread.
    package var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    private func wait(
        _ events: UnsafeMutableBufferPointer<muse_event>, isBusy: Bool
    ) -> Int {
        var timeout: Int32 = isBusy ? 0 : patience()
        if timeout != 0 {
            sleeping.store(true, ordering: .sequentiallyConsistent)
            // Whoever puts mail in sets `hasMail` and then looks at `sleeping`: one of us sees the
            // other.
            if hasMail.load(ordering: .sequentiallyConsistent) { timeout = 0 }
        }
        let ready = unsafe muse_epoll_wait(
            epoll.number, events.baseAddress, Int32(Self.eventsMax), timeout)
        sleeping.store(false, ordering: .relaxed)
        precondition(ready >= 0, "epoll_wait(2) fails only for what is no epoll descriptor")
        return Int(ready)
    }

    /// Milliseconds from the beginning of this pass until the next timer, rounded up; -1 where
    /// there is none.
    private func patience() -> Int32 {
        guard let due = timers.next else { return -1 }
        guard due > now else { return 0 }
        return Int32(min((due - now - 1) / 1_000_000 + 1, 60_000))
    }

    private func takeMail() {
        guard hasMail.load(ordering: .acquiring) else { return }
        hasMail.store(false, ordering: .sequentiallyConsistent)
        mailbox.withLock { mail in
            jobs.append(contentsOf: mail)
            mail.removeAll(keepingCapacity: mail.capacity <= 4_096)
        }
    }

    private func runJobs() {
        var count = 0
        while !jobs.isEmpty, count < Self.jobsMax {
            swap(&jobs, &running)
            for job in running {
                unsafe job.runSynchronously(
                    isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            }
            count += running.count
            running.removeAll(keepingCapacity: true)
        }
    }

    // MARK: Executor

    package func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        guard !isCurrent else {
            jobs.append(unowned)
            return
        }
        mailbox.withLock { $0.append(unowned) }
        wake()
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    package func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        unsafe UnownedTaskExecutor(ordinary: self)
    }

    package func checkIsolated() {
        precondition(isCurrent, "what belongs to a loop is touched on its thread alone")
    }

    package func isIsolatingCurrentContext() -> Bool? {
        isCurrent
    }

    // MARK: Descriptors and timers, on the loop's thread

    /// Watches a descriptor. `token` names it to the delegate; any but `UInt64.max`.
    /// - Throws: NetError of `epoll_ctl(2)`.
    package func watch(
        _ descriptor: Int32, _ readiness: Readiness, token: UInt64, isShared: Bool = false
    ) throws(NetError) {
        let interest = readiness.rawValue | (isShared ? MUSE_EXCLUSIVE : 0)
        _ = try checked(
            muse_epoll_add(epoll.number, descriptor, interest, token), "epoll_ctl(2)")
    }

    /// Watches for something else from now on; for nothing but failure if `readiness` is empty.
    package func rewatch(_ descriptor: Int32, _ readiness: Readiness, token: UInt64) {
        _ = muse_epoll_modify(epoll.number, descriptor, readiness.rawValue, token)
    }

    /// Stops watching. To be called before the descriptor is closed.
    package func unwatch(_ descriptor: Int32) {
        _ = muse_epoll_remove(epoll.number, descriptor)
    }

    /// Calls `timerFired(token)` at `due` of the clock, once. A token has one timer: this is it
    /// now.
    package func callAt(_ due: UInt64, token: UInt64) {
        timers.set(due, token)
    }

    /// Takes the timer of a token back, if there is one.
    package func forgetCall(_ token: UInt64) {
        timers.remove(token)
    }
}
