// Tests of `posts.unlike`.
internal import MentalMuseProtocol
internal import MuseBase
internal import Testing

@Suite struct PostsUnlikeTests {
    @Test("a like is taken back once; where there is none, nothing changes")
    func takesBack() async throws {
        let house = try ContentHouse()
        let (ann, bob) = (try house.person("ann"), try house.person("bob"))
        let post = try await house.post(ann)
        _ = try await house.like(post, ann)
        _ = try await house.like(post, bob)
        for _ in 0..<2 {
            let left = try await house.posts.unlike(
                PostsUnlikeParams(id: post.id), house.call(.postsUnlike, bob))
            #expect(!left.liked && left.likeCount == 1)
        }
        #expect(try await house.post(post.id, as: ann).liked)
    }

    @Test("a repeat shows the like as it is now")
    func repeated() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        let post = try await house.post(ann)
        func unlike() async throws -> Post {
            try await house.posts.unlike(
                PostsUnlikeParams(id: post.id), house.call(.postsUnlike, ann, key: "k"))
        }
        #expect(try await !unlike().liked)
        _ = try await house.like(post, ann)
        #expect(try await unlike().liked)
    }

    @Test("what is not there is not found")
    func unknown() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        #expect(
            await refusal {
                try await house.posts.unlike(
                    PostsUnlikeParams(id: nothing), house.call(.postsUnlike, ann))
            } == "not_found")
    }
}
