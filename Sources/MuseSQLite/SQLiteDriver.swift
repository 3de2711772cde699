// The SQLite room: the driver. The program makes one for its data folder and hands it to the store.
internal import CSQLite
package import MuseSQL

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// One SQLite database: a file, its log (`-wal`) and the index of that (`-shm`), each of mode 0600.
package struct SQLiteDriver: SQLDriver {
    package let path: String
    /// What the file's header says it is (`PRAGMA application_id`).
    package var applicationID: Int32 = 0x4D75_7365  // "Muse"
    /// The page cache of a reader. Small: every commit of another connection voids it.
    package var readerCacheKiB = 4_096
    /// The page cache of the writer, which only its own commits touch.
    package var writerCacheKiB = 65_536

    package init(path: String) {
        self.path = path
    }

    package var exists: Bool {
        var facts = stat()
        return unsafe stat(path, &facts) == 0 && facts.st_size > 0
    }

    package var libraryVersion: String {
        "SQLite \(unsafe String(cString: sqlite3_libversion()))"
    }

    /// How often the database was made durable; nil while there is none.
    package var syncMeter: SyncMeter? {
        guard let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        return SyncMeter.of(unsafe String(cString: real))
    }

    package func open(_ role: SQLRole) throws(SQLError) -> any SQLConnection {
        _ = Self.libraryPrepared
        return try SQLiteConnection(self, role)
    }

    /// Memory statistics off, before the first use of the library: they put one lock around the
    /// allocations of all threads. Refused (and harmless) where somebody was faster.
    private static let libraryPrepared: Bool =
        muse_sqlite_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK
}

/// Files of a database, made and kept private.
enum PrivateFile {
    /// Makes an empty file of mode 0600 where there is none. An existing one is not opened: closing
    /// any descriptor of a file drops the process's locks on it (fcntl(2)), and SQLite's are such.
    static func make(_ path: String) throws(SQLError) {
        let descriptor = unsafe open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            close(descriptor)
        } else if errno != EEXIST {
            throw SQLError.system("open", path)
        }
    }

    /// Takes everybody else's rights away.
    static func restrict(_ path: String) {
        // What does not exist yet is made by SQLite with the database's own mode.
        for suffix in ["", "-wal", "-shm"] { _ = unsafe chmod(path + suffix, 0o600) }
    }

    /// Makes a file or a folder durable (fsync(2)).
    static func sync(_ path: String) throws(SQLError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SQLError.system("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SQLError.system("fsync", path) }
    }

    /// The folder that a file is in.
    static func folder(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

extension SQLError {
    /// The last failure of a system call.
    static func system(_ call: String, _ path: String) -> SQLError {
        let number = errno
        return SQLError(
            kind: number == ENOSPC ? .full : .io, code: number,
            message: "\(path): \(unsafe String(cString: strerror(number)))", call: call)
    }
}
