// Tests of `users.get`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseStore
internal import Testing

@Suite struct UsersGetTests {
    @Test("a user is found by id and by name")
    func found() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        let byID = try await house.user(ann.id)
        let byName = try await house.users.get(
            UsersGetParams(username: "ann"), house.call(.usersGet, nil))
        #expect(byID == byName)
        #expect(byID.username == "ann")
        #expect(byID.role == .user)
        #expect(byID.createdAt == ann.id.timestamp)
        #expect(byID.postCount == 0)
        #expect(byID.revision == 1)
    }

    @Test("an unknown one is not found")
    func unknown() async throws {
        let house = try ContentHouse()
        #expect(await refusal { try await house.user(nothing) } == "not_found")
        #expect(
            await refusal {
                try await house.users.get(
                    UsersGetParams(username: "nobody"), house.call(.usersGet, nil))
            } == "not_found")
    }

    @Test("e-mail address and ban are shown to the owner and to admins, and absent for others")
    func privateMembers() async throws {
        let house = try ContentHouse()
        let (ann, bob) = (try house.person("ann"), try house.person("bob"))
        let moderator = try house.person("mod", role: .moderator)
        let admin = try house.person("root", role: .admin)
        for who in [ann, admin] {
            let user = try await house.user(ann.id, as: who)
            #expect(user.email == .some(nil))
            #expect(user.ban == .some(nil))
        }
        for who in [bob, moderator, nil] {
            let user = try await house.user(ann.id, as: who)
            #expect(user.email == nil)
            #expect(user.ban == nil)
        }
    }

    @Test("a deleted user is not found, though its rows are still there")
    func deleted() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        _ = try await house.post(ann)
        try await house.deleteUser(ann)
        #expect(await refusal { try await house.user(ann.id) } == "not_found")
    }

    @Test("a token whose session has ended is refused, also on a read")
    func endedSession() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        let session = ann.session
        _ = try house.writer.writeNow { try $0.endSession(session) }
        #expect(await refusal { try await house.user(ann.id, as: ann) } == "token_revoked")
    }
}
