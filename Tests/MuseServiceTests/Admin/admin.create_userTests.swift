// Tests of `admin.create_user`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseService
internal import MuseStore
internal import Testing

@Suite struct AdminCreateUserTests {
    private func create(
        _ house: ContentHouse, _ params: AdminCreateUserParams
    ) async throws -> User {
        try await house.admin.createUser(params, house.operatorCall(.adminCreateUser))
    }

    @Test(
        "an account of any role, whole, to log in to; no session is opened",
        arguments: [
            nil, Role.user, .moderator, .admin,
        ])
    func creates(_ role: Role?) async throws {
        let house = try ContentHouse()
        let user = try await create(
            house,
            AdminCreateUserParams(
                username: "ann", password: rightPassword, role: role, email: "a@b",
                displayName: "Ann"))
        #expect(user.role == role ?? .user && user.displayName == "Ann" && user.revision == 1)
        #expect(user.email == .some("a@b") && user.ban == .some(nil))
        let grant = try await house.login("ann")
        #expect(grant.user == user)
        #expect(try await house.sessions(grant.accessToken).items.count == 1)
    }

    @Test("a weak password is told before a taken name")
    func refusals() async throws {
        let house = try ContentHouse()
        _ = try await create(
            house, AdminCreateUserParams(username: "ann", password: rightPassword))
        for (password, wanted) in [
            ("1234567890", "weak_password"), ("hello ann hello", "weak_password"),
            (newPassword, "already_exists"),
        ] {
            #expect(
                await refusal {
                    try await create(
                        house, AdminCreateUserParams(username: "ann", password: password))
                } == wanted)
        }
        #expect(try await house.login("ann").user.username == "ann")
    }

    @Test("it works where registration is closed, and the audit log has the name alone")
    func closed() async throws {
        let house = try ContentHouse(configure: { $0.isRegistrationOpen = false })
        _ = try await create(
            house, AdminCreateUserParams(username: "ann", password: rightPassword, email: "a@b"))
        let audits = house.audits.withLock { $0 }
        #expect(audits.count == 1 && audits[0].contains("ann"))
        #expect(!audits[0].contains(rightPassword) && !audits[0].contains("a@b"))
    }

    private func make(
        _ house: ContentHouse, _ name: String, _ password: String = rightPassword,
        role: Role? = nil, key: String? = nil
    ) async throws -> User {
        try await house.admin.createUser(
            AdminCreateUserParams(username: name, password: password, role: role),
            house.operatorCall(.adminCreateUser, key: key))
    }

    @Test("a repeat by its key makes no second user, and tells the first as it is now")
    func repeated() async throws {
        let house = try ContentHouse()
        let made = try await make(house, "ann", role: .admin, key: "k")
        #expect(try await make(house, "ann", role: .admin, key: "k") == made)
        // The password is a secret, and so no part of it.
        #expect(try await make(house, "ann", "another", role: .admin, key: "k") == made)
        #expect(
            await refusal { try await make(house, "ann", key: "k") } == "idempotency_mismatch")
        #expect(await refusal { try await make(house, "ann") } == "already_exists")
    }

    @Test("a repeat of what has gone since is not found, and a refusal leaves the key free")
    func gone() async throws {
        let house = try ContentHouse()
        #expect(
            await refusal { try await make(house, "ann", "1234567890", key: "k") }
                == "weak_password")
        let made = try await make(house, "ann", key: "k")
        try house.writer.writeNow { try $0.deleteUser(made.id, username: "ann") }
        #expect(await refusal { try await make(house, "ann", key: "k") } == "not_found")
    }
}
