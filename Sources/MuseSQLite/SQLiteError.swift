// The SQLite room: result codes (sqlite.org/rescode.html) as the SQL room's errors.
internal import CSQLite
internal import MuseSQL

extension SQLError {
    /// From a result code, with the words of the connection on which it happened.
    init(_ code: Int32, _ database: OpaquePointer?, call: String) {
        var message = unsafe String(cString: sqlite3_errstr(code))
        var extended = code
        if let database = unsafe database {
            // Its words are those of its last failure, which may be another.
            let told = unsafe sqlite3_extended_errcode(database)
            if told & 0xFF == code & 0xFF {
                extended = told
                unsafe message = String(cString: sqlite3_errmsg(database))
            }
        }
        self.init(kind: Self.kind(code), code: extended, message: message, call: call)
    }

    private static func kind(_ code: Int32) -> Kind {
        switch code & 0xFF {
        case SQLITE_CONSTRAINT: .constraint
        case SQLITE_BUSY, SQLITE_LOCKED: .busy
        case SQLITE_FULL: .full
        case SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM: .io
        case SQLITE_CORRUPT: .corrupt
        case SQLITE_NOTADB: .foreign
        case SQLITE_MISUSE, SQLITE_RANGE, SQLITE_MISMATCH: .misuse
        default: .other
        }
    }
}
