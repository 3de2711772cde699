// Tests of `posts.like`.
internal import MentalMuseProtocol
internal import MuseBase
internal import Testing

@Suite struct PostsLikeTests {
    @Test("liking twice counts once, and leaves revision and time alone")
    func twice() async throws {
        let house = try ContentHouse()
        let (ann, bob) = (try house.person("ann"), try house.person("bob"))
        let post = try await house.post(ann)
        for _ in 0..<2 {
            let liked = try await house.like(post, bob)
            #expect(liked.liked && liked.likeCount == 1)
            #expect(liked.revision == 1 && liked.updatedAt == post.updatedAt)
        }
        #expect(try await house.like(post, ann).likeCount == 2)
    }

    @Test("what is not there is not liked")
    func unknown() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        let params = PostsLikeParams(id: nothing)
        #expect(
            await refusal { try await house.posts.like(params, house.call(.postsLike, ann)) }
                == "not_found")
        #expect(
            await refusal { try await house.posts.like(params, house.call(.postsLike, nil)) }
                == "unauthenticated")
    }
}
