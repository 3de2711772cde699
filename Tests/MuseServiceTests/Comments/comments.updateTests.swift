// Tests of `comments.update`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseStore
internal import Testing

@Suite struct CommentsUpdateTests {
    @Test("its author changes it, and each update counts")
    func updates() async throws {
        let house = try ContentHouse()
        let (ann, bob) = (try house.person("ann"), try house.person("bob"))
        let mod = try house.person("mod", role: .moderator)
        let post = try await house.post(ann)
        let comment = try await house.comment(post, bob)
        func update(
            _ who: ContentHouse.Person?, _ id: UUIDv7, revision: Int? = nil
        ) async throws -> Comment {
            try await house.comments.update(
                CommentsUpdateParams(id: id, body: "new", revision: revision),
                house.call(.commentsUpdate, who))
        }
        #expect(await refusal { try await update(nil, nothing) } == "unauthenticated")
        #expect(await refusal { try await update(ann, nothing) } == "not_found")
        for who in [ann, mod] {
            #expect(
                await refusal { try await update(who, comment.id, revision: 9) }
                    == "permission_denied")
        }
        #expect(
            await refusal { try await update(bob, comment.id, revision: 9) } == "stale_revision")
        let changed = try await update(bob, comment.id, revision: 1)
        #expect(changed.body == "new" && changed.revision == 2 && changed.edited)
        #expect(changed.createdAt == comment.createdAt)
        #expect(try await house.post(post.id).revision == 1)
    }
}
