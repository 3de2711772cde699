// Tests of `admin.create_user`.
internal import MentalMuseProtocol
internal import MuseStore
internal import Testing

@Suite struct AdminCreateUserTests {
    private func create(
        _ house: ContentHouse, _ name: String, _ password: String = "the right password",
        role: Role? = nil, key: String? = nil
    ) async throws -> User {
        try await house.admin.createUser(
            AdminCreateUserParams(username: name, password: password, role: role),
            house.operatorCall(.adminCreateUser, key: key))
    }

    @Test("a repeat by its key makes no second user, and tells the first as it is now")
    func repeated() async throws {
        let house = try ContentHouse()
        let made = try await create(house, "ann", role: .admin, key: "k")
        #expect(try await create(house, "ann", role: .admin, key: "k") == made)
        // The password is a secret, and so no part of it.
        #expect(try await create(house, "ann", "another", role: .admin, key: "k") == made)
        #expect(
            await refusal { try await create(house, "ann", key: "k") } == "idempotency_mismatch")
        #expect(await refusal { try await create(house, "ann") } == "already_exists")
    }

    @Test("a repeat of what has gone since is not found, and a refusal leaves the key free")
    func gone() async throws {
        let house = try ContentHouse()
        #expect(
            await refusal { try await create(house, "ann", "1234567890", key: "k") }
                == "weak_password")
        let made = try await create(house, "ann", key: "k")
        try house.writer.writeNow { try $0.deleteUser(made.id, username: "ann") }
        #expect(await refusal { try await create(house, "ann", key: "k") } == "not_found")
    }
}
