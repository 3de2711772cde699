// Tests of `auth.sessions`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseStore
internal import Testing

@Suite struct AuthSessionsTests {
    @Test("the caller's live sessions by log-in, newest first or oldest, a page at a time")
    func pages() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        var grants = [try await house.register("ann")]
        _ = try await house.register("bob")
        for _ in 0..<4 {
            clock.pass(seconds: 1)
            grants.append(try await house.login("ann"))
        }
        let ids = grants.map(\.sessionID)
        let token = grants[2].accessToken
        var seen: [Session] = []
        var cursor: String?
        repeat {
            let page = try await house.sessions(
                token, AuthSessionsParams(limit: 2, cursor: cursor))
            seen += page.items
            cursor = page.nextCursor
        } while cursor != nil && seen.count < 20
        #expect(seen.map(\.id) == ids.reversed())
        #expect(seen.filter(\.current).map(\.id) == [ids[2]])
        let oldest = try await house.sessions(
            token, AuthSessionsParams(limit: 100, order: .oldest))
        #expect(oldest.items.map(\.id) == ids && oldest.nextCursor == nil)
        #expect(oldest.items.allSatisfy { $0.createdAt == $0.id.timestamp })
        #expect(oldest.items.allSatisfy { $0.lastUsedAt == $0.createdAt })
    }

    @Test("what has ended is not shown, nor one whose time is over")
    func live() async throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        _ = try await house.register("ann")
        clock.pass(days: 100)
        let gone = try await house.login("ann")
        _ = try await house.logout(gone.accessToken)
        clock.pass(days: 80)
        let now = try await house.login("ann")
        #expect(try await house.sessions(now.accessToken).items.map(\.id) == [now.sessionID])
    }

    @Test("a socket's address is told as such, and a device as it was given")
    func addresses() async throws {
        let house = try ContentHouse()
        let grant = try await house.register("ann", on: ContentHouse.peer(.unix(uid: 7), .unix))
        let session = try #require(try await house.sessions(grant.accessToken).items.first)
        #expect(session.address == "unix" && session.device == nil)
    }

    @Test("a cursor is the caller's own, and a caller is wanted")
    func cursors() async throws {
        let house = try ContentHouse()
        let ann = try await house.register("ann")
        _ = try await house.login("ann")
        let bob = try await house.register("bob")
        let page = try await house.sessions(ann.accessToken, AuthSessionsParams(limit: 1))
        let cursor = try #require(page.nextCursor)
        for (token, params, wanted) in [
            (bob.accessToken, AuthSessionsParams(cursor: cursor), "cursor_invalid"),
            (ann.accessToken, AuthSessionsParams(cursor: cursor, order: .oldest), "cursor_invalid"),
            (ann.accessToken, AuthSessionsParams(cursor: "x"), "cursor_invalid"),
            (nil, AuthSessionsParams(cursor: "x"), "unauthenticated"),
            (ann.accessToken, AuthSessionsParams(limit: 100, cursor: cursor), nil),
        ] as [(String?, AuthSessionsParams, String?)] {
            #expect(await refusal { try await house.sessions(token, params) } == wanted)
        }
    }
}
