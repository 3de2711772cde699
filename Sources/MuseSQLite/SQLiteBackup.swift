// The SQLite room: a copy of a database while it is in use (sqlite.org/backup.html).
internal import CSQLite
internal import MuseSQL

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A copy under way. What its source's connection commits meanwhile goes into the copy too, so that
/// it ends with the database as it is then. It is made under another name (`.partial`), and gets
/// its own when it is whole and durable.
@safe
final class SQLiteBackup: SQLBackup {
    private let source: SQLiteHandle
    private let path: String
    private let partial: String
    private var copy: OpaquePointer?
    private var backup: OpaquePointer?
    private var isDone = false
    private(set) var remaining = 0

    /// - Throws: where the copy cannot be made there.
    init(from source: SQLiteHandle, to path: String) throws(SQLError) {
        self.source = source
        self.path = path
        partial = path + ".partial"
        unsafe unlink(partial)
        try PrivateFile.make(partial)
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = unsafe sqlite3_open_v2(partial, &copy, flags, nil)
        guard code == SQLITE_OK else { throw stop(code, "sqlite3_open_v2") }
        // Nobody reads the copy before `finish` has made it durable as a whole.
        let set = unsafe sqlite3_exec(
            copy, "PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF", nil, nil, nil)
        guard set == SQLITE_OK else { throw stop(set, "sqlite3_exec") }
        guard let database = unsafe source.database else { throw stop(SQLITE_MISUSE, "backup") }
        unsafe backup = sqlite3_backup_init(copy, "main", database, "main")
        if unsafe backup == nil {
            throw stop(unsafe sqlite3_errcode(copy), "sqlite3_backup_init")
        }
    }

    deinit {
        if !isDone { discard() }
    }

    func step(pages: Int32) throws(SQLError) -> Bool {
        guard unsafe source.database != nil, unsafe backup != nil else {
            throw stop(SQLITE_ABORT, "sqlite3_backup_step")
        }
        switch unsafe sqlite3_backup_step(backup, pages) {
        case SQLITE_OK, SQLITE_BUSY, SQLITE_LOCKED:
            remaining = Int(unsafe sqlite3_backup_remaining(backup))
            return false
        case SQLITE_DONE:
            remaining = 0
            try finish()
            return true
        case let code:
            throw stop(code, "sqlite3_backup_step")
        }
    }

    private func finish() throws(SQLError) {
        let code = unsafe sqlite3_backup_finish(backup)
        unsafe backup = nil
        guard code == SQLITE_OK else { throw stop(code, "sqlite3_backup_finish") }
        unsafe sqlite3_close_v2(copy)
        unsafe copy = nil
        do throws(SQLError) {
            try PrivateFile.sync(partial)
            guard unsafe rename(partial, path) == 0 else { throw SQLError.system("rename", path) }
            isDone = true
            try PrivateFile.sync(PrivateFile.folder(path))
        } catch {
            if !isDone { discard() }
            throw error
        }
    }

    /// Gives up.
    private func stop(_ code: Int32, _ call: String) -> SQLError {
        let error = unsafe SQLError(code, copy, call: call)
        discard()
        return error
    }

    private func discard() {
        unsafe sqlite3_backup_finish(backup)
        unsafe backup = nil
        unsafe sqlite3_close_v2(copy)
        unsafe copy = nil
        unsafe unlink(partial)
    }
}
