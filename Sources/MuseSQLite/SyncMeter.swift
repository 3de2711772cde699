// The SQLite room: counts the calls of fsync(2) of each database, so that "durable" stays true; a
// test may make the next ones fail. A thin VFS (sqlite.org/vfs.html) in front of the default one
// does it.
internal import CSQLite
internal import MuseBase
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// How often the files of one database (itself and its log) were made durable.
package final class SyncMeter: Sendable {
    private let counted = Atomic<UInt64>(0)
    private let failing = Atomic<Int>(0)

    fileprivate init() {}

    /// The meter of the database at `path`, which SQLite spells without links (realpath(3)).
    static func of(_ path: String) -> SyncMeter {
        MeterRegistry.shared.meter(path)
    }

    /// How many there were, failed ones too.
    package var count: UInt64 { counted.load(ordering: .relaxed) }

    /// The next `count` of them fail with an I/O error, after the bytes were handed to the system,
    /// as a disk does that loses power: for tests of what follows.
    package func failNext(_ count: Int) {
        failing.store(count, ordering: .sequentiallyConsistent)
    }

    /// Counts one. False: it is to fail.
    fileprivate func admit() -> Bool {
        counted.add(1, ordering: .relaxed)
        guard failing.load(ordering: .relaxed) > 0 else { return true }
        return failing.subtract(1, ordering: .sequentiallyConsistent).oldValue <= 0
    }
}

/// Which open file belongs to which database, and the tables of file calls that count.
private final class MeterRegistry: Sendable {
    static let shared = MeterRegistry()

    private struct State {
        var meters: [String: SyncMeter] = [:]
        /// By the address of the sqlite3_file.
        var files: [UInt: SyncMeter] = [:]
        /// By the address of the table that was copied: the copy's address.
        var tables: [UInt: UInt] = [:]
    }

    private let state = Lock(State())

    func meter(_ path: String) -> SyncMeter {
        state.withLock { state in
            if let meter = state.meters[path] { return meter }
            let meter = SyncMeter()
            state.meters[path] = meter
            return meter
        }
    }

    func opened(_ file: UnsafeMutablePointer<sqlite3_file>, _ path: String) {
        let meter = meter(path)
        state.withLock { state in
            state.files[UInt(bitPattern: file)] = meter
            guard let original = unsafe file.pointee.pMethods else { return }
            let known = state.tables[UInt(bitPattern: original)]
            if let table = unsafe UnsafePointer<sqlite3_io_methods>(bitPattern: known ?? 0) {
                unsafe file.pointee.pMethods = table
                return
            }
            // Two tables side by side: ours, then the original, where ours finds what to call. They
            // are never freed: files may be open until the process ends.
            let pair = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 2)
            unsafe pair.initialize(repeating: original.pointee, count: 2)
            unsafe pair.pointee.xSync = countedSync
            unsafe pair.pointee.xClose = countedClose
            state.tables[UInt(bitPattern: original)] = UInt(bitPattern: pair)
            unsafe file.pointee.pMethods = UnsafePointer(pair)
        }
    }

    func meter(of file: UnsafeMutablePointer<sqlite3_file>) -> SyncMeter? {
        state.withLock { $0.files[UInt(bitPattern: file)] }
    }

    func closed(_ file: UnsafeMutablePointer<sqlite3_file>) {
        state.withLock { $0.files[UInt(bitPattern: file)] = nil }
    }
}

private func countedSync(_ file: UnsafeMutablePointer<sqlite3_file>?, _ flags: Int32) -> Int32 {
    guard let file = unsafe file, let pair = unsafe file.pointee.pMethods,
        let sync = unsafe pair[1].xSync
    else { return SQLITE_MISUSE }
    if let meter = unsafe MeterRegistry.shared.meter(of: file), !meter.admit() {
        return SQLITE_IOERR | (4 << 8)  // SQLITE_IOERR_FSYNC, a macro that is not imported
    }
    return unsafe sync(file, flags)
}

private func countedClose(_ file: UnsafeMutablePointer<sqlite3_file>?) -> Int32 {
    guard let file = unsafe file, let pair = unsafe file.pointee.pMethods,
        let close = unsafe pair[1].xClose
    else { return SQLITE_MISUSE }
    unsafe MeterRegistry.shared.closed(file)
    return unsafe close(file)
}

private func countedOpen(
    _ vfs: UnsafeMutablePointer<sqlite3_vfs>?, _ name: UnsafePointer<CChar>?,
    _ file: UnsafeMutablePointer<sqlite3_file>?, _ flags: Int32,
    _ given: UnsafeMutablePointer<Int32>?
) -> Int32 {
    guard let original = unsafe vfs?.pointee.pAppData?.assumingMemoryBound(to: sqlite3_vfs.self),
        let open = unsafe original.pointee.xOpen
    else { return SQLITE_MISUSE }
    let code = unsafe open(original, name, file, flags, given)
    guard code == SQLITE_OK, let file = unsafe file, let name = unsafe name else { return code }
    if flags & SQLITE_OPEN_MAIN_DB != 0 {
        unsafe MeterRegistry.shared.opened(file, String(cString: name))
    } else if flags & SQLITE_OPEN_WAL != 0 {
        unsafe MeterRegistry.shared.opened(
            file, String(String(cString: name).dropLast("-wal".utf8.count)))
    }
    return code
}

/// The counting VFS.
enum MeteredVFS {
    /// Its name, registered at the first use; nil: the default VFS goes unmetered.
    static let name: String? = {
        guard sqlite3_initialize() == SQLITE_OK, let original = unsafe sqlite3_vfs_find(nil),
            let name = unsafe strdup("muse-metered")
        else { return nil }
        // Never freed: the engine keeps it until the process ends.
        let copy = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        unsafe copy.initialize(to: original.pointee)
        unsafe copy.pointee.pNext = nil
        unsafe copy.pointee.zName = UnsafePointer(name)
        unsafe copy.pointee.pAppData = UnsafeMutableRawPointer(original)
        unsafe copy.pointee.xOpen = countedOpen
        guard unsafe sqlite3_vfs_register(copy, 0) == SQLITE_OK else { return nil }
        return "muse-metered"
    }()
}
