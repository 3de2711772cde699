// The model's test: params: those that somebody would send, and those that nobody should.
internal import MuseJSON

extension Generator {
    typealias Params = [(name: String, value: Term)]

    // MARK: Whom and what

    /// A token of a call's own: mostly one that holds.
    func accessToken(_ model: Model, _ book: Book) -> Term {
        if chance.permille(30) { return .text("no token") }
        if chance.permille(30), let token = refreshTokens.last { return book.term(token) }
        let live = accessTokens.suffix(30).filter { text in
            model.tokens[text].map {
                !model.isOver($0.expiresAt) && model.live($0.session) != nil
            } ?? false
        }
        let some = chance.permille(800) && !live.isEmpty ? live : Array(accessTokens.suffix(40))
        let term = book.term(chance.one(of: some) ?? "no token")
        return chance.permille(30) ? .altered(term) : term
    }

    private func refreshToken(_ model: Model, _ book: Book) -> Term {
        if chance.permille(25) { return .text("no token") }
        if chance.permille(25), let token = accessTokens.last { return book.term(token) }
        let unspent = refreshTokens.suffix(60).filter { text in
            guard let token = model.tokens[text], let session = model.live(token.session) else {
                return false
            }
            return session.pair == token.pair && !model.isOver(token.expiresAt)
        }
        let some =
            chance.permille(800) && !unspent.isEmpty ? unspent : Array(refreshTokens.suffix(40))
        let term = book.term(chance.one(of: some) ?? "no token")
        return chance.permille(25) ? .altered(term) : term
    }

    private func id(_ ids: [String], _ book: Book) -> Term {
        if chance.permille(60), let id = chance.one(of: seen) { return book.term(id) }
        if chance.permille(20) { return .value(Book.noID) }
        return chance.one(of: ids).map(book.term) ?? .value(Book.noID)
    }

    /// Whoever would be calling.
    private func ownID(_ step: CallStep, _ model: Model, _ book: Book) -> String? {
        let token = step.token?.value(book).string.flatMap { model.tokens[$0] }
        return (token ?? model.bound[step.connection])?.user
    }

    /// Mostly the caller's own; of those who may do more, mostly another's.
    private func ownPostID(_ step: CallStep, _ model: Model, _ book: Book) -> Term {
        let own = ownID(step, model, book)
        let ids = model.posts.values.filter { $0.author == own }.map(\.id).sorted()
        let isUser = own.flatMap { model.users[$0]?.role } == "user"
        let isOwn = chance.permille(isUser ? 650 : 350)
        return isOwn && !ids.isEmpty ? id(ids, book) : postID(model, book)
    }

    private func ownCommentID(_ step: CallStep, _ model: Model, _ book: Book) -> Term {
        let own = ownID(step, model, book)
        let ids = model.comments.values.flatMap { $0 }.filter { $0.author == own }.map(\.id)
        return chance.permille(600) && !ids.isEmpty
            ? id(Array(ids.sorted().suffix(40)), book) : commentID(model, book)
    }

    private func postID(_ model: Model, _ book: Book) -> Term {
        // A few posts get most of what hangs on posts.
        let ids = model.posts.keys.sorted()
        return id(chance.permille(700) ? Array(ids.suffix(4)) + ids.prefix(2) : ids, book)
    }

    private func commentID(_ model: Model, _ book: Book) -> Term {
        id(Array(model.postOfComment.keys.sorted().suffix(60)), book)
    }

    private func userID(_ model: Model, _ book: Book) -> Term {
        if chance.permille(300) {
            return id(model.users.values.filter { $0.role == "admin" }.map(\.id).sorted(), book)
        }
        return id(model.users.keys.sorted(), book)
    }

    private func name(_ model: Model) -> String {
        let there = model.users.values.map(\.username).sorted()
        let name =
            (chance.permille(850) ? chance.one(of: there) : nil)
            ?? chance.one(of: Self.names) ?? "nobody"
        return chance.permille(60) ? name.uppercased() : name
    }

    private func password(of name: String, _ model: Model) -> Term {
        let user = model.users.values.first { $0.username == foldedASCII(name) }
        if chance.permille(60) { return .text("not the password") }
        return .text(user?.password ?? Self.passwords[0])
    }

    /// The password of whoever would be calling.
    private func ownPassword(_ step: CallStep, _ model: Model, _ book: Book) -> Term {
        let user = ownID(step, model, book).flatMap { model.users[$0] }
        return password(of: user?.username ?? "", model)
    }

    private func newPassword() -> Term {
        if chance.permille(40) {
            return .text(chance.one(of: ["1234567890", "my name is ada"]) ?? "")
        }
        return .text(chance.one(of: Self.passwords) ?? "")
    }

    private func body() -> Term {
        if chance.permille(15) { return .text(String(repeating: "ß", count: 2_000)) }
        return .text(
            chance.one(of: [
                "Hello.", "  two\tlines \n", "e\u{301} or é", "😀", "'; DROP TABLE posts; --",
                "\"quoted\" \\ / \u{2028}", "number \(chance.below(1_000))",
            ]) ?? "")
    }

    // MARK: Params that make sense

    func params(_ step: CallStep, _ model: Model, _ book: Book) -> Params {
        switch step.method.prefix(while: { $0 != "." }) {
        case "auth": authParams(step, model, book)
        case "users": userParams(step, model, book)
        case "admin": adminParams(step, model)
        default: contentParams(step, model, book)
        }
    }

    private func attach() -> Params {
        chance.permille(550) ? [("attach", .value(.bool(chance.permille(900))))] : []
    }

    private func authParams(_ step: CallStep, _ model: Model, _ book: Book) -> Params {
        switch step.method {
        case "auth.register":
            var params: Params = [
                (
                    "username",
                    .text(chance.permille(900) ? chance.one(of: Self.names) ?? "" : "Zoe_9")
                ),
                ("password", newPassword()),
            ]
            if chance.permille(300) { params.append(("email", .text("a@b.c"))) }
            if chance.permille(300) { params.append(("display_name", .text("A. Lovelace"))) }
            return params + attach()
        case "auth.login":
            let name = name(model)
            var params: Params = [
                ("username", .text(name)), ("password", password(of: name, model)),
            ]
            if chance.permille(400) { params.append(("device", .text("a phone, blue"))) }
            return params + attach()
        case "auth.refresh": return [("refresh_token", refreshToken(model, book))] + attach()
        case "auth.logout":
            var params: Params = []
            if chance.permille(400) { params.append(("refresh_token", refreshToken(model, book))) }
            if chance.permille(300) { params.append(("all", .value(.bool(chance.permille(800))))) }
            return params
        case "auth.attach": return [("access_token", accessToken(model, book))]
        case "auth.change_password":
            return [
                ("current_password", ownPassword(step, model, book)),
                ("new_password", newPassword()),
            ]
        case "auth.sessions": return list()
        case "auth.end_session": return [("session_id", sessionID(step, model, book))]
        default: return []
        }
    }

    private func sessionID(_ step: CallStep, _ model: Model, _ book: Book) -> Term {
        let user = model.bound[step.connection]?.user
        let own = model.sessions.values.filter { $0.user == user }.map(\.id).sorted()
        return id(chance.permille(800) ? own : model.sessions.keys.sorted(), book)
    }

    private func userParams(_ step: CallStep, _ model: Model, _ book: Book) -> Params {
        switch step.method {
        case "users.get":
            if chance.permille(30) { return [] }
            if chance.permille(300) { return [("username", .text(name(model)))] }
            return [("id", userID(model, book))]
        case "users.list":
            guard chance.permille(400) else { return list() }
            return list() + [
                ("query", .text(chance.one(of: ["a", "AD", "bob", "x_1", "%"]) ?? ""))
            ]
        case "users.update": return updateParams(step, model, book)
        case "users.delete": return [("current_password", ownPassword(step, model, book))]
        case "users.set_role":
            let role = chance.weighted([("user", 3), ("moderator", 3), ("admin", 4)], else: "user")
            return [("id", userID(model, book)), ("role", .text(role))]
        case "users.ban":
            return [("id", userID(model, book)), ("reason", .text("reason \(chance.below(9))"))]
        default: return [("id", userID(model, book))]
        }
    }

    private func updateParams(_ step: CallStep, _ model: Model, _ book: Book) -> Params {
        var params: Params = []
        func change(_ name: String, _ text: String) {
            params.append((name, chance.permille(250) ? .value(.null) : .text(text)))
        }
        if chance.permille(500) { change("display_name", "name \(chance.below(50))") }
        if chance.permille(500) { change("bio", "bio\n\(chance.below(50))") }
        if chance.permille(150) {
            change("email", "me\(chance.below(9))@example.org")
            if chance.permille(900) {
                params.append(("current_password", ownPassword(step, model, book)))
            }
        }
        return params
            + revision(model.bound[step.connection].flatMap { model.users[$0.user]?.revision })
    }

    private func revision(_ now: Int?) -> Params {
        guard chance.permille(300) else { return [] }
        let number = chance.permille(650) ? now ?? 1 : 1 + chance.below(5)
        let text = chance.permille(100) ? "\(number).0" : "\(number)"
        return [("revision", .value(.number(text)))]
    }

    private func adminParams(_ step: CallStep, _ model: Model) -> Params {
        guard step.method == "admin.create_user" else {
            return [("username", .text(name(model))), ("password", newPassword())]
        }
        var params: Params = [
            ("username", .text(chance.one(of: Self.names) ?? "")), ("password", newPassword()),
        ]
        if chance.permille(600) { params.append(("role", .text("admin"))) }
        return params
    }

    private func contentParams(_ step: CallStep, _ model: Model, _ book: Book) -> Params {
        switch step.method {
        case "posts.create": return [("body", body())]
        case "posts.list":
            guard chance.permille(300) else { return list() }
            return list() + [("author_id", userID(model, book))]
        case "posts.update":
            let id = ownPostID(step, model, book)
            let now = id.value(book).string.flatMap { model.posts[$0]?.revision }
            return [("id", id), ("body", body())] + revision(now)
        case "posts.likers": return [("id", postID(model, book))] + list()
        case "comments.create": return [("post_id", postID(model, book)), ("body", body())]
        case "comments.list": return [("post_id", postID(model, book))] + list()
        case "posts.delete": return [("id", ownPostID(step, model, book))]
        case "comments.update":
            return [("id", ownCommentID(step, model, book)), ("body", body())] + revision(nil)
        case "comments.delete": return [("id", ownCommentID(step, model, book))]
        case "comments.get": return [("id", commentID(model, book))]
        case "server.ping", "server.metrics": return []
        default: return [("id", postID(model, book))]
        }
    }

    private func list() -> Params {
        var params: Params = []
        if chance.permille(700) {
            params.append(("limit", .value(.number(String(1 + chance.below(8))))))
        }
        if chance.permille(400) {
            params.append(("order", .text(chance.permille(600) ? "oldest" : "newest")))
        }
        if chance.permille(20) { params.append(("cursor", .text("no cursor"))) }
        return params
    }

    // MARK: Params that do not

    /// Makes one thing of a call's params wrong, or at least odd.
    func spoil(_ step: inout CallStep) {
        let odd: [JSONValue] = [
            .null, 7, "", " ", .bool(true), .array([]), .object([]), -1, .number("1.5"),
            .number("2e1"), .string(String(repeating: "x", count: 5_001)), "two\nlines",
            "bell\u{7}",
            "\u{200b}", "short", "a@b@c", .number("9007199254740992"), "ADA", "e\u{301}\u{301}",
        ]
        switch chance.below(10) {
        case 0: step.params.append(("colour", .text("red")))
        case 1: step.params.append(("a/b~c", .value(.null)))
        case 2: if let first = step.params.first { step.params.append(first) }
        case 3, 4:
            if let index = step.params.indices.randomElement(chance) {
                step.params.remove(at: index)
            }
        default:
            let table = Param.table[step.method] ?? []
            guard let param = chance.one(of: table), let value = chance.one(of: odd) else { return }
            step.params.removeAll { $0.name == param.name }
            step.params.append((param.name, .value(value)))
        }
    }

    /// Somebody guesses a password, and then knows it.
    mutating func guess(_ model: Model) {
        let name = name(model)
        var step = CallStep(
            connection: chance.below(Self.connections), method: "auth.login",
            params: [("username", .text(name)), ("password", .text("not the password"))])
        script += Array(repeating: step, count: 2 + chance.below(4))
        step.params[1].value = password(of: name, model)
        script.append(step)
    }

    // MARK: Floods

    /// Somebody fills a post with comments and goes; somebody else logs in a hundred times and
    /// more.
    func flood(_ model: Model, _ book: Book) -> [CallStep] {
        let attached = (0..<Self.connections).filter { Self.isAttached($0, model) }
        guard
            let connection = attached.last(where: { connection in
                model.bound[connection].flatMap { model.users[$0.user] }.map { $0.role != "admin" }
                    ?? false
            }), let token = model.bound[connection], let user = model.users[token.user],
            let post = model.posts.values.filter({ $0.author != user.id }).map(\.id).sorted().last
        else { return [] }
        let comment = CallStep(
            connection: connection, method: "comments.create",
            params: [("post_id", book.term(post)), ("body", .text("again"))])
        let page = CallStep(
            connection: connection, method: "comments.list",
            params: [("post_id", book.term(post)), ("limit", .value(100))])
        let goes = CallStep(
            connection: connection, method: "users.delete",
            params: [("current_password", .text(user.password))])
        let login = CallStep(
            connection: Self.connections - 1, method: "auth.login",
            params: [("username", .text("ada")), ("password", .text(Self.passwords[0]))])
        let comments = Array(repeating: comment, count: 430)
        return comments + [page, goes, page, page] + Array(repeating: login, count: 104)
    }
}
