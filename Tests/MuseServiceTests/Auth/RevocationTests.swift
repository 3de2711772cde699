// Tests of what ends sessions, across workers: from the answer on, nobody's memory of a session is
// trusted. And of the caller in private mode.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseService
internal import MuseStore
internal import Testing

@Suite struct RevocationTests {
    /// Two workers, and a session that the second one remembers, attached to a connection there.
    private struct Workers {
        let house: ContentHouse
        let other: Service
        let grant: Grant
        let peer = ContentHouse.peer()

        init() async throws {
            house = try ContentHouse()
            other = try house.worker()
            grant = try await house.register("ann")
            _ = try await other.methods.auth.attach(
                AuthAttachParams(accessToken: grant.accessToken), house.call(.authAttach, on: peer))
            _ = try await there(grant.accessToken)
            _ = try await there(nil)
        }

        /// The caller as the second worker sees it; its pass never ends.
        func there(_ token: String?) async throws -> Caller {
            try await other.methods.auth.whoami(
                AuthWhoamiParams(), house.call(.authWhoami, on: peer, token: token))
        }

        func writeThere() async throws -> Post {
            try await other.methods.posts.create(
                PostsCreateParams(body: "x"), house.call(.postsCreate, on: peer))
        }

        func expectEnded(_ what: String) async {
            #expect(
                await refusal { try await there(grant.accessToken) } == "token_revoked",
                "given, after \(what)")
            #expect(
                await refusal { try await there(nil) } == "token_revoked", "bound, after \(what)")
            #expect(
                await refusal { try await writeThere() } == "token_revoked", "a write, \(what)")
        }
    }

    /// All that ends a session.
    private static let ways: [(String, @Sendable (Workers) async throws -> Void)] = [
        ("log-out", { _ = try await $0.house.logout($0.grant.accessToken) }),
        (
            "log-out by refresh token",
            { _ = try await $0.house.logout(nil, refresh: $0.grant.refreshToken) }
        ),
        (
            "log-out of all",
            {
                let other = try await $0.house.login("ann")
                _ = try await $0.house.logout(other.accessToken, all: true)
            }
        ),
        (
            "end_session",
            {
                let other = try await $0.house.login("ann")
                _ = try await $0.house.auth.endSession(
                    AuthEndSessionParams(sessionID: $0.grant.sessionID),
                    $0.house.call(.authEndSession, token: other.accessToken))
            }
        ),
        (
            "change_password",
            {
                let other = try await $0.house.login("ann")
                _ = try await $0.house.changePassword(other.accessToken)
            }
        ),
        (
            "ban",
            {
                let root = try $0.house.person("root", role: .admin)
                _ = try await $0.house.users.ban(
                    UsersBanParams(id: $0.grant.user.id, reason: "x"),
                    $0.house.call(.usersBan, root))
            }
        ),
        (
            "deletion",
            {
                _ = try await $0.house.users.delete(
                    UsersDeleteParams(currentPassword: rightPassword),
                    $0.house.call(.usersDelete, token: $0.grant.accessToken))
            }
        ),
        (
            "reuse",
            { workers in
                _ = try await workers.house.refresh(workers.grant.refreshToken)
                _ = await refusal {
                    try await workers.house.refresh(workers.grant.refreshToken)
                }
            }
        ),
        (
            "set_password",
            {
                _ = try await $0.house.admin.setPassword(
                    AdminSetPasswordParams(username: "ann", password: newPassword),
                    $0.house.operatorCall(.adminSetPassword))
            }
        ),
        (
            "the hundredth log-in after it",
            { for _ in 0..<100 { _ = try await $0.house.login("ann") } }
        ),
    ]

    @Test("what ends a session on one worker ends it on the others, from the answer on")
    func ended() async throws {
        for (what, end) in Self.ways {
            let workers = try await Workers()
            #expect(try await workers.there(nil).sessionID == workers.grant.sessionID)
            try await end(workers)
            await workers.expectEnded(what)
        }
    }

    @Test("a worker that starts afterwards knows of it: the session's row has to be there")
    func afterRestart() async throws {
        let workers = try await Workers()
        _ = try await workers.house.logout(workers.grant.accessToken)
        let next = try workers.house.worker { $0.version = "the next start" }
        #expect(
            await refusal {
                try await next.methods.auth.whoami(
                    AuthWhoamiParams(),
                    workers.house.call(.authWhoami, token: workers.grant.accessToken))
            } == "token_revoked")
    }

    @Test("the sessions of others are not disturbed")
    func others() async throws {
        let workers = try await Workers()
        let bob = try await workers.house.register("bob")
        #expect(try await workers.there(bob.accessToken).user.username == "bob")
        _ = try await workers.house.logout(workers.grant.accessToken)
        #expect(try await workers.there(bob.accessToken).user.username == "bob")
    }
}

@Suite struct PrivateModeTests {
    @Test("reads want a caller then, and what looks at no token still does not")
    func reads() async throws {
        let house = try ContentHouse(configure: { $0.isPrivate = true })
        let grant = try await house.register("ann")
        let token = grant.accessToken
        let written = try await house.posts.create(
            PostsCreateParams(body: "x"), house.call(.postsCreate, token: token))
        #expect(await refusal { try await house.post(written.id) } == "unauthenticated")
        #expect(await refusal { try await house.user(grant.user.id) } == "unauthenticated")
        #expect(await refusal { try await house.postPage(PostsListParams()) } == "unauthenticated")
        #expect(await refusal { try await house.userPage(UsersListParams()) } == "unauthenticated")
        #expect(
            await refusal {
                try await house.commentPage(CommentsListParams(postID: written.id))
            } == "unauthenticated")
        #expect(
            await refusal { try await house.likers(PostsLikersParams(id: written.id)) }
                == "unauthenticated")
        // What is there and what is not are told apart by nothing.
        #expect(await refusal { try await house.post(nothing) } == "unauthenticated")
        let seen = try await house.posts.get(
            PostsGetParams(id: written.id), house.call(.postsGet, token: token))
        #expect(seen == written)
        #expect(try await house.login("ann").user.username == "ann")
        #expect(try house.server.ping(ServerPingParams(), house.call(.serverPing, nil)) == "pong")
    }
}
