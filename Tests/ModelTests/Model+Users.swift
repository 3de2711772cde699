// The model: users.
internal import MuseJSON

extension Model {
    func getUser(_ call: ModelCall, _ params: ReadParams) throws(Refusal) -> Expected {
        let viewer = try viewer(call)
        let user =
            params.text("id").map { users[$0] }
            ?? users.values.first { $0.username == params.must("username") }
        guard let user else { throw Refusal.notFound }
        return shown(user, to: viewer)
    }

    mutating func updateUser(_ call: ModelCall, _ params: ReadParams) throws(Refusal) -> Expected {
        let caller = try caller(call)
        let owner = "user " + caller.user.id
        if try recall(owner, call, params) != nil { return whole(caller.user) }
        var user = caller.user
        if let revision = params.int("revision"), revision != user.revision, holds(.staleRevision) {
            throw Refusal.stale(user.revision)
        }
        try checkWrites(caller)
        if let email = params.change("email") {
            try checkPassword(
                params.must("current_password"), of: user, name: user.username, call)
            user.email = email
        }
        if let name = params.change("display_name") { user.displayName = name }
        if let bio = params.change("bio") { user.bio = bio }
        if holds(.updatesCount) { user.revision += 1 }
        users[user.id] = user
        remember(owner, call, params, id: user.id)
        return whole(user)
    }

    mutating func deleteUser(_ call: ModelCall, _ params: ReadParams) throws(Refusal) -> Expected {
        let caller = try caller(call)
        let user = caller.user
        _ = try recall("user " + user.id, call, params)
        try checkWrites(caller)
        try checkPassword(params.must("current_password"), of: user, name: user.username, call)
        try checkNotLastAdmin(user)
        users[user.id] = nil
        endSessions(of: user.id)
        for post in posts.values where post.author == user.id {
            remove(post)
            hiddenPosts += 1
        }
        for (post, list) in comments {
            let left = list.filter { $0.author != user.id }
            guard left.count < list.count else { continue }
            hiddenComments[post, default: 0] += list.count - left.count
            for comment in list where comment.author == user.id { postOfComment[comment.id] = nil }
            comments[post] = left
        }
        for (post, list) in likes where holds(.deletedUserTakesLikes) {
            let left = list.filter { $0.user != user.id }
            guard left.count < list.count else { continue }
            hiddenLikes[post, default: 0] += list.count - left.count
            likes[post] = left
        }
        return .object([])
    }

    func checkNotLastAdmin(_ user: User) throws(Refusal) {
        guard holds(.lastAdmin), user.isActiveAdmin else { return }
        let isLast = !users.values.contains { $0.isActiveAdmin && $0.id != user.id }
        if isLast { throw Refusal.conflict }
    }

    /// A user that an admin writes to: the key first, then the role, then whether there is one. A
    /// repeat is answered with the user as it is now.
    private func target(
        _ call: ModelCall, _ params: ReadParams
    ) throws(Refusal) -> (caller: Viewer, user: User, isRepeat: Bool) {
        let caller: Viewer
        if let known = theOperator(call) { caller = known } else { caller = try self.caller(call) }
        let memory = try recall("user " + caller.user.id, call, params)
        if memory == nil, !caller.isAdmin { throw Refusal.permissionDenied }
        guard let user = users[params.must("id")] else { throw Refusal.notFound }
        return (caller, user, memory != nil)
    }

    private mutating func keep(
        _ user: User, _ caller: Viewer, _ call: ModelCall, _ params: ReadParams
    ) -> Expected {
        users[user.id] = user
        remember("user " + caller.user.id, call, params, id: user.id)
        return shown(user, to: caller)
    }

    mutating func setRole(_ call: ModelCall, _ params: ReadParams) throws(Refusal) -> Expected {
        var (caller, user, isRepeat) = try target(call, params)
        if isRepeat { return shown(user, to: caller) }
        try checkWrites(caller)
        if params.must("role") != "admin" { try checkNotLastAdmin(user) }
        user.role = params.must("role")
        user.revision += 1
        return keep(user, caller, call, params)
    }

    mutating func ban(_ call: ModelCall, _ params: ReadParams) throws(Refusal) -> Expected {
        var (caller, user, isRepeat) = try target(call, params)
        if isRepeat { return shown(user, to: caller) }
        try checkWrites(caller)
        try checkNotLastAdmin(user)
        user.ban = (params.must("reason"), user.ban?.at ?? now)
        if holds(.banEndsSessions) { endSessions(of: user.id) }
        return keep(user, caller, call, params)
    }

    mutating func unban(_ call: ModelCall, _ params: ReadParams) throws(Refusal) -> Expected {
        var (caller, user, isRepeat) = try target(call, params)
        if isRepeat { return shown(user, to: caller) }
        try checkWrites(caller)
        user.ban = nil
        return keep(user, caller, call, params)
    }

    // MARK: The operator

    static let operatorID = "(the operator)"
    private static let operatorKeys = "user " + operatorID

    private func checkOperator(_ call: ModelCall) throws(Refusal) {
        guard call.connection == ModelCall.theOperator else { throw Refusal.permissionDenied }
    }

    /// The operator as an admin without an account.
    private func theOperator(_ call: ModelCall) -> Viewer? {
        guard call.connection == ModelCall.theOperator, call.token == nil else { return nil }
        let user = User(id: Self.operatorID, username: "", role: "admin", password: "")
        let session = Session(
            id: "", user: user.id, device: nil, address: "", lastUsedAt: now, endsAt: now, pair: 0)
        return Viewer(user: user, session: session, expiresAt: now)
    }

    mutating func createUser(
        _ call: ModelCall, _ params: ReadParams, _ observed: JSONValue?
    ) throws(Refusal) -> Expected {
        try checkOperator(call)
        if let memory = try recall(Self.operatorKeys, call, params) {
            guard let user = users[memory.id] else { throw Refusal.notFound }
            return whole(user)
        }
        let user = try newUser(params, role: params.text("role") ?? "user", observed?["id"])
        remember(Self.operatorKeys, call, params, id: user.id)
        return whole(user)
    }

    mutating func setPassword(_ call: ModelCall, _ params: ReadParams) throws(Refusal) -> Expected {
        try checkOperator(call)
        if try recall(Self.operatorKeys, call, params) != nil { return .object([]) }
        let name = params.must("username")
        guard let user = users.values.first(where: { $0.username == name }) else {
            throw Refusal.notFound
        }
        try checkStrength(params.must("password"), name)
        users[user.id]?.password = params.must("password")
        endSessions(of: user.id)
        remember(Self.operatorKeys, call, params)
        return .object([])
    }
}
