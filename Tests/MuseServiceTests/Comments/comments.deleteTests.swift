// Tests of `comments.delete`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseStore
internal import Testing

@Suite struct CommentsDeleteTests {
    @Test("its author, the post's author and moderators may; the count falls")
    func who() async throws {
        let house = try ContentHouse()
        let (ann, bob, cat) = (
            try house.person("ann"), try house.person("bob"), try house.person("cat")
        )
        let mod = try house.person("mod", role: .moderator)
        let post = try await house.post(ann)
        func delete(
            _ who: ContentHouse.Person?, _ id: UUIDv7, key: String? = nil
        ) async throws -> Empty {
            try await house.comments.delete(
                CommentsDeleteParams(id: id), house.call(.commentsDelete, who, key: key))
        }
        for who in [ann, bob, mod] {
            let comment = try await house.comment(post, bob)
            #expect(await refusal { try await delete(cat, comment.id) } == "permission_denied")
            #expect(try await house.post(post.id).commentCount == 1)
            _ = try await delete(who, comment.id, key: "\(comment.id)")
            _ = try await delete(who, comment.id, key: "\(comment.id)")
            #expect(await refusal { try await delete(who, comment.id) } == "not_found")
            #expect(try await house.post(post.id).commentCount == 0)
        }
        #expect(await refusal { try await delete(nil, nothing) } == "unauthenticated")
    }
}
