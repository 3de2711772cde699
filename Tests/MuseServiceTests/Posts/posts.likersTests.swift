// Tests of `posts.likers`.
internal import MentalMuseProtocol
internal import MuseBase
internal import Testing

@Suite struct PostsLikersTests {
    @Test("likers come by the time of the like, a like anew is a new one")
    func order() async throws {
        let house = try ContentHouse()
        let people = try ["ann", "bob", "cat"].map { try house.person($0) }
        let post = try await house.post(people[0])
        for index in [1, 2, 0] { _ = try await house.like(post, people[index]) }
        var names: [String] = []
        var cursor: String?
        repeat {
            let page = try await house.likers(
                PostsLikersParams(id: post.id, limit: 1, cursor: cursor, order: .oldest))
            names += page.items.map(\.username)
            cursor = page.nextCursor
        } while cursor != nil
        #expect(names == ["bob", "cat", "ann"])
        _ = try await house.posts.unlike(
            PostsUnlikeParams(id: post.id), house.call(.postsUnlike, people[1]))
        _ = try await house.like(post, people[1])
        let newest = try await house.likers(PostsLikersParams(id: post.id), as: people[1])
        #expect(newest.items.map(\.username) == ["bob", "ann", "cat"])
        #expect(newest.items.map { $0.email != nil } == [true, false, false])
    }

    @Test("a deleted liker is hidden at once, and the page ends rightly")
    func hidden() async throws {
        let house = try ContentHouse()
        let people = try ["ann", "bob", "cat"].map { try house.person($0) }
        let post = try await house.post(people[0])
        for person in people { _ = try await house.like(post, person) }
        try await house.deleteUser(people[1])
        let first = try await house.likers(PostsLikersParams(id: post.id, limit: 1))
        #expect(first.items.map(\.username) == ["cat"])
        let rest = try await house.likers(
            PostsLikersParams(id: post.id, limit: 1, cursor: first.nextCursor))
        #expect(rest.items.map(\.username) == ["ann"])
        #expect(rest.nextCursor == nil)
    }

    @Test("an unknown post is told before a bad cursor")
    func unknown() async throws {
        let house = try ContentHouse()
        #expect(
            await refusal { try await house.likers(PostsLikersParams(id: nothing, cursor: "x")) }
                == "not_found")
    }
}
