// Tests of `comments.get`.
internal import MentalMuseProtocol
internal import MuseBase
internal import Testing

@Suite struct CommentsGetTests {
    @Test("a comment is found; an unknown one is not")
    func found() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        let comment = try await house.comment(try await house.post(ann), ann)
        func get(_ id: UUIDv7) async throws -> Comment {
            try await house.comments.get(
                CommentsGetParams(id: id), house.call(.commentsGet, nil))
        }
        #expect(try await get(comment.id) == comment)
        #expect(await refusal { try await get(nothing) } == "not_found")
    }
}
