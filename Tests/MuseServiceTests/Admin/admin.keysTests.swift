// Tests of `admin.keys`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseService
internal import Testing

@Suite struct AdminKeysTests {
    @Test("each key with its state and times, in the order in which they sign")
    func lists() throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        func keys() throws -> [MentalMuseProtocol.SigningKey] {
            try house.admin.keys(AdminKeysParams(), house.operatorCall(.adminKeys)).keys
        }
        let first = try #require(try keys().first)
        #expect(try keys().count == 1)
        #expect(first.state == "signing" && first.verifiesUntil == nil)
        #expect(first.createdAt == clock.now && first.signsFrom == clock.now)
        clock.pass(days: 1)
        let second = try house.shared.keys.rotate(now: clock.now)
        var both = try keys()
        #expect(both.map(\.kid) == [first.kid, second])
        #expect(both.map(\.state) == ["signing", "published"])
        #expect(both[1].createdAt == clock.now && both[1].signsFrom == clock.now + 600_000)
        clock.pass(minutes: 10)
        both = try keys()
        #expect(both.map(\.state) == ["verifying", "signing"])
        let until = try #require(both[0].verifiesUntil)
        // A refresh token's life after its last signature.
        #expect(until >= clock.now + 30 * 86_400_000)
        #expect(until <= clock.now + 30 * 86_400_000 + 120_000)
        clock.pass(seconds: Int((until.milliseconds - clock.now.milliseconds) / 1_000))
        #expect(try keys().map(\.kid) == [second])
    }
}
