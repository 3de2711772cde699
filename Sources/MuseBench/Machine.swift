// The measuring room: what it asks of the machine: cores, clocks of processes, its own facts.
internal import CPlatform
internal import Glibc

/// The cores of the machine.
package enum Cores {
    /// How many this process may use.
    package static var count: Int { Int(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    /// Keeps the calling thread, and what it starts from now on, on one core; false where the
    /// system does not.
    @discardableResult
    package static func pin(to core: Int) -> Bool {
        muse_pin_to_core(Int32(core)) == 0
    }
}

/// The processor time of a process.
enum ProcessClock {
    /// All that it has used, with what the system did for it (clock_getcpuclockid(3)); nil where it
    /// is gone.
    static func nanoseconds(_ process: Int32) -> UInt64? {
        var clock = clockid_t()
        guard unsafe clock_getcpuclockid(process, &clock) == 0 else { return nil }
        var time = timespec()
        guard unsafe clock_gettime(clock, &time) == 0 else { return nil }
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// The facts of the machine that figures are worth nothing without.
package enum MachineFacts {
    /// `Linux 6.1.0 x86_64` (uname(2)).
    package static var system: String {
        var names = utsname()
        guard unsafe uname(&names) == 0 else { return "unknown" }
        return [text(&names.sysname), text(&names.release), text(&names.machine)]
            .joined(separator: " ")
    }

    private static func text<T>(_ field: inout T) -> String {
        unsafe withUnsafeBytes(of: &field) {
            unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
