// Tests of `users.ban`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseStore
internal import Testing

@Suite struct UsersBanTests {
    private func ban(
        _ house: ContentHouse, _ who: ContentHouse.Person?, _ id: UUIDv7, _ reason: String = "spam"
    ) async throws -> User {
        try await house.users.ban(
            UsersBanParams(id: id, reason: reason), house.call(.usersBan, who))
    }

    @Test("a ban ends all sessions at once and leaves the posts")
    func ends() async throws {
        let house = try ContentHouse()
        let (root, ann) = (try house.person("root", role: .admin), try house.person("ann"))
        let other = try house.again(ann)
        let post = try await house.post(ann)
        #expect(try await house.post(post.id, as: other).id == post.id)
        let banned = try await ban(house, root, ann.id)
        #expect(banned.ban??.reason == "spam")
        #expect(banned.revision == 1)
        for who in [ann, other] {
            #expect(await refusal { try await house.post(post.id, as: who) } == "token_revoked")
        }
        #expect(try await house.post(post.id).author.username == "ann")
    }

    @Test("banning again replaces the reason and keeps the time")
    func again() async throws {
        let house = try ContentHouse()
        let (root, ann) = (try house.person("root", role: .admin), try house.person("ann"))
        let first = try await ban(house, root, ann.id)
        let second = try await ban(house, root, ann.id, "more spam")
        #expect(second.ban??.reason == "more spam")
        #expect(second.ban??.createdAt == first.ban??.createdAt)
    }

    @Test("the last admin is not banned, and admins alone ban")
    func refusals() async throws {
        let house = try ContentHouse()
        let (root, mod) = (
            try house.person("root", role: .admin), try house.person("mod", role: .moderator)
        )
        #expect(await refusal { try await ban(house, root, root.id) } == "conflict")
        #expect(await refusal { try await ban(house, mod, nothing) } == "permission_denied")
        #expect(await refusal { try await ban(house, root, nothing) } == "not_found")
        let second = try house.person("second", role: .admin)
        #expect(try await ban(house, second, root.id).ban??.reason == "spam")
        #expect(await refusal { try await ban(house, second, second.id) } == "conflict")
    }

    @Test("the audit log tells who banned whom, and not the reason")
    func audited() async throws {
        let house = try ContentHouse()
        let (root, ann) = (try house.person("root", role: .admin), try house.person("ann"))
        _ = try await ban(house, root, ann.id, "private words")
        let audit = house.audits.withLock { $0 }
        #expect(audit.count == 1)
        #expect(audit[0].contains("\(root.id)") && audit[0].contains("\(ann.id)"))
        #expect(!audit[0].contains("private"))
    }
}
