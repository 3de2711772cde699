// Serving: the signals that a server takes: one thread waits for them, no handler runs anywhere.
internal import Glibc

/// SIGTERM, SIGINT and SIGHUP, taken one after another.
struct Signals {
    enum Arrival {
        /// SIGTERM or SIGINT.
        case stop
        /// SIGHUP.
        case reload
        /// None has come in the time given.
        case none
    }

    private var set = sigset_t()

    /// Holds the signals back for this thread and all that it starts; a closed pipe is no signal
    /// any more.
    init() {
        unsafe sigemptyset(&set)
        for signal in [SIGTERM, SIGINT, SIGHUP] { unsafe sigaddset(&set, signal) }
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits for the next one.
    mutating func next(seconds: Int) -> Arrival {
        var time = timespec(tv_sec: seconds, tv_nsec: 0)
        switch unsafe sigtimedwait(&set, nil, &time) {
        case SIGTERM, SIGINT: return .stop
        case SIGHUP: return .reload
        default: return .none
        }
    }
}

/// How many files and sockets the process may have open.
enum Descriptors {
    /// Raises the soft limit to what is needed, as far as the hard limit allows.
    /// - Returns: the limit in force.
    static func raise(to wanted: Int) -> Int {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard unsafe getrlimit(resource, &limit) == 0 else { return 0 }
        if limit.rlim_cur < rlim_t(wanted) {
            limit.rlim_cur = min(rlim_t(wanted), limit.rlim_max)
            _ = unsafe setrlimit(resource, &limit)
            _ = unsafe getrlimit(resource, &limit)
        }
        return Int(clamping: limit.rlim_cur)
    }
}
