// The SQL room: a prepared statement, its values and its rows.

/// A prepared statement, kept by its connection and confined to that connection's thread.
///
/// Parameters are counted from 1, columns from 0. A bind that fails (an index out of range, no
/// memory) is told by the next `step`. Call `reset` after use, by `defer`.
package protocol SQLStatement: AnyObject {
    func bind(_ index: Int32, _ value: Int64)
    /// Binds 16 bytes, big-endian: `high` first.
    func bind(_ index: Int32, high: UInt64, low: UInt64)
    /// Binds text; it is copied.
    func bind(_ index: Int32, text: String)
    /// Binds text, which must be valid UTF-8; it is copied.
    func bind(_ index: Int32, text: Span<UInt8>)
    /// Binds bytes; they are copied.
    func bind(_ index: Int32, blob: Span<UInt8>)
    func bindNull(_ index: Int32)

    /// Goes to the next row. True: there is one.
    /// - Throws: what the engine says; the statement must then be reset.
    func step() throws(SQLError) -> Bool
    /// Ends the use: the statement holds no snapshot and no values any more.
    func reset()

    func isNull(_ column: Int32) -> Bool
    /// An integer; 0 for null.
    func int(_ column: Int32) -> Int64
    /// A 16-byte blob as two big-endian halves; zeros where it is not 16 bytes long.
    func wide(_ column: Int32) -> (high: UInt64, low: UInt64)
    /// A text; empty for null.
    func text(_ column: Int32) -> String
    /// A text's bytes, valid until the next `step` or `reset`; empty for null.
    func textView(_ column: Int32) -> UnsafeBufferPointer<UInt8>
    /// A blob's bytes, valid until the next `step` or `reset`; empty for null.
    func blobView(_ column: Int32) -> UnsafeBufferPointer<UInt8>
}

extension SQLStatement {
    package func bind(_ index: Int32, _ value: Int64?) {
        if let value { bind(index, value) } else { bindNull(index) }
    }

    package func bind(_ index: Int32, text: String?) {
        if let text { bind(index, text: text) } else { bindNull(index) }
    }

    package func bind(_ index: Int32, blob: [UInt8]) {
        bind(index, blob: blob.span)
    }

    /// Runs to the end and resets: for statements that give no rows, or whose rows do not matter.
    /// - Throws: what `step` throws.
    package func run() throws(SQLError) {
        defer { reset() }
        while try step() {}
    }

    /// An integer, or nil for null.
    package func optionalInt(_ column: Int32) -> Int64? {
        isNull(column) ? nil : int(column)
    }

    /// A text, or nil for null.
    package func optionalText(_ column: Int32) -> String? {
        isNull(column) ? nil : text(column)
    }

    /// A blob, copied; empty for null.
    package func blob(_ column: Int32) -> [UInt8] {
        unsafe Array(blobView(column))
    }

    /// Lends a text's bytes, which go with the next `step` or `reset`.
    package func withText<R, E: Error>(
        _ column: Int32, _ body: (Span<UInt8>) throws(E) -> R
    ) throws(E) -> R {
        try body(unsafe Span(_unsafeElements: textView(column)))
    }

    /// Lends a blob's bytes, which go with the next `step` or `reset`.
    package func withBlob<R, E: Error>(
        _ column: Int32, _ body: (Span<UInt8>) throws(E) -> R
    ) throws(E) -> R {
        try body(unsafe Span(_unsafeElements: blobView(column)))
    }
}
