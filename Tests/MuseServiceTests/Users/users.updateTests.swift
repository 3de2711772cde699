// Tests of `users.update`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseRPC
internal import Testing

@Suite struct UsersUpdateTests {
    private func update(
        _ house: ContentHouse, _ who: ContentHouse.Person?, _ params: UsersUpdateParams,
        key: String? = nil
    ) async throws -> User {
        try await house.users.update(params, house.call(.usersUpdate, who, key: key))
    }

    @Test("what is absent stays, a null clears, a text sets; each counts")
    func clearable() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        var user = try await update(house, ann, UsersUpdateParams(displayName: "Ann", bio: "hello"))
        #expect(user.displayName == "Ann")
        #expect(user.bio == "hello")
        #expect(user.revision == 2)
        user = try await update(house, ann, UsersUpdateParams(displayName: .clear))
        #expect(user.displayName == nil)
        #expect(user.bio == "hello")
        user = try await update(house, ann, UsersUpdateParams())
        #expect(user.revision == 4)
        #expect(user.email == .some(nil))
    }

    @Test("a display name shows with posts and comments")
    func displayName() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        let post = try await house.post(ann)
        _ = try await update(house, ann, UsersUpdateParams(displayName: "Ann"))
        #expect(try await house.post(post.id).author.displayName == "Ann")
        let page = try await house.postPage(PostsListParams())
        #expect(page.items.first?.author.displayName == "Ann")
        #expect(page.items.first?.revision == 1)
    }

    @Test("a stale revision is told with the current one")
    func revision() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        _ = try await update(house, ann, UsersUpdateParams(bio: "one", revision: 1))
        #expect(
            await refusal {
                try await update(house, ann, UsersUpdateParams(bio: "two", revision: 1))
            } == "stale_revision")
        #expect(try await house.user(ann.id).bio == "one")
    }

    @Test("the e-mail address wants the password, in the contract's order of refusals")
    func email() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        let wanted = UsersUpdateParams(email: "ann@example.org")
        #expect(await refusal { try await update(house, ann, wanted) } == "invalid_params")
        #expect(await refusal { try await update(house, nil, wanted) } == "invalid_params")
        func with(_ password: String, revision: Int? = nil) -> UsersUpdateParams {
            UsersUpdateParams(
                email: "ann@example.org", currentPassword: password, revision: revision)
        }
        #expect(await refusal { try await update(house, nil, with("x")) } == "unauthenticated")
        #expect(
            await refusal { try await update(house, ann, with("wrong", revision: 7)) }
                == "stale_revision")
        #expect(
            await refusal { try await update(house, ann, with("wrong", revision: 1)) }
                == "bad_credentials")
        let user = try await update(house, ann, with("the right password", revision: 1))
        #expect(user.email == .some("ann@example.org"))
        #expect(user.revision == 2)
        let cleared = try await update(
            house, ann, UsersUpdateParams(email: .clear, currentPassword: "the right password"))
        #expect(cleared.email == .some(nil))
    }

    @Test("that the password is missing is told beside whatever else is wrong")
    func passwordMissing() {
        func offences(_ params: String) -> [String] {
            let decoded = Invocation.decode(
                method: .usersUpdate, bytes: params.utf8.span, params: 0..<params.utf8.count,
                issuesMax: 32)
            return decoded.issues.issues.map { "\($0.path) \($0.rule)" }
        }
        let missing = "/current_password required"
        #expect(offences("{\"email\":\"a@b@c\"}") == ["/email pattern", missing])
        #expect(offences("{\"bio\":7,\"email\":null}") == ["/bio type", missing])
        #expect(offences("{\"email\":\"a@b\",\"current_password\":null}") == [missing])
        #expect(offences("[null,null,\"a@b\"]") == [missing])
        let wrong = "{\"email\":\"a@b\",\"current_password\":7}"
        #expect(offences(wrong) == ["/current_password type"])
        #expect(offences("{\"bio\":\"x\"}").isEmpty)
        #expect(offences("[null,\"x\",null]").isEmpty)
    }

    @Test("a password that is not wanted is not looked at")
    func passwordUnwanted() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        let user = try await update(
            house, ann, UsersUpdateParams(bio: "x", currentPassword: "wrong"))
        #expect(user.bio == "x")
    }

    @Test("wrong passwords are counted, and past the limit the right one is refused too")
    func throttled() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        func attempt(_ password: String) async -> String? {
            await refusal {
                try await update(
                    house, ann, UsersUpdateParams(email: "a@b", currentPassword: password))
            }
        }
        for _ in 0..<3 { #expect(await attempt("wrong") == "bad_credentials") }
        #expect(await attempt("the right password") == "rate_limited")
    }

    @Test("a repeat has no second effect, and its password is not looked at")
    func repeated() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        func change(_ email: Clearable<String>, _ password: String) async throws -> User {
            try await update(
                house, ann,
                UsersUpdateParams(email: email, currentPassword: password, revision: 1), key: "k")
        }
        let first = try await change("a@b", "the right password")
        #expect(try await change("a@b", "wrong") == first)
        #expect(await refusal { try await change("c@d", "wrong") } == "idempotency_mismatch")
    }

    @Test("what follows on the connection waits until the password has been looked at")
    func order() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        let observer = Observer()
        let call = house.call(.usersUpdate, ann, observer: observer)
        #expect(
            await refusal {
                try await house.users.update(
                    UsersUpdateParams(email: "a@b", currentPassword: "wrong"), call)
            } == "bad_credentials")
        #expect(observer.queued == 0)
        let good = house.call(.usersUpdate, ann, observer: observer)
        _ = try await house.users.update(
            UsersUpdateParams(email: "a@b", currentPassword: "the right password"), good)
        #expect(observer.queued == 1)
    }

    private final class Observer: CallObserver {
        var queued = 0
        func callQueued() { queued += 1 }
    }
}
