// Tests of `posts.get`.
internal import MentalMuseProtocol
internal import MuseBase
internal import Testing

@Suite struct PostsGetTests {
    @Test("liked is the caller's own like")
    func liked() async throws {
        let house = try ContentHouse()
        let (ann, bob) = (try house.person("ann"), try house.person("bob"))
        let post = try await house.post(ann)
        _ = try await house.like(post, bob)
        #expect(try await house.post(post.id, as: bob).liked)
        #expect(try await !house.post(post.id, as: ann).liked)
        #expect(try await !house.post(post.id).liked)
        #expect(try await house.post(post.id).likeCount == 1)
    }

    @Test("an unknown one is not found")
    func unknown() async throws {
        let house = try ContentHouse()
        #expect(await refusal { try await house.post(nothing) } == "not_found")
    }
}
