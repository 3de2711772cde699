// The base room: threads of the operating system, for those who own one: workers, the writer, the
// hash pool.
#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A thread of the operating system (pthread_create(3)).
package enum Thread {
    /// Starts a detached thread.
    /// - Parameters:
    ///   - stackBytes: the size of its stack.
    ///   - nice: how much it yields to others (Linux: setpriority(2), which there is a thread's).
    package static func start(
        stackBytes: Int = 1 << 20, nice: Int32 = 0, _ body: @escaping @Sendable () -> Void
    ) {
        let started = tryToStart(stackBytes: stackBytes, nice: nice, body)
        precondition(started, "pthread_create failed: no thread can be started")
    }

    /// Starts a detached thread, as `start` does; false where the system has none to give, and
    /// `body` is not run then.
    package static func tryToStart(
        stackBytes: Int = 1 << 20, nice: Int32 = 0, _ body: @escaping @Sendable () -> Void
    ) -> Bool {
        let box = unsafe Unmanaged.passRetained(ThreadBody(nice, body)).toOpaque()
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setstacksize(&attributes, stackBytes)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        #if canImport(Glibc)
            var thread = pthread_t()
        #else
            var thread: pthread_t?
        #endif
        let started = unsafe pthread_create(&thread, &attributes, threadMain, box)
        unsafe pthread_attr_destroy(&attributes)
        if started != 0 { unsafe Unmanaged<ThreadBody>.fromOpaque(box).release() }
        return started == 0
    }
}

private final class ThreadBody {
    let nice: Int32
    let body: @Sendable () -> Void

    init(_ nice: Int32, _ body: @escaping @Sendable () -> Void) {
        self.nice = nice
        self.body = body
    }
}

#if canImport(Glibc)
    private typealias ThreadArgument = UnsafeMutableRawPointer?
#else
    private typealias ThreadArgument = UnsafeMutableRawPointer
#endif

private func threadMain(_ argument: ThreadArgument) -> UnsafeMutableRawPointer? {
    let opaque: UnsafeMutableRawPointer? = unsafe argument
    guard let pointer = unsafe opaque else { return nil }
    let box = unsafe Unmanaged<ThreadBody>.fromOpaque(pointer).takeRetainedValue()
    #if canImport(Glibc)
        if box.nice > 0 { _ = setpriority(Int32(PRIO_PROCESS.rawValue), 0, box.nice) }
    #endif
    box.body()
    return nil
}
