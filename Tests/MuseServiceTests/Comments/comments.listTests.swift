// Tests of `comments.list`.
internal import MentalMuseProtocol
internal import MuseBase
internal import Testing

@Suite struct CommentsListTests {
    @Test("a post's comments, and no other's, in order, over pages")
    func pages() async throws {
        let house = try ContentHouse()
        let (ann, bob) = (try house.person("ann"), try house.person("bob"))
        let (post, other) = (try await house.post(ann), try await house.post(ann))
        var comments: [Comment] = []
        for index in 0..<5 {
            comments.append(try await house.comment(post, index % 2 == 0 ? ann : bob, "\(index)"))
            _ = try await house.comment(other, bob)
        }
        for order in [Order.oldest, .newest] {
            var items: [Comment] = []
            var cursor: String?
            repeat {
                let page = try await house.commentPage(
                    CommentsListParams(postID: post.id, limit: 2, cursor: cursor, order: order))
                items += page.items
                cursor = page.nextCursor
            } while cursor != nil
            #expect(items == (order == .oldest ? comments : comments.reversed()))
        }
    }

    @Test("an unknown post is not found, told before a bad cursor")
    func unknown() async throws {
        let house = try ContentHouse()
        #expect(
            await refusal {
                try await house.commentPage(CommentsListParams(postID: nothing, cursor: "x"))
            } == "not_found")
    }

    @Test("a deleted user's comments are hidden at once")
    func hidden() async throws {
        let house = try ContentHouse()
        let (ann, bob) = (try house.person("ann"), try house.person("bob"))
        let post = try await house.post(ann)
        for who in [ann, bob, bob, ann, bob] { _ = try await house.comment(post, who) }
        try await house.deleteUser(bob)
        let page = try await house.commentPage(CommentsListParams(postID: post.id))
        #expect(page.items.map(\.author.username) == ["ann", "ann"])
        #expect(page.nextCursor == nil)
        try house.finishDeletions()
        #expect(try await house.post(post.id).commentCount == 2)
    }
}
