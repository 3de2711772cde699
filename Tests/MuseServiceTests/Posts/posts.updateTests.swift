// Tests of `posts.update`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseStore
internal import Testing

@Suite struct PostsUpdateTests {
    private func update(
        _ house: ContentHouse, _ who: ContentHouse.Person?, _ id: UUIDv7, _ body: String,
        revision: Int? = nil, key: String? = nil
    ) async throws -> Post {
        try await house.posts.update(
            PostsUpdateParams(id: id, body: body, revision: revision),
            house.call(.postsUpdate, who, key: key))
    }

    @Test("an update counts, also one that changes nothing; likes and comments do not")
    func counts() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        let post = try await house.post(ann, "one")
        _ = try await house.like(post, ann)
        _ = try await house.comment(post, ann)
        let before = try await house.post(post.id)
        #expect(before.revision == 1 && !before.edited && before.updatedAt == post.updatedAt)
        let same = try await update(house, ann, post.id, "one")
        #expect(same.revision == 2 && same.edited)
        #expect(same.updatedAt >= post.updatedAt)
        #expect(same.createdAt == post.createdAt)
        let other = try await update(house, ann, post.id, "two", revision: 2)
        #expect(other.body == "two" && other.revision == 3)
    }

    @Test("refusals come in order: not found, ownership, revision")
    func order() async throws {
        let house = try ContentHouse()
        let (ann, mod) = (try house.person("ann"), try house.person("mod", role: .moderator))
        let post = try await house.post(ann)
        #expect(
            await refusal { try await update(house, nil, nothing, "x") } == "unauthenticated")
        #expect(await refusal { try await update(house, mod, nothing, "x") } == "not_found")
        #expect(
            await refusal { try await update(house, mod, post.id, "x", revision: 9) }
                == "permission_denied")
        #expect(
            await refusal { try await update(house, ann, post.id, "x", revision: 9) }
                == "stale_revision")
    }

    @Test("a repeat with its revision is answered, not stale")
    func repeated() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        let post = try await house.post(ann)
        let first = try await update(house, ann, post.id, "x", revision: 1, key: "k")
        #expect(try await update(house, ann, post.id, "x", revision: 1, key: "k") == first)
    }
}
