// The store room: how every list is read: by key, a slice of it, its rows lent one at a time.
// Called by the domain's list functions.
package import MuseBase
internal import MuseSQL

/// A text that a row lends: valid UTF-8, not copied, gone with the next row.
@safe
package struct LentText {
    package let bytes: UnsafeBufferPointer<UInt8>

    init(_ statement: any SQLStatement, _ column: Int32) {
        unsafe bytes = statement.textView(column)
    }

    /// A copy that stays.
    package var string: String { unsafe String(decoding: bytes, as: UTF8.self) }
}

extension SQLStatement {
    func lentText(_ column: Int32) -> LentText { LentText(self, column) }

    func optionalLentText(_ column: Int32) -> LentText? {
        isNull(column) ? nil : LentText(self, column)
    }
}

/// A stretch of a list: from where, which way, how much.
package struct ListSlice: Sendable, Equatable {
    /// The id with which the stretch before ended; nil: from the list's beginning. Its row may have
    /// gone.
    package let after: UUIDv7?
    package let isNewestFirst: Bool
    package let limit: Int

    package init(after: UUIDv7?, isNewestFirst: Bool, limit: Int) {
        self.after = after
        self.isNewestFirst = isNewestFirst
        self.limit = limit
    }

    /// How many rows of things that are being deleted are passed over before a page ends short.
    static let hiddenMax = 400

    /// What the list's id is compared with, so that one statement serves with and without a cursor.
    var bound: UUIDv7 {
        after ?? (isNewestFirst ? UUIDv7(high: .max, low: .max) : UUIDv7(high: 0, low: 0))
    }

    /// How many rows the statement may give: the page, the hidden ones, and one that shows that
    /// there are more.
    var rowsMax: Int64 { Int64(limit + Self.hiddenMax + 1) }
}

extension StoreTransaction {
    /// Reads a slice. The statement's parameters are 1: the id to begin after, 2: how many rows at
    /// most, and those that `bind` sets; column 0 is the id that orders the list, column 1 is null
    /// where a row is hidden, because what it hangs on has been deleted and its own turn has not
    /// come yet.
    ///
    /// A hidden row is passed over but counts as read, so a page may come short and never ends
    /// wrongly.
    /// - Returns: the id to go on after; nil at the list's end.
    func scan(
        _ sql: StaticString, _ slice: ListSlice, bind: (any SQLStatement) -> Void,
        lend: (any SQLStatement) -> Void
    ) throws(SQLError) -> UUIDv7? {
        let statement = try statement(sql)
        defer { statement.reset() }
        statement.bind(1, slice.bound)
        statement.bind(2, slice.rowsMax)
        bind(statement)
        var shown = 0
        var hidden = 0
        var last: UUIDv7?
        while try statement.step() {
            if shown == slice.limit || hidden == ListSlice.hiddenMax { return last }
            last = statement.id(0)
            if statement.isNull(1) {
                hidden += 1
            } else {
                lend(statement)
                shown += 1
            }
        }
        return nil
    }

    /// Reads the one row that a statement gives for an id.
    func one<R>(
        _ sql: StaticString, _ id: UUIDv7, viewer: UUIDv7? = nil, hasViewer: Bool = false,
        _ make: (any SQLStatement) -> R
    ) throws(SQLError) -> R? {
        let statement = try statement(sql)
        defer { statement.reset() }
        statement.bind(1, id)
        if hasViewer { statement.bind(2, viewer) }
        return try statement.step() ? make(statement) : nil
    }

    /// Runs a statement with one id.
    /// - Returns: how many rows it changed.
    @discardableResult
    func run(_ sql: StaticString, _ id: UUIDv7) throws(SQLError) -> Int64 {
        let statement = try statement(sql)
        statement.bind(1, id)
        try statement.run()
        return connection.changes
    }

    /// Runs a statement with two ids.
    /// - Returns: how many rows it changed.
    @discardableResult
    func run(_ sql: StaticString, _ first: UUIDv7, _ second: UUIDv7) throws(SQLError) -> Int64 {
        let statement = try statement(sql)
        statement.bind(1, first)
        statement.bind(2, second)
        try statement.run()
        return connection.changes
    }

    /// Runs a statement with an id and a number.
    /// - Returns: how many rows it changed.
    @discardableResult
    func run(_ sql: StaticString, _ id: UUIDv7, _ number: Int64) throws(SQLError) -> Int64 {
        let statement = try statement(sql)
        statement.bind(1, id)
        statement.bind(2, number)
        try statement.run()
        return connection.changes
    }
}

/// Who wrote something, as a row shows it.
package struct AuthorRow {
    package let id: UUIDv7
    package let username: LentText
    package let displayName: LentText?

    /// From the columns that every statement with an author has: 1 username, 2 display name, 3 id.
    init(_ statement: any SQLStatement) {
        id = statement.id(3)
        username = statement.lentText(1)
        displayName = statement.optionalLentText(2)
    }
}
