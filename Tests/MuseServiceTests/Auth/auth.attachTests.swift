// Tests of `auth.attach`. That a refused one leaves nobody bound is the server's part, told by
// `Decoded.binds`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseRPC
internal import MuseService
internal import MuseStore
internal import Testing

@Suite struct AuthAttachTests {
    private func attach(
        _ house: ContentHouse, _ peer: Peer, _ token: String
    ) async throws -> Caller {
        try await house.auth.attach(
            AuthAttachParams(accessToken: token), house.call(.authAttach, on: peer))
    }

    @Test("calls without a token are then its user's, until another is attached")
    func replaces() async throws {
        let house = try ContentHouse()
        let (ann, bob) = (try await house.register("ann"), try await house.register("bob"))
        let peer = ContentHouse.peer()
        #expect(await refusal { try await house.whoami(on: peer) } == "unauthenticated")
        let caller = try await attach(house, peer, ann.accessToken)
        #expect(caller.user == ann.user && caller.sessionID == ann.sessionID)
        #expect(caller.expiresAt == ann.accessExpiresAt)
        #expect(try await house.whoami(on: peer) == caller)
        _ = try await attach(house, peer, bob.accessToken)
        #expect(try await house.whoami(on: peer).user.username == "bob")
    }

    @Test("a call's own token goes before the bound one, and a bad one is never run as bound")
    func given() async throws {
        let house = try ContentHouse()
        let (ann, bob) = (try await house.register("ann"), try await house.register("bob"))
        let peer = ContentHouse.peer()
        _ = try await attach(house, peer, ann.accessToken)
        func name(_ token: String) async throws -> String {
            try await house.auth.whoami(
                AuthWhoamiParams(), house.call(.authWhoami, on: peer, token: token)
            ).user.username
        }
        #expect(try await name(bob.accessToken) == "bob")
        #expect(try await house.whoami(on: peer).user.username == "ann")
        for token in ["", "no token", forged(bob.accessToken)] {
            #expect(await refusal { try await name(token) } == "token_invalid")
        }
        _ = try await house.logout(bob.accessToken)
        #expect(await refusal { try await name(bob.accessToken) } == "token_revoked")
    }

    @Test("a bound token expires at its time")
    func expires() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        let ann = try await house.register("ann")
        let peer = ContentHouse.peer()
        _ = try await attach(house, peer, ann.accessToken)
        clock.pass(seconds: 899)
        #expect(try await house.whoami(on: peer).user.username == "ann")
        clock.pass(seconds: 1)
        #expect(await refusal { try await house.whoami(on: peer) } == "token_expired")
        #expect(
            await refusal {
                try await house.posts.create(
                    PostsCreateParams(body: "x"), house.call(.postsCreate, on: peer))
            } == "token_expired")
        #expect(
            await refusal { try await attach(house, peer, ann.accessToken) } == "token_expired")
        // Expired is told before revoked.
        _ = try await house.logout(ann.accessToken)
        #expect(await refusal { try await house.whoami(on: peer) } == "token_expired")
        #expect(await refusal { try await house.whoami(ann.accessToken) } == "token_expired")
    }

    @Test("a bound token is revoked with its session, for reads and writes")
    func revoked() async throws {
        let house = try ContentHouse()
        let ann = try await house.register("ann")
        let peer = ContentHouse.peer()
        _ = try await attach(house, peer, ann.accessToken)
        #expect(try await house.whoami(on: peer).user.username == "ann")
        _ = try await house.logout(ann.accessToken)
        #expect(await refusal { try await house.whoami(on: peer) } == "token_revoked")
        #expect(
            await refusal {
                try await house.posts.create(
                    PostsCreateParams(body: "x"), house.call(.postsCreate, on: peer))
            } == "token_revoked")
        #expect(
            await refusal { try await attach(house, peer, ann.accessToken) } == "token_revoked")
    }

    @Test("what is no access token of ours attaches nobody")
    func refused() async throws {
        let house = try ContentHouse()
        let ann = try await house.register("ann")
        let now = house.shared.wallClock.now().seconds
        let foreign = JWT.sign(
            AccessTokenClaims(
                subject: ann.user.id, session: ann.sessionID, id: nothing, role: "admin",
                issuedAt: now, expiresAt: now + 900), policy: TokenPolicy(), key: .generate())
        let peer = ContentHouse.peer()
        for token in ["", forged(ann.accessToken), foreign, ann.refreshToken] {
            #expect(await refusal { try await attach(house, peer, token) } == "token_invalid")
            #expect(peer.bound == nil)
        }
    }

    @Test("that a call attaches is told even where its params are wrong, by name or position")
    func binds() {
        func binds(_ method: MethodID, _ params: String) -> Bool {
            let decoded = Invocation.decode(
                method: method, bytes: params.utf8.span, params: 0..<params.utf8.count,
                issuesMax: 32)
            return decoded.binds || method.effect == .session
        }
        #expect(binds(.authAttach, "{\"access_token\":7}"))
        #expect(binds(.authDetach, "[1]"))
        #expect(binds(.authLogin, "{\"username\":7,\"attach\":true}"))
        #expect(binds(.authLogin, "[7,8,9,true]"))
        #expect(binds(.authRegister, "[\"x\",\"y\",null,null,true]"))
        #expect(binds(.authRefresh, "[null,true]"))
        #expect(!binds(.authLogin, "{\"username\":\"ann\",\"password\":\"x\",\"attach\":false}"))
        #expect(!binds(.authRefresh, "[\"x\"]"))
    }
}
