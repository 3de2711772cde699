// Tests of `posts.delete`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseStore
internal import Testing

@Suite struct PostsDeleteTests {
    private func delete(
        _ house: ContentHouse, _ who: ContentHouse.Person?, _ id: UUIDv7, key: String? = nil
    ) async throws -> Empty {
        try await house.posts.delete(
            PostsDeleteParams(id: id), house.call(.postsDelete, who, key: key))
    }

    @Test("author, moderator and admin may; others may not")
    func who() async throws {
        let house = try ContentHouse()
        let (ann, bob) = (try house.person("ann"), try house.person("bob"))
        let staff = [
            try house.person("mod", role: .moderator), try house.person("root", role: .admin),
        ]
        for who in [ann] + staff {
            let post = try await house.post(ann)
            #expect(
                await refusal { try await delete(house, bob, post.id) } == "permission_denied")
            _ = try await delete(house, who, post.id)
            #expect(await refusal { try await house.post(post.id) } == "not_found")
        }
        #expect(try await house.user(ann.id).postCount == 0)
    }

    @Test("what hangs on it is hidden at once, and goes")
    func hangs() async throws {
        let house = try ContentHouse()
        let (ann, bob) = (try house.person("ann"), try house.person("bob"))
        let post = try await house.post(ann)
        let comment = try await house.comment(post, bob)
        _ = try await house.like(post, bob)
        _ = try await delete(house, ann, post.id)
        #expect(
            await refusal {
                try await house.comments.get(
                    CommentsGetParams(id: comment.id), house.call(.commentsGet, nil))
            } == "not_found")
        #expect(
            await refusal { try await house.commentPage(CommentsListParams(postID: post.id)) }
                == "not_found")
        #expect(
            await refusal { try await house.likers(PostsLikersParams(id: post.id)) }
                == "not_found")
        #expect(await refusal { try await house.comment(post, bob) } == "not_found")
        #expect(await refusal { try await house.like(post, bob) } == "not_found")
        try house.finishDeletions()
        #expect(try house.writer.writeNow { try $0.hasDeletions() } == false)
    }

    @Test("deleting what has gone is not found; the same delete with its key is answered")
    func again() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        let post = try await house.post(ann)
        #expect(try await delete(house, ann, post.id, key: "k") == Empty())
        #expect(try await delete(house, ann, post.id, key: "k") == Empty())
        #expect(await refusal { try await delete(house, ann, post.id) } == "not_found")
        #expect(try await house.user(ann.id).postCount == 0)
    }
}
