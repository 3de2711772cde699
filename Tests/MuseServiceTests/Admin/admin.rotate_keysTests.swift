// Tests of `admin.rotate_keys`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import Testing

@Suite struct AdminRotateKeysTests {
    private func rotate(_ house: ContentHouse) async throws -> [MentalMuseProtocol.SigningKey] {
        try await house.admin.rotateKeys(
            AdminRotateKeysParams(), house.operatorCall(.adminRotateKeys)
        ).keys
    }

    @Test("the new key is published first, and signs ten minutes later, by the clock alone")
    func rotates() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        let old = try await house.register("ann")
        let first = try house.claims(old.accessToken).keyID
        let keys = try await rotate(house)
        #expect(keys.map(\.state) == ["signing", "published"])
        let second = keys[1].kid
        clock.pass(seconds: 599)
        let before = try await house.login("ann")
        #expect(try house.claims(before.accessToken).keyID == first)
        clock.pass(seconds: 1)
        let after = try await house.login("ann")
        #expect(try house.claims(after.accessToken).keyID == second)
        for grant in [old, before, after] {
            #expect(try await house.whoami(grant.accessToken).sessionID == grant.sessionID)
        }
        let refreshed = try await house.refresh(old.refreshToken)
        #expect(try house.claims(refreshed.accessToken).keyID == second)
    }

    @Test("an old key's last refresh token holds to its last second")
    func overlaps() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        _ = try await house.register("ann")
        _ = try await rotate(house)
        clock.pass(seconds: 599)
        let last = try await house.login("ann")
        clock.pass(seconds: 30 * 86_400 - 1)
        #expect(try await house.refresh(last.refreshToken).sessionID == last.sessionID)
    }

    @Test("while a published key has not begun to sign, no other is made")
    func once() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        let keys = try await rotate(house)
        #expect(try await rotate(house) == keys && keys.count == 2)
        clock.pass(minutes: 10)
        #expect(try await rotate(house).count == 3)
    }
}
