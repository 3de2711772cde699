// Tests of `posts.create`.
internal import MentalMuseProtocol
internal import MuseBase
internal import Testing

@Suite struct PostsCreateTests {
    @Test("a post comes back whole, and its author's count rises")
    func whole() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        let post = try await house.post(ann, "Grüße 🌍\n\"quoted\"")
        #expect(post.body == "Grüße 🌍\n\"quoted\"")
        #expect(post.author == Author(id: ann.id, username: "ann", displayName: nil))
        #expect(post.createdAt == post.id.timestamp)
        #expect(post.updatedAt == post.createdAt)
        #expect(!post.edited && !post.liked)
        #expect(post.likeCount == 0 && post.commentCount == 0 && post.revision == 1)
        #expect(try await house.post(post.id) == post)
        #expect(try await house.user(ann.id).postCount == 1)
    }

    @Test("what is told of a new post is what a read tells, its state too")
    func told() async throws {
        let house = try ContentHouse()
        let ann = try await house.watched("ann", displayName: "Ann")
        let post = try await house.post(ann)
        let state = try #require(ann.peer.validator?.precondition.outcome)
        #expect(try await house.post(post.id, as: ann) == post)
        #expect(ann.peer.validator?.digest == state)
        #expect(post.author.displayName == "Ann")
    }

    @Test("ids rise in the order of the commits")
    func rising() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        var last = try await house.post(ann).id
        for _ in 0..<50 {
            let next = try await house.post(ann).id
            #expect(next > last)
            last = next
        }
    }

    @Test("a repeat makes no second post and shows the first as it is now")
    func repeated() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        func create(_ body: String) async throws -> Post {
            try await house.posts.create(
                PostsCreateParams(body: body), house.call(.postsCreate, ann, key: "k"))
        }
        let first = try await create("one")
        _ = try await house.like(first, ann)
        let second = try await create("one")
        #expect(second.id == first.id)
        #expect(second.liked && second.likeCount == 1)
        #expect(try await house.user(ann.id).postCount == 1)
        #expect(await refusal { try await create("two") } == "idempotency_mismatch")
        _ = try await house.posts.delete(
            PostsDeleteParams(id: first.id), house.call(.postsDelete, ann))
        #expect(await refusal { try await create("one") } == "not_found")
    }

    @Test("nobody writes no post")
    func nobody() async throws {
        let house = try ContentHouse()
        #expect(
            await refusal {
                try await house.posts.create(
                    PostsCreateParams(body: "x"), house.call(.postsCreate, nil))
            } == "unauthenticated")
    }
}
