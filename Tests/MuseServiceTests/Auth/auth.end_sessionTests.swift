// Tests of `auth.end_session`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseRPC
internal import MuseStore
internal import Testing

@Suite struct AuthEndSessionTests {
    private func end(
        _ house: ContentHouse, _ session: UUIDv7, _ token: String?, key: String? = nil
    ) async throws -> Empty {
        try await house.auth.endSession(
            AuthEndSessionParams(sessionID: session),
            house.call(.authEndSession, token: token, key: key))
    }

    @Test("one of the caller's ends at once, its own too")
    func ends() async throws {
        let house = try ContentHouse()
        let one = try await house.register("ann")
        let two = try await house.login("ann")
        #expect(try await house.whoami(two.accessToken).sessionID == two.sessionID)
        _ = try await end(house, two.sessionID, one.accessToken)
        #expect(await refusal { try await house.whoami(two.accessToken) } == "token_revoked")
        #expect(await refusal { try await house.refresh(two.refreshToken) } == "token_revoked")
        #expect(try await house.whoami(one.accessToken).sessionID == one.sessionID)
        _ = try await end(house, one.sessionID, one.accessToken)
        #expect(await refusal { try await house.whoami(one.accessToken) } == "token_revoked")
    }

    @Test("another's, one that has ended and one that never was get the same answer")
    func others() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        let old = try await house.register("ann")
        clock.pass(days: 180)
        let ann = try await house.login("ann")
        let gone = try await house.login("ann")
        let bob = try await house.register("bob")
        _ = try await house.logout(gone.accessToken)
        var answers: [String] = []
        for session in [bob.sessionID, gone.sessionID, old.sessionID, nothing] {
            let error = await refusalWhole { try await end(house, session, ann.accessToken) }
            answers.append("\(error?.name ?? "") \(error?.message ?? "") \(error?.members ?? "")")
        }
        #expect(Set(answers).count == 1 && answers[0].hasPrefix("not_found"))
        #expect(try await house.whoami(bob.accessToken).user.username == "bob")
        #expect(
            await refusal { try await end(house, bob.sessionID, nil) } == "unauthenticated")
    }

    @Test("said again with its key it is done; with another session the key is taken")
    func repeated() async throws {
        let house = try ContentHouse()
        let one = try await house.register("ann")
        let two = try await house.login("ann")
        for _ in 0..<2 { _ = try await end(house, two.sessionID, one.accessToken, key: "k") }
        #expect(
            await refusal { try await end(house, two.sessionID, one.accessToken) } == "not_found")
        #expect(
            await refusal { try await end(house, one.sessionID, one.accessToken, key: "k") }
                == "idempotency_mismatch")
        #expect(try await house.whoami(one.accessToken).sessionID == one.sessionID)
    }
}
