// Tests of `admin.set_password`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseStore
internal import Testing

@Suite struct AdminSetPasswordTests {
    private func set(
        _ house: ContentHouse, _ name: String, _ password: String
    ) async throws -> Empty {
        try await house.admin.setPassword(
            AdminSetPasswordParams(username: name, password: password),
            house.operatorCall(.adminSetPassword))
    }

    @Test("the new password holds, and all sessions of the user end, nobody else's")
    func sets() async throws {
        let house = try ContentHouse()
        let (one, two) = (try await house.register("ann"), try await house.login("ann"))
        let bob = try await house.register("bob")
        _ = try await set(house, "ann", newPassword)
        for grant in [one, two] {
            #expect(await refusal { try await house.whoami(grant.accessToken) } == "token_revoked")
            #expect(
                await refusal { try await house.refresh(grant.refreshToken) } == "token_revoked")
        }
        #expect(await refusal { try await house.login("ann") } == "bad_credentials")
        #expect(try await house.login("ann", newPassword).user.id == one.user.id)
        #expect(try await house.whoami(bob.accessToken).user.username == "bob")
        #expect(!house.audits.withLock { $0 }.joined().contains(newPassword))
    }

    @Test("an unknown user is told before a weak password; a refusal changes nothing")
    func refusals() async throws {
        let house = try ContentHouse()
        let ann = try await house.register("ann")
        #expect(await refusal { try await set(house, "nobody", "1234567890") } == "not_found")
        #expect(await refusal { try await set(house, "ann", "1234567890") } == "weak_password")
        #expect(await refusal { try await set(house, "ann", "hello ANN hello") } == "weak_password")
        #expect(try await house.whoami(ann.accessToken).user.username == "ann")
        #expect(try await house.login("ann").user.id == ann.user.id)
    }

    @Test("a repeat by its key ends no session that was opened since")
    func repeated() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        func setByKey(_ name: String) async throws {
            _ = try await house.admin.setPassword(
                AdminSetPasswordParams(username: name, password: "another fine word"),
                house.operatorCall(.adminSetPassword, key: "k"))
        }
        #expect(await refusal { try await setByKey("nobody") } == "not_found")
        try await setByKey("ann")
        #expect(
            await refusal { try await house.postPage(PostsListParams(), as: ann) }
                == "token_revoked")
        let later = try house.again(ann)
        try await setByKey("ann")
        _ = try await house.postPage(PostsListParams(), as: later)
        #expect(await refusal { try await setByKey("nobody") } == "idempotency_mismatch")
    }
}
