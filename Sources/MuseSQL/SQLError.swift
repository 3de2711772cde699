// The SQL room: what a database driver is. Drivers (MuseSQLite) conform; the store calls. No engine
// is named here.

/// What went wrong between us and a database.
package struct SQLError: Error, Sendable, CustomStringConvertible {
    /// What kind of trouble it is, for whoever decides what to do next.
    package enum Kind: Sendable, Equatable {
        /// A constraint of the schema was violated (unique, not null, check, type).
        case constraint
        /// Another connection holds a lock.
        case busy
        /// The disk, or a bound of the database, is full.
        case full
        /// The disk failed, or the file cannot be opened, read or written.
        case io
        /// The database contradicts itself.
        case corrupt
        /// The file belongs to another program, or is no database.
        case foreign
        /// A call that this driver does not allow here: our own bug.
        case misuse
        case other
    }

    package let kind: Kind
    /// The engine's own number (SQLite: the extended result code).
    package let code: Int32
    /// The engine's own words. They name tables and columns, never values.
    package let message: String
    /// The call that failed, with the SQL where that is a literal of ours; never values.
    package let call: String

    package init(kind: Kind, code: Int32, message: String, call: String) {
        self.kind = kind
        self.code = code
        self.message = message
        self.call = call
    }

    package var description: String { "\(call): \(message) (\(code))" }
}
