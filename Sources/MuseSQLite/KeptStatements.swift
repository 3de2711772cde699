// The SQLite room: the statements that a connection keeps, by the address of their SQL literal.

/// A table with open addressing. A dictionary would hash the address with a secret key, which takes
/// as long as a small statement's step; nobody outside chooses these addresses.
final class KeptStatements {
    private var addresses: [UInt] = [UInt](repeating: 0, count: 64)
    private var statements = [SQLiteStatement?](repeating: nil, count: 64)
    private var count = 0

    var all: [SQLiteStatement] { statements.compactMap(\.self) }

    /// The statement of that literal, if it is kept.
    subscript(address: UInt) -> SQLiteStatement? { statements[slot(of: address)] }

    /// Keeps one more.
    func add(_ address: UInt, _ statement: SQLiteStatement) {
        if count * 2 >= addresses.count { grow() }
        let slot = slot(of: address)
        addresses[slot] = address
        statements[slot] = statement
        count += 1
    }

    func removeAll() {
        for slot in addresses.indices {
            addresses[slot] = 0
            statements[slot] = nil
        }
        count = 0
    }

    /// Where a literal's statement is, or would be. Half of the slots at least are free.
    private func slot(of address: UInt) -> Int {
        let mask = addresses.count - 1
        // Multiplicative hashing (Knuth, The Art of Computer Programming, 6.4).
        var slot = Int(truncatingIfNeeded: (address &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
        while addresses[slot] != address, addresses[slot] != 0 { slot = (slot + 1) & mask }
        return slot
    }

    private func grow() {
        let kept = zip(addresses, statements)
        addresses = [UInt](repeating: 0, count: addresses.count * 2)
        statements = [SQLiteStatement?](repeating: nil, count: addresses.count)
        for (address, statement) in kept where address != 0 {
            let slot = slot(of: address)
            addresses[slot] = address
            statements[slot] = statement
        }
    }
}
