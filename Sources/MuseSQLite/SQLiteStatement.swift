// The SQLite room: a prepared statement (sqlite3_stmt) as the SQL room asks for it.
internal import CSQLite
internal import MuseSQL

/// What a connection and its statements share: the engine's handle, and how many statements are in
/// use.
@safe
final class SQLiteHandle {
    var database: OpaquePointer?
    var statementsInUse = 0

    init(_ database: OpaquePointer?) {
        unsafe self.database = database
    }
}

/// A prepared statement. Its calls are those of sqlite3.h. Once it is finalized it is nil, which
/// may be passed to each of them but sqlite3_clear_bindings.
@safe
final class SQLiteStatement: SQLStatement {
    private let owner: SQLiteHandle
    private let call: String
    private var statement: OpaquePointer?
    /// Room for ids of this statement's parameters, so that binding one allocates nothing. It lives
    /// as long as the sqlite3_stmt that points into it (SQLITE_STATIC): freed after
    /// sqlite3_finalize only.
    private let wides: UnsafeMutablePointer<UInt64>
    private let parameterCount: Int32
    private var bindCode: Int32 = SQLITE_OK
    private var isInUse = false

    /// - Throws: where the SQL cannot be prepared.
    init(
        _ owner: SQLiteHandle, sql: UnsafePointer<CChar>, count: Int32, kept: Bool, call: String
    ) throws(SQLError) {
        var statement: OpaquePointer?
        let flags = kept ? UInt32(SQLITE_PREPARE_PERSISTENT) : 0
        let code = unsafe sqlite3_prepare_v3(owner.database, sql, count, flags, &statement, nil)
        guard code == SQLITE_OK else {
            throw unsafe SQLError(code, owner.database, call: "sqlite3_prepare_v3: \(call)")
        }
        self.owner = owner
        self.call = call
        unsafe self.statement = statement
        parameterCount = unsafe sqlite3_bind_parameter_count(statement)
        unsafe wides = .allocate(capacity: max(1, Int(parameterCount) * 2))
    }

    deinit {
        finalize()
        unsafe wides.deallocate()
    }

    /// Gives the statement back to the engine; using it afterwards is an error, not a crash.
    func finalize() {
        leaveUse()
        unsafe sqlite3_finalize(statement)
        unsafe statement = nil
    }

    var sql: String {
        guard let text = unsafe sqlite3_sql(statement) else { return "" }
        return unsafe String(cString: text)
    }

    func bind(_ index: Int32, _ value: Int64) {
        note(unsafe sqlite3_bind_int64(statement, index, value))
    }

    func bind(_ index: Int32, high: UInt64, low: UInt64) {
        guard index >= 1, index <= parameterCount else { return note(SQLITE_RANGE) }
        let place = unsafe wides + (Int(index) - 1) * 2
        unsafe place[0] = high.bigEndian
        unsafe place[1] = low.bigEndian
        note(unsafe sqlite3_bind_blob(statement, index, place, 16, nil))
    }

    func bind(_ index: Int32, text: String) {
        var text = text
        text.withUTF8 { bytes in unsafe bindText(index, bytes) }
    }

    func bind(_ index: Int32, text: Span<UInt8>) {
        unsafe text.withUnsafeBufferPointer { bytes in unsafe bindText(index, bytes) }
    }

    private func bindText(_ index: Int32, _ bytes: UnsafeBufferPointer<UInt8>) {
        guard let count = Int32(exactly: bytes.count) else { return note(SQLITE_TOOBIG) }
        guard count > 0 else {
            // A null pointer would bind NULL; the literal is static, so no copy.
            return note(unsafe sqlite3_bind_text(statement, index, "", 0, nil))
        }
        note(unsafe muse_sqlite_bind_text(statement, index, bytes.baseAddress, count))
    }

    func bind(_ index: Int32, blob: Span<UInt8>) {
        guard let count = Int32(exactly: blob.count) else { return note(SQLITE_TOOBIG) }
        guard count > 0 else { return note(unsafe sqlite3_bind_zeroblob(statement, index, 0)) }
        unsafe blob.withUnsafeBufferPointer { bytes in
            note(unsafe muse_sqlite_bind_blob(statement, index, bytes.baseAddress, count))
        }
    }

    func bindNull(_ index: Int32) {
        note(unsafe sqlite3_bind_null(statement, index))
    }

    private func note(_ code: Int32) {
        if code != SQLITE_OK, bindCode == SQLITE_OK { bindCode = code }
    }

    func step() throws(SQLError) -> Bool {
        guard bindCode == SQLITE_OK else {
            throw unsafe SQLError(bindCode, nil, call: "sqlite3_bind: \(call)")
        }
        if !isInUse {
            isInUse = true
            owner.statementsInUse += 1
        }
        switch unsafe sqlite3_step(statement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw unsafe SQLError(code, owner.database, call: "sqlite3_step: \(call)")
        }
    }

    func reset() {
        leaveUse()
        bindCode = SQLITE_OK
        guard let statement = unsafe statement else { return }
        // Its code repeats what step threw.
        _ = unsafe sqlite3_reset(statement)
        unsafe sqlite3_clear_bindings(statement)
    }

    private func leaveUse() {
        guard isInUse else { return }
        isInUse = false
        owner.statementsInUse -= 1
    }

    /// Resets if somebody left it in use.
    func resetIfInUse() {
        if isInUse { reset() }
    }

    func isNull(_ column: Int32) -> Bool {
        unsafe sqlite3_column_type(statement, column) == SQLITE_NULL
    }

    func int(_ column: Int32) -> Int64 {
        unsafe sqlite3_column_int64(statement, column)
    }

    func wide(_ column: Int32) -> (high: UInt64, low: UInt64) {
        let bytes = unsafe UnsafeRawBufferPointer(blobView(column))
        guard bytes.count == 16 else { return (0, 0) }
        return unsafe (
            UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        )
    }

    func text(_ column: Int32) -> String {
        unsafe String(decoding: textView(column), as: UTF8.self)
    }

    func textView(_ column: Int32) -> UnsafeBufferPointer<UInt8> {
        // In this order: asking for the text may convert it and so change its length.
        let bytes = unsafe sqlite3_column_text(statement, column)
        let count = Int(unsafe sqlite3_column_bytes(statement, column))
        return unsafe UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : count)
    }

    func blobView(_ column: Int32) -> UnsafeBufferPointer<UInt8> {
        let bytes = unsafe sqlite3_column_blob(statement, column)?
            .assumingMemoryBound(to: UInt8.self)
        let count = Int(unsafe sqlite3_column_bytes(statement, column))
        return unsafe UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : count)
    }
}
