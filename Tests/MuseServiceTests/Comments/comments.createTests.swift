// Tests of `comments.create`.
internal import MentalMuseProtocol
internal import MuseBase
internal import Testing

@Suite struct CommentsCreateTests {
    @Test("a comment comes back whole, and the post's count rises")
    func whole() async throws {
        let house = try ContentHouse()
        let (ann, bob) = (try house.person("ann"), try house.person("bob"))
        let post = try await house.post(ann)
        let comment = try await house.comment(post, bob, "ja \"so\"")
        #expect(comment.postID == post.id)
        #expect(comment.author.username == "bob")
        #expect(comment.body == "ja \"so\"")
        #expect(comment.createdAt == comment.id.timestamp)
        #expect(comment.updatedAt == comment.createdAt)
        #expect(comment.revision == 1 && !comment.edited)
        let after = try await house.post(post.id)
        #expect(after.commentCount == 1 && after.revision == 1)
    }

    @Test("what is told of a new comment is what a read tells, its state too")
    func told() async throws {
        let house = try ContentHouse()
        let ann = try await house.watched("ann", displayName: "Ann")
        let comment = try await house.comment(try await house.post(ann), ann)
        let state = try #require(ann.peer.validator?.precondition.outcome)
        let read = try await house.comments.get(
            CommentsGetParams(id: comment.id), house.call(.commentsGet, ann))
        #expect(read == comment)
        #expect(ann.peer.validator?.digest == state)
        #expect(comment.author.displayName == "Ann")
    }

    @Test("on an unknown post, not found; by nobody, unauthenticated")
    func refusals() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        let params = CommentsCreateParams(postID: nothing, body: "x")
        #expect(
            await refusal {
                try await house.comments.create(params, house.call(.commentsCreate, ann))
            } == "not_found")
        #expect(
            await refusal {
                try await house.comments.create(params, house.call(.commentsCreate, nil))
            } == "unauthenticated")
    }

    @Test("a repeat makes no second comment")
    func repeated() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        let post = try await house.post(ann)
        func create() async throws -> Comment {
            try await house.comments.create(
                CommentsCreateParams(postID: post.id, body: "x"),
                house.call(.commentsCreate, ann, key: "k"))
        }
        #expect(try await create() == create())
        #expect(try await house.post(post.id).commentCount == 1)
        _ = try await house.posts.delete(
            PostsDeleteParams(id: post.id), house.call(.postsDelete, ann))
        #expect(await refusal { try await create() } == "not_found")
    }
}
