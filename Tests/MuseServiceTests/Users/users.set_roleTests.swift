// Tests of `users.set_role`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseStore
internal import Testing

@Suite struct UsersSetRoleTests {
    private func setRole(
        _ house: ContentHouse, _ who: ContentHouse.Person?, _ id: UUIDv7, _ role: Role
    ) async throws -> User {
        try await house.users.setRole(
            UsersSetRoleParams(id: id, role: role), house.call(.usersSetRole, who))
    }

    @Test("an admin gives a role, which holds at once and counts as an update")
    func holds() async throws {
        let house = try ContentHouse()
        let (root, ann, bob) = (
            try house.person("root", role: .admin), try house.person("ann"),
            try house.person("bob")
        )
        let post = try await house.post(bob)
        #expect(
            await refusal {
                try await house.posts.delete(
                    PostsDeleteParams(id: post.id), house.call(.postsDelete, ann))
            } == "permission_denied")
        let user = try await setRole(house, root, ann.id, .moderator)
        #expect(user.role == .moderator)
        #expect(user.revision == 2)
        _ = try await house.posts.delete(
            PostsDeleteParams(id: post.id), house.call(.postsDelete, ann))
        let audit = house.audits.withLock { $0 }
        #expect(audit.count == 1)
        #expect(audit[0].contains("users.set_role") && audit[0].contains("\(ann.id)"))
    }

    @Test("what a new role sees, it sees at once")
    func seesAtOnce() async throws {
        let house = try ContentHouse()
        let (root, ann) = (try house.person("root", role: .admin), try house.person("ann"))
        #expect(try await house.user(root.id, as: ann).email == nil)
        _ = try await setRole(house, root, ann.id, .admin)
        #expect(try await house.user(root.id, as: ann).email == .some(nil))
        _ = try await setRole(house, root, ann.id, .user)
        #expect(try await house.user(root.id, as: ann).email == nil)
    }

    @Test("others may not, told before whether there is such a user")
    func others() async throws {
        let house = try ContentHouse()
        let (ann, mod) = (try house.person("ann"), try house.person("mod", role: .moderator))
        for who in [ann, mod] {
            #expect(
                await refusal { try await setRole(house, who, nothing, .admin) }
                    == "permission_denied")
        }
        #expect(
            await refusal { try await setRole(house, nil, ann.id, .admin) } == "unauthenticated")
        let root = try house.person("root", role: .admin)
        #expect(await refusal { try await setRole(house, root, nothing, .admin) } == "not_found")
    }

    @Test("the last admin is not demoted; a banned one may be, and does not count")
    func lastAdmin() async throws {
        let house = try ContentHouse()
        let root = try house.person("root", role: .admin)
        #expect(await refusal { try await setRole(house, root, root.id, .user) } == "conflict")
        #expect(try await setRole(house, root, root.id, .admin).revision == 2)
        let second = try house.person("second", role: .admin)
        _ = try await house.users.ban(
            UsersBanParams(id: second.id, reason: "x"), house.call(.usersBan, root))
        #expect(await refusal { try await setRole(house, root, root.id, .user) } == "conflict")
        #expect(try await setRole(house, root, second.id, .user).role == .user)
        let third = try house.person("third", role: .admin)
        #expect(try await setRole(house, third, root.id, .user).role == .user)
        #expect(
            await refusal { try await setRole(house, root, root.id, .admin) }
                == "permission_denied")
    }
}
