// Tests of the plans of the domain's statements.
internal import MuseSQL
internal import MuseStore
internal import Testing

@Suite struct StatementPlanTests {
    static let all: [StaticString] =
        UsersSQL.all + PostsSQL.all + CommentsSQL.all + LikesSQL.all + CountersSQL.all
        + DeletionsSQL.all + GreatestIDSQL.all + SessionSQL.all + IdempotencySQL.all + SecretSQL.all

    /// What of a statement's plan would grow with the table.
    static func offences(_ plan: [String]) -> [String] {
        plan.filter { step in
            step.contains("TEMP B-TREE") || step.contains("AUTOMATIC")
                || (step.contains("SCAN") && !step.contains("CONSTANT ROW"))
        }
    }

    static func plan(_ sql: String, _ tx: StoreTransaction) throws -> [String] {
        let statement = try tx.connection.prepare("EXPLAIN QUERY PLAN " + sql)
        defer { statement.reset() }
        var steps: [String] = []
        while try statement.step() { steps.append(statement.text(3)) }
        return steps
    }

    /// Statements that read the first rows of a table in its own order, and no further.
    static let bounded = [
        "SCAN deletions", "SCAN idempotency USING COVERING INDEX idempotency_by_age",
    ]

    @Test("no statement scans a table or sorts")
    func noScans() throws {
        let house = try DomainStore()
        #expect(Self.all.count > 60)
        for sql in Self.all {
            let plan = try house.read { try Self.plan("\(sql)", $0) }
            let offences = Self.offences(plan).filter {
                !(Self.bounded.contains($0) && "\(sql)".contains("LIMIT"))
            }
            #expect(offences.isEmpty, "\(sql)\n\(plan)")
        }
    }

    @Test(
        "the control: what scans or sorts is found",
        arguments: [
            "SELECT * FROM users WHERE bio = 'x'", "SELECT * FROM posts ORDER BY body LIMIT 1",
            "SELECT count(*) FROM comments", "SELECT id FROM likes ORDER BY id LIMIT 10",
        ])
    func control(_ sql: String) throws {
        let house = try DomainStore()
        let plan = try house.read { try Self.plan(sql, $0) }
        #expect(!Self.offences(plan).isEmpty, "\(plan)")
    }
}
