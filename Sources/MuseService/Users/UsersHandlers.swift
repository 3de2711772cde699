// The rules' room: `users.*`. What its methods share: who sees what of a user.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseRPC
internal import MuseStore

/// The handlers of `users.*`, a file a method.
struct UsersHandlers: UsersMethods {
    let core: ServiceCore

    /// An event of the audit log: who did what to whom. No params but the words of closed sets.
    func audit(_ call: Call, by caller: UUIDv7, subject: UUIDv7, role: Role? = nil) {
        var members = [
            ("method", "\"\(call.method.name)\""), ("caller", "\"\(caller)\""),
            ("subject", "\"\(subject)\""),
        ]
        if let role { members.append(("role", "\"\(role.rawValue)\"")) }
        core.shared.control.log("audit", members)
    }
}

extension Viewer? {
    /// Whether e-mail address and ban of a user are shown to it.
    func seesPrivate(of user: UUIDv7) -> Bool {
        guard let self else { return false }
        return self.user == user || self.isAdmin
    }
}

extension UserRecord {
    /// As somebody sees it.
    func seen(by viewer: Viewer?) -> User { viewer.seesPrivate(of: id) ? whole : open }
}

extension UserRow {
    /// As somebody sees it; its texts are lent.
    func view(for viewer: Viewer?) -> UserView {
        var view = UserView(
            id: id, username: TextView(username), displayName: displayName.map { TextView($0) },
            bio: bio.map { TextView($0) }, role: role.word, createdAt: id.timestamp,
            postCount: postCount, revision: revision)
        guard viewer.seesPrivate(of: id) else { return view }
        view.email = .some(email.map { TextView($0) })
        view.ban = .some(nil)
        if let bannedAt, let banReason {
            view.ban = .some(BanView(reason: TextView(banReason), createdAt: bannedAt))
        }
        return view
    }
}

extension AuthorRow {
    var author: Author {
        Author(id: id, username: username.string, displayName: displayName?.string)
    }

    /// Its texts are lent.
    var view: AuthorView {
        AuthorView(
            id: id, username: TextView(username), displayName: displayName.map { TextView($0) })
    }
}

extension TextView {
    /// A row's text, lent on; it goes with the row.
    init(_ text: LentText) {
        unsafe self.init(text.bytes)
    }
}

extension WriteContext {
    /// The user that a write was about, as its caller sees it now.
    /// - Throws: 1201 where it has gone.
    func user(_ ids: [UUIDv7]) throws -> User {
        guard let id = ids.first, let user = try tx.user(id) else { throw RPCError.notFound() }
        tell { user.digest(for: caller, into: &$0) }
        return user.seen(by: caller)
    }

    /// The caller's own account after a write. Its state is told as `auth.whoami` shows it.
    /// - Throws: 1201 where it has gone.
    func me(_ ids: [UUIDv7]) throws -> User {
        guard let id = ids.first, let user = try tx.user(id) else { throw RPCError.notFound() }
        tell { $0.addCaller(user, caller) }
        return user.seen(by: caller)
    }

    /// Holds on to the last admin who can act.
    /// - Throws: 1304 where it is this one, 1501 before that.
    func checkNotLastAdmin(_ user: UserRecord) throws {
        guard user.isActiveAdmin, try !tx.hasActiveAdmin(besides: user.id) else { return }
        try shared.checkWrites(of: caller.user)
        throw RPCError.conflict()
    }
}
