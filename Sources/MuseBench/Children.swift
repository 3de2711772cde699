// The measuring room: processes that it starts, and their end.
internal import Glibc
internal import MuseBase

/// The processes that have been started and not ended. Any thread may end them all.
package final class Children: Sendable {
    private let running = Lock<Set<Int32>>([])

    package init() {}

    /// Starts a program (posix_spawn(3)): nothing to read, its output goes nowhere, its errors into
    /// a file. It inherits no signal mask, and none of our own variables (`MUSE_*`).
    /// - Parameter program: a path, or a name that is looked for in PATH.
    /// - Returns: the process's id.
    func start(_ program: String, _ words: [String], log: String) throws(BenchError) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        let write = O_WRONLY | O_CREAT | O_TRUNC
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, log, write, 0o600)
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigfillset(&signals)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var process: Int32 = 0
        let code = unsafe withTextList([program] + words) { words in
            unsafe withTextList(Self.environment()) { variables in
                unsafe posix_spawnp(&process, program, &actions, &attributes, words, variables)
            }
        }
        guard code == 0 else {
            let why = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
            throw BenchError("cannot start \(program): \(why)")
        }
        let started = process
        running.withLock { _ = $0.insert(started) }
        return process
    }

    /// Whether it has not ended; its status is lost where it has.
    func isRunning(_ process: Int32) -> Bool {
        var status: Int32 = 0
        guard running.withLock({ $0.contains(process) }) else { return false }
        guard unsafe waitpid(process, &status, WNOHANG) != 0 else { return true }
        running.withLock { _ = $0.remove(process) }
        return false
    }

    /// Waits for the end of a program that ends by itself; true where its status is 0.
    func wait(_ process: Int32) -> Bool {
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { return false }
        }
        running.withLock { _ = $0.remove(process) }
        return status == 0
    }

    /// Ends them all, at once: what they keep is thrown away.
    package func stopAll() {
        for process in running.withLock({ Array($0) }) {
            kill(process, SIGKILL)
            _ = wait(process)
        }
    }

    /// The variables of this process but for our own.
    private static func environment() -> [String] {
        let bytes = (try? SmallFile.read("/proc/self/environ")) ?? []
        return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            .filter { !$0.hasPrefix("MUSE_") }
    }
}

/// Files that are read whole.
enum SmallFile {
    private static let bytesMax = 16 << 20

    /// All of a file's bytes.
    static func read(_ path: String) throws(BenchError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failed(path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < bytesMax {
            let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            guard count > 0 else { throw failed(path) }
            bytes += chunk[..<count]
        }
        throw BenchError("cannot read \(path): it is too long")
    }

    private static func failed(_ path: String) -> BenchError {
        let why = unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "error \(errno)"
        return BenchError("cannot read \(path): \(why)")
    }
}
