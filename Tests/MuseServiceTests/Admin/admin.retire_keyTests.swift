// Tests of `admin.retire_key`.
internal import Foundation
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseService
internal import Testing

@Suite struct AdminRetireKeyTests {
    private func retire(
        _ house: ContentHouse, _ kid: String, now: Bool?
    ) async throws -> [MentalMuseProtocol.SigningKey] {
        try await house.admin.retireKey(
            AdminRetireKeyParams(kid: kid, now: now), house.operatorCall(.adminRetireKey)
        ).keys
    }

    @Test("now: every token that it signed is refused at once, given or bound, on every worker")
    func leaked() async throws {
        let house = try ContentHouse()
        let other = try house.worker()
        _ = try await house.register("ann")
        let peer = ContentHouse.peer()
        let grant = try await house.login("ann", on: peer, attach: true)
        func there(_ token: String?) async throws -> Caller {
            try await other.methods.auth.whoami(
                AuthWhoamiParams(), house.call(.authWhoami, on: peer, token: token))
        }
        for token in [nil, grant.accessToken] {
            #expect(try await there(token).sessionID == grant.sessionID)
            #expect(try await house.whoami(on: peer).sessionID == grant.sessionID)
        }
        let kid = try house.claims(grant.accessToken).keyID
        let keys = try await retire(house, kid, now: true)
        #expect(keys.count == 1 && keys[0].kid != kid && keys[0].state == "signing")
        for token in [nil, grant.accessToken] {
            #expect(await refusal { try await there(token) } == "token_invalid")
        }
        #expect(await refusal { try await house.whoami(on: peer) } == "token_invalid")
        #expect(
            await refusal {
                try await house.posts.create(
                    PostsCreateParams(body: "x"), house.call(.postsCreate, on: peer))
            } == "token_invalid")
        #expect(await refusal { try await house.refresh(grant.refreshToken) } == "token_invalid")
        let new = try await house.login("ann")
        #expect(try await there(new.accessToken).sessionID == new.sessionID)
        #expect(try house.claims(new.accessToken).keyID == keys[0].kid)
        let file = house.folder.appending(path: "keys/\(kid).pem")
        #expect(!FileManager.default.fileExists(atPath: file.path))
    }

    @Test("otherwise the signing key is followed by a new one, and its tokens hold meanwhile")
    func later() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        let grant = try await house.register("ann")
        let kid = try house.claims(grant.accessToken).keyID
        let keys = try await retire(house, kid, now: nil)
        #expect(keys.map(\.state) == ["signing", "published"])
        clock.pass(minutes: 10)
        #expect(try await house.whoami(grant.accessToken).sessionID == grant.sessionID)
        let new = try await house.refresh(grant.refreshToken)
        #expect(try house.claims(new.accessToken).keyID == keys[1].kid)
        // It is on its way out already: nothing changes.
        #expect(try await retire(house, kid, now: false).count == 2)
    }

    @Test("an unknown key, or one that has gone, is not there", arguments: [nil, false, true])
    func unknown(_ now: Bool?) async throws {
        let house = try ContentHouse()
        let kid = try #require(
            house.shared.keys.list(now: house.shared.wallClock.now()).first?.keyID)
        _ = try await retire(house, kid, now: true)
        for key in ["", "none", "../state", kid] {
            #expect(await refusal { try await retire(house, key, now: now) } == "not_found")
        }
    }
}
