// The client's test double: `auth.*` and `users.*`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseRPC

extension DoubleService {
    // MARK: Sessions

    mutating func session(
        _ invocation: Invocation, _ call: DoubleCall, into writer: inout JSONWriter
    ) throws(RPCError) -> Bool {
        switch invocation {
        case .authRegister(let params): try register(params, call).encode(into: &writer)
        case .authLogin(let params):
            guard let account = accounts.first(where: { $0.user.username == params.username }),
                account.password == params.password
            else { throw .badCredentials() }
            if case .some(.some) = account.user.ban { throw .accountDisabled() }
            grant(account.user, device: params.device).encode(into: &writer)
        case .authRefresh(let params): try refresh(params, call).encode(into: &writer)
        case .authAttach(let params):
            bound[call.connection] = nil
            let login = try login(params.accessToken)
            bound[call.connection] = params.accessToken
            try caller(login).encode(into: &writer)
        case .authDetach:
            bound[call.connection] = nil
            writer.raw("{}")
        case .authLogout(let params):
            let token = params.refreshToken ?? call.token
            guard let token else { throw .unauthenticated() }
            let own = logins.first { $0.accessToken == token || $0.refreshToken == token }
            end { $0.id == own?.id || (params.all == true && $0.user == own?.user) }
            writer.raw("{}")
        case .authWhoami:
            guard let login = call.caller else { throw .unauthenticated() }
            try caller(login).encode(into: &writer)
        default: return try ownSessions(invocation, call, into: &writer)
        }
        return true
    }

    private mutating func ownSessions(
        _ invocation: Invocation, _ call: DoubleCall, into writer: inout JSONWriter
    ) throws(RPCError) -> Bool {
        switch invocation {
        case .authChangePassword(let params):
            guard let login = call.caller,
                let index = accounts.firstIndex(where: { $0.user.id == login.user }),
                accounts[index].password == params.currentPassword
            else { throw .badCredentials() }
            accounts[index].password = params.newPassword
            end { $0.user == login.user && $0.id != login.id }
            try renew(login.id).encode(into: &writer)
        case .authSessions(let params):
            let user = try call.user()
            try page(
                logins.filter { $0.user == user }, params.limit, params.cursor, params.order,
                id: \.id, into: &writer
            ) { login, writer in
                Session(
                    id: login.id, device: login.device, address: "unix", createdAt: login.createdAt,
                    lastUsedAt: login.createdAt, current: login.id == call.caller?.id
                ).encode(into: &writer)
            }
        case .authEndSession(let params):
            let user = try call.user()
            guard logins.contains(where: { $0.id == params.sessionID && $0.user == user }) else {
                throw .notFound()
            }
            end { $0.id == params.sessionID }
            writer.raw("{}")
        default: return false
        }
        return true
    }

    private mutating func register(
        _ params: AuthRegisterParams, _ call: DoubleCall
    ) throws(RPCError) -> Grant {
        if let account = accounts.first(where: { $0.user.username == params.username }) {
            // The same registration once more is known by its key.
            let memory = params.username + " " + (call.key ?? "")
            guard call.key != nil, keys[memory] == account.user.id,
                account.password == params.password
            else { throw .alreadyExists(field: "username") }
            return grant(account.user, device: nil)
        }
        let user = User(
            id: newID(), username: params.username, displayName: params.displayName, bio: nil,
            role: .user, createdAt: now, postCount: 0, revision: 1, email: .some(params.email),
            ban: .some(nil))
        accounts.append(Account(user: user, password: params.password))
        if let key = call.key { keys[params.username + " " + key] = user.id }
        return grant(user, device: nil)
    }

    private mutating func grant(_ user: User, device: String?) -> Grant {
        let (access, refresh) = newTokens()
        let login = Login(
            id: newID(), user: user.id, device: device, createdAt: now, accessToken: access,
            refreshToken: refresh)
        logins.append(login)
        return grant(login, user)
    }

    private func grant(_ login: Login, _ user: User) -> Grant {
        Grant(
            user: user, sessionID: login.id, tokenType: "Bearer", accessToken: login.accessToken,
            accessExpiresAt: now + 900_000, refreshToken: login.refreshToken,
            refreshExpiresAt: now + 2_592_000_000)
    }

    /// New tokens for a session.
    private mutating func renew(_ id: UUIDv7, key: String? = nil) throws(RPCError) -> Grant {
        guard let index = logins.firstIndex(where: { $0.id == id }) else { throw .tokenRevoked() }
        logins[index].spent = (logins[index].refreshToken, key)
        (logins[index].accessToken, logins[index].refreshToken) = newTokens()
        logins[index].isExpired = false
        return grant(logins[index], try account(logins[index].user).user)
    }

    private mutating func refresh(
        _ params: AuthRefreshParams, _ call: DoubleCall
    ) throws(RPCError) -> Grant {
        let token = params.refreshToken
        if let login = logins.first(where: { $0.refreshToken == token }) {
            return try renew(login.id, key: call.key)
        }
        if let login = logins.first(where: { $0.spent?.token == token }) {
            // A lost answer is given again; any other second use ends the session.
            if let key = call.key, login.spent?.key == key {
                return grant(login, try account(login.user).user)
            }
            end { $0.id == login.id }
            throw .tokenReused()
        }
        throw revoked.contains(token) ? .tokenRevoked() : .tokenInvalid()
    }

    private func caller(_ login: Login) throws(RPCError) -> Caller {
        Caller(
            user: try account(login.user).user, sessionID: login.id, expiresAt: now + 900_000)
    }

    // MARK: Users

    mutating func people(
        _ invocation: Invocation, _ call: DoubleCall, into writer: inout JSONWriter
    ) throws(RPCError) -> Bool {
        switch invocation {
        case .usersGet(let params):
            guard
                let account = accounts.first(where: {
                    $0.user.id == params.id || $0.user.username == params.username
                })
            else { throw .notFound() }
            shown(account.user, to: call).encode(into: &writer)
        case .usersList(let params):
            let query = params.query?.lowercased() ?? ""
            try page(
                accounts.map(\.user).filter { $0.username.hasPrefix(query) }, params.limit,
                params.cursor, params.order, id: \.id, into: &writer
            ) { user, writer in shown(user, to: call).encode(into: &writer) }
        case .usersUpdate(let params): try update(params, call).encode(into: &writer)
        case .usersDelete(let params):
            let user = try call.user()
            guard try account(user).password == params.currentPassword else {
                throw .badCredentials()
            }
            accounts.removeAll { $0.user.id == user }
            for post in posts where post.author == user { delete(post: post.id) }
            comments.removeAll { $0.author == user }
            for index in posts.indices { posts[index].likes.removeAll { $0 == user } }
            end { $0.user == user }
            writer.raw("{}")
        default: return try moderate(invocation, call, into: &writer)
        }
        return true
    }

    private mutating func moderate(
        _ invocation: Invocation, _ call: DoubleCall, into writer: inout JSONWriter
    ) throws(RPCError) -> Bool {
        let (id, change): (UUIDv7, (inout User) -> Void)
        switch invocation {
        case .usersSetRole(let params):
            (id, change) = (
                params.id,
                {
                    $0.role = params.role
                    $0.revision += 1
                }
            )
        case .usersBan(let params):
            let ban = Ban(reason: params.reason, createdAt: now)
            (id, change) = (params.id, { $0.ban = .some(ban) })
        case .usersUnban(let params): (id, change) = (params.id, { $0.ban = .some(nil) })
        default: return false
        }
        guard try account(try call.user()).user.role == .admin else { throw .permissionDenied() }
        guard let index = accounts.firstIndex(where: { $0.user.id == id }) else {
            throw .notFound()
        }
        change(&accounts[index].user)
        if case .some(.some) = accounts[index].user.ban { end { $0.user == id } }
        accounts[index].user.encode(into: &writer)
        return true
    }

    private mutating func update(
        _ params: UsersUpdateParams, _ call: DoubleCall
    ) throws(RPCError) -> User {
        let id = try call.user()
        guard let index = accounts.firstIndex(where: { $0.user.id == id }) else {
            throw .notFound()
        }
        var user = accounts[index].user
        if params.email != .absent {
            guard let password = params.currentPassword else {
                throw .invalidParams(
                    errors: [
                        Offence(path: "/current_password", rule: "required", expected: "true")
                    ])
            }
            guard password == accounts[index].password else { throw .badCredentials() }
        }
        if let revision = params.revision, revision != user.revision {
            throw .staleRevision(current: user.revision)
        }
        func apply(_ value: Clearable<String>, _ member: inout String?) {
            switch value {
            case .absent: break
            case .clear: member = nil
            case .set(let text): member = text
            }
        }
        apply(params.displayName, &user.displayName)
        apply(params.bio, &user.bio)
        var email = user.email ?? nil
        apply(params.email, &email)
        user.email = .some(email)
        user.revision += 1
        accounts[index].user = user
        return user
    }

    /// What a caller may see of a user.
    func shown(_ user: User, to call: DoubleCall) -> User {
        if user.id == call.caller?.user { return user }
        if let caller = call.caller, (try? account(caller.user).user.role) == .admin { return user }
        var shown = user
        shown.email = nil
        shown.ban = nil
        return shown
    }
}
