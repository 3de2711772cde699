// Tests of what verifies that every row points at something.
internal import MuseBase
internal import MuseSQL
internal import MuseStore
internal import Testing

@Suite struct ReferenceTests {
    private func house() throws -> DomainStore {
        let house = try DomainStore()
        let ann = try house.user("ann")
        let bob = try house.user("bob")
        try house.write { tx in
            for user in [ann, bob] { try tx.setPassword(of: user, hash: "$argon2id$x") }
        }
        let post = try house.post(ann)
        _ = try house.comment(post, bob)
        try house.like(post, bob)
        return house
    }

    private func broken(_ house: DomainStore) throws -> [String] {
        try house.read { try $0.brokenReferences().map(\.name) }
    }

    @Test("a database in order has none, also while a deletion is under way")
    func inOrder() throws {
        let house = try house()
        #expect(try broken(house) == [])
        let bob = try #require(try house.read { try $0.user(username: "bob")?.id })
        try house.deleteUser(bob, "bob")
        #expect(try broken(house) == [])
        #expect(try house.slice(1))
        #expect(try broken(house) == [])
    }

    @Test(
        "each kind is told by name",
        arguments: [
            ("DELETE FROM credentials", "users without credentials"),
            ("INSERT INTO credentials VALUES(x'01', 'x', 0)", "credentials of no user"),
            (
                "INSERT INTO sessions VALUES(x'01', x'02', NULL, 'a', 0, 0, x'03', 0, x'04', NULL, NULL)",
                "sessions of no user"
            ),
            (
                "DELETE FROM user_prefixes WHERE prefix = 'an'",
                "users who are not found by their names' beginnings"
            ),
            (
                "UPDATE user_prefixes SET prefix = 'q' WHERE prefix = 'an'",
                "beginnings of names of no user"
            ),
            ("UPDATE posts SET author_id = x'01'", "posts of no user"),
            ("UPDATE comments SET author_id = x'01'", "comments of no user"),
            ("UPDATE comments SET post_id = x'01'", "comments of no post"),
            ("UPDATE likes SET user_id = x'01'", "likes of no user"),
            ("UPDATE likes SET post_id = x'01'", "likes of no post"),
        ])
    func each(sql: String, name: String) throws {
        let house = try house()
        try house.write { try $0.connection.execute(sql) }
        #expect(try broken(house) == [name])
    }
}
