// Tests of `users.list`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseStore
internal import Testing

@Suite struct UsersListTests {
    @Test("users come by the time of their registration, newest first")
    func order() async throws {
        let house = try ContentHouse()
        for name in ["zed", "ann", "bob"] { _ = try house.person(name) }
        let newest = try await house.userPage(UsersListParams())
        #expect(newest.items.map(\.username) == ["bob", "ann", "zed"])
        let oldest = try await house.userPage(UsersListParams(order: .oldest))
        #expect(oldest.items.map(\.username) == ["zed", "ann", "bob"])
        #expect(oldest.nextCursor == nil)
    }

    @Test("a query is the beginning of the name, folded, in the same order, over pages")
    func query() async throws {
        let house = try ContentHouse()
        for name in ["anna", "bea", "ann", "an_na", "annabel"] { _ = try house.person(name) }
        var names: [String] = []
        var cursor: String?
        repeat {
            let page = try await house.userPage(
                UsersListParams(limit: 1, cursor: cursor, order: .oldest, query: "ANN"))
            names += page.items.map(\.username)
            cursor = page.nextCursor
        } while cursor != nil
        #expect(names == ["anna", "ann", "annabel"])
        for nobody in ["annabelle", "%", "é", "a b"] {
            #expect(try await house.userPage(UsersListParams(query: nobody)).items.isEmpty)
        }
    }

    @Test("a cursor goes with the folded query alone")
    func cursorOfQuery() async throws {
        let house = try ContentHouse()
        for name in ["anna", "ann", "anne"] { _ = try house.person(name) }
        let page = try await house.userPage(UsersListParams(limit: 1, query: "ann"))
        let cursor = try #require(page.nextCursor)
        #expect(
            try await house.userPage(UsersListParams(cursor: cursor, query: "ANN")).items.count == 2
        )
        #expect(
            await refusal {
                try await house.userPage(UsersListParams(cursor: cursor, query: "an"))
            } == "cursor_invalid")
        #expect(
            await refusal { try await house.userPage(UsersListParams(cursor: cursor)) }
                == "cursor_invalid")
    }

    @Test("in a list too, e-mail address and ban are the owner's and the admins' to see")
    func privateMembers() async throws {
        let house = try ContentHouse()
        let (ann, admin) = (try house.person("ann"), try house.person("root", role: .admin))
        let bob = try house.person("bob")
        _ = try await house.users.ban(
            UsersBanParams(id: bob.id, reason: "spam"), house.call(.usersBan, admin))
        let seen = try await house.userPage(UsersListParams(order: .oldest), as: ann)
        #expect(seen.items.map { $0.ban == nil } == [false, true, true])
        let all = try await house.userPage(UsersListParams(order: .oldest), as: admin)
        #expect(all.items.map { $0.email != nil } == [true, true, true])
        #expect(all.items.last?.ban??.reason == "spam")
    }
}
