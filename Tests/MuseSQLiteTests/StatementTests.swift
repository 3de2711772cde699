// Tests of the SQLite room: statements, values, errors.
internal import MuseSQL
internal import MuseSQLite
internal import Testing

@Suite("Statements")
struct StatementTests {
    @Test("what is bound comes back as it was")
    func valuesRoundTrip() throws {
        let bench = try Bench()
        let row = try bench.writer.statement("SELECT ?, ?, ?, ?, ?, ?, ?, ?")
        row.bind(1, Int64.min)
        row.bind(2, high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210)
        row.bind(3, text: "a\u{0}b é 🦆")
        row.bind(4, text: "")
        row.bind(5, blob: [0, 255, 1])
        row.bind(6, blob: [])
        row.bindNull(7)
        row.bind(8, text: String?.none)
        defer { row.reset() }
        #expect(try row.step())
        #expect(row.int(0) == .min)
        #expect(row.wide(1) == (0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210))
        #expect(row.blob(1).prefix(2) == [0x01, 0x23])
        #expect(row.text(2) == "a\u{0}b é 🦆")
        #expect(row.withText(2) { $0.count } == "a\u{0}b é 🦆".utf8.count)
        #expect(!row.isNull(3) && row.text(3) == "")
        #expect(row.blob(4) == [0, 255, 1])
        #expect(!row.isNull(5) && row.blob(5) == [])
        #expect(
            row.isNull(6) && row.optionalInt(6) == nil && row.text(6) == "" && row.blob(6) == [])
        #expect(row.optionalText(7) == nil)
        #expect(row.wide(4) == (0, 0))
        #expect(try !row.step())
    }

    @Test("a literal is prepared once and handed out reset")
    func keptStatements() throws {
        let bench = try Bench()
        for number in 1...3 { try bench.insert(Int64(number)) }
        func first() throws -> any SQLStatement {
            try bench.writer.statement("SELECT n FROM numbers ORDER BY n")
        }
        let one = try first()
        #expect(try one.step() && one.step())
        let two = try first()
        #expect(one === two)
        #expect(try two.step() && two.int(0) == 1)
        two.reset()
        #expect(bench.writer.statementTexts.contains("SELECT n FROM numbers ORDER BY n"))
    }

    @Test("a bind that fails is told by the next step, and a reset forgets it")
    func bindOutOfRange() throws {
        let bench = try Bench()
        let statement = try bench.writer.statement("SELECT ?")
        statement.bind(2, 1)
        let error = #expect(throws: SQLError.self) { try statement.step() }
        #expect(error?.kind == .misuse)
        statement.reset()
        statement.bind(3, high: 1, low: 1)
        #expect(throws: SQLError.self) { try statement.step() }
        statement.reset()
        #expect(try statement.step() && statement.isNull(0))
        statement.reset()
    }

    @Test("a violated constraint is told by its columns, never by the value")
    func constraint() throws {
        let bench = try Bench()
        try bench.insert(424_242)
        let error = #expect(throws: SQLError.self) { try bench.insert(424_242) }
        #expect(error?.kind == .constraint)
        #expect(error?.message.contains("numbers.n") == true)
        #expect(error?.description.contains("424242") == false)
    }

    @Test("a column takes its own type only, and double quotes are no strings")
    func strictness() throws {
        let bench = try Bench()
        let statement = try bench.writer.statement("INSERT INTO numbers VALUES(?)")
        statement.bind(1, text: "secret")
        let error = #expect(throws: SQLError.self) { try statement.run() }
        #expect(error?.kind == .constraint && error?.description.contains("secret") == false)
        #expect(throws: SQLError.self) {
            try bench.writer.execute("INSERT INTO numbers VALUES(\"1\")")
        }
    }

    @Test("a statement of a closed connection fails and does nothing else")
    func closedConnection() throws {
        let bench = try Bench()
        let statement = try bench.writer.statement("SELECT n FROM numbers")
        bench.writer.close()
        #expect(throws: SQLError.self) { try statement.step() }
        #expect(statement.int(0) == 0 && statement.text(0) == "" && statement.blob(0) == [])
        statement.reset()
        #expect(throws: SQLError.self) { try bench.writer.statement("SELECT 1 + 1") }
        #expect(throws: SQLError.self) { try bench.writer.checkpoint(.passive) }
        #expect(throws: SQLError.self) { try bench.writer.backup(to: bench.folder.file("copy")) }
        #expect(bench.writer.changes == 0 && !bench.writer.isInTransaction)
    }

    @Test("a savepoint that is undone takes its own changes and no other")
    func savepoint() throws {
        let bench = try Bench()
        try bench.writer.beginWrite()
        for (number, keep) in [(1, true), (2, false), (3, true)] {
            try bench.writer.savepoint()
            try bench.insert(Int64(number))
            if keep { try bench.writer.release() } else { try bench.writer.rollbackToSavepoint() }
        }
        try bench.writer.commit()
        #expect(try bench.writer.numbers() == [1, 3])
    }
}
