// Tests of `posts.list`.
internal import MentalMuseProtocol
internal import MuseBase
internal import Testing

@Suite struct PostsListTests {
    @Test("a page shows what posts.get shows")
    func agrees() async throws {
        let house = try ContentHouse()
        let (ann, bob) = (try house.person("ann"), try house.person("bob"))
        _ = try await house.users.update(
            UsersUpdateParams(displayName: "Ann \"A\""), house.call(.usersUpdate, ann))
        var posts: [Post] = []
        for index in 0..<3 { posts.append(try await house.post(ann, "post \(index) \\ \t é")) }
        _ = try await house.like(posts[1], bob)
        _ = try await house.comment(posts[0], bob)
        let page = try await house.postPage(PostsListParams(), as: bob)
        #expect(page.items.count == 3)
        for item in page.items { #expect(try await house.post(item.id, as: bob) == item) }
        #expect(page.items.map(\.liked) == [false, true, false])
    }

    @Test("by default twenty, newest first; a page that holds the rest ends")
    func defaults() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        for _ in 0..<21 { _ = try await house.post(ann) }
        let first = try await house.postPage(PostsListParams())
        #expect(first.items.count == 20)
        let rest = try await house.postPage(PostsListParams(limit: 1, cursor: first.nextCursor))
        #expect(rest.items.count == 1)
        #expect(rest.nextCursor == nil)
    }

    @Test("of one author; of an unknown or deleted one an empty page")
    func byAuthor() async throws {
        let house = try ContentHouse()
        let (ann, bob) = (try house.person("ann"), try house.person("bob"))
        for who in [ann, bob, ann] { _ = try await house.post(who) }
        let page = try await house.postPage(PostsListParams(limit: 1, authorID: ann.id))
        let rest = try await house.postPage(
            PostsListParams(cursor: page.nextCursor, authorID: ann.id))
        #expect((page.items + rest.items).allSatisfy { $0.author.id == ann.id })
        #expect((page.items + rest.items).count == 2)
        try await house.deleteUser(ann)
        for author in [ann.id, nothing] {
            let none = try await house.postPage(PostsListParams(authorID: author))
            #expect(none.items.isEmpty && none.nextCursor == nil)
        }
        #expect(try await house.postPage(PostsListParams()).items.count == 1)
    }
}
