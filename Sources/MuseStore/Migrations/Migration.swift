// The store room: one step from one shape of the database to the next.

/// A migration: SQL that is run once, in one transaction.
package struct Migration: Sendable {
    /// 1, 2, 3 and so on, without gaps.
    package let number: Int
    package let name: String
    package let sql: String

    package init(number: Int, name: String, sql: String) {
        self.number = number
        self.name = name
        self.sql = sql
    }

    /// All there are, in order; the next is added at the end. Its SQL stands here; a long one has
    /// a file of its own. What has been applied somewhere is never edited.
    package static let all: [Migration] = [.first]

    /// Tells an edited text from the one that was applied (FNV-1a, 64 bits; against mistakes, not
    /// malice).
    package var checksum: String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in sql.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
