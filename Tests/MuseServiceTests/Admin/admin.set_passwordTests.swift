// Tests of `admin.set_password`.
internal import MentalMuseProtocol
internal import Testing

@Suite struct AdminSetPasswordTests {
    @Test("a repeat by its key ends no session that was opened since")
    func repeated() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        func set(_ name: String) async throws {
            _ = try await house.admin.setPassword(
                AdminSetPasswordParams(username: name, password: "another fine word"),
                house.operatorCall(.adminSetPassword, key: "k"))
        }
        #expect(await refusal { try await set("nobody") } == "not_found")
        try await set("ann")
        #expect(
            await refusal { try await house.postPage(PostsListParams(), as: ann) }
                == "token_revoked")
        let later = try house.again(ann)
        try await set("ann")
        _ = try await house.postPage(PostsListParams(), as: later)
        #expect(await refusal { try await set("nobody") } == "idempotency_mismatch")
    }
}
