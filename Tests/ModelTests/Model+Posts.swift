// The model: posts, likes and comments.
internal import MuseJSON

extension Model {
    func visiblePost(_ params: ReadParams, _ name: String = "id") throws(Refusal) -> Post {
        guard let post = posts[params.must(name)] else { throw Refusal.notFound }
        return post
    }

    mutating func remove(_ post: Post) {
        posts[post.id] = nil
        likes[post.id] = nil
        hiddenLikes[post.id] = nil
        hiddenComments[post.id] = nil
        guard holds(.deletedPostTakesComments) else { return }
        for comment in comments[post.id] ?? [] { postOfComment[comment.id] = nil }
        comments[post.id] = nil
    }

    // MARK: Posts

    func getPost(_ call: ModelCall, _ params: ReadParams) throws(Refusal) -> Expected {
        let viewer = try viewer(call)
        return shown(try visiblePost(params), to: viewer)
    }

    mutating func createPost(
        _ call: ModelCall, _ params: ReadParams, _ observed: JSONValue?
    ) throws(Refusal) -> Expected {
        let caller = try caller(call)
        let owner = "user " + caller.user.id
        if let memory = try recall(owner, call, params) {
            guard let post = posts[memory.id] else { throw Refusal.notFound }
            return shown(post, to: caller)
        }
        try checkWrites(caller)
        let id = try adopt(observed?["id"])
        let post = Post(
            id: id, author: caller.user.id, body: params.must("body"), updatedAt: Self.madeAt(id))
        posts[id] = post
        remember(owner, call, params, id: id)
        return shown(post, to: caller)
    }

    mutating func updatePost(_ call: ModelCall, _ params: ReadParams) throws(Refusal) -> Expected {
        let caller = try caller(call)
        let owner = "user " + caller.user.id
        let memory = try recall(owner, call, params)
        var post = try visiblePost(params)
        if memory != nil { return shown(post, to: caller) }
        guard post.author == caller.user.id || !holds(.ownership) else {
            throw Refusal.permissionDenied
        }
        if let revision = params.int("revision"), revision != post.revision, holds(.staleRevision) {
            throw Refusal.stale(post.revision)
        }
        try checkWrites(caller)
        post.body = params.must("body")
        post.revision += 1
        post.updatedAt = later(now, post.updatedAt)
        posts[post.id] = post
        remember(owner, call, params, id: post.id)
        return shown(post, to: caller)
    }

    mutating func deletePost(_ call: ModelCall, _ params: ReadParams) throws(Refusal) -> Expected {
        let caller = try caller(call)
        let owner = "user " + caller.user.id
        if try recall(owner, call, params) != nil { return .object([]) }
        let post = try visiblePost(params)
        let isModerator = caller.isModerator && holds(.moderatorsDelete)
        guard post.author == caller.user.id || isModerator else { throw Refusal.permissionDenied }
        try checkWrites(caller)
        remove(post)
        remember(owner, call, params)
        return .object([])
    }

    // MARK: Likes

    mutating func like(_ call: ModelCall, _ params: ReadParams) throws(Refusal) -> Expected {
        try writeLike(call, params) { model, post, user in
            let isThere = model.likes[post, default: []].contains { $0.user == user }
            if isThere, model.holds(.likeOnce) { return }
            model.likesMade += 1
            let rank = Self.rank(ofLike: model.likesMade)
            model.likes[post, default: []].append(Like(user: user, rank: rank))
        }
    }

    /// A text that sorts as the number does.
    static func rank(ofLike number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 9 - digits.count) + digits
    }

    mutating func unlike(_ call: ModelCall, _ params: ReadParams) throws(Refusal) -> Expected {
        try writeLike(call, params) { model, post, user in
            model.likes[post]?.removeAll { $0.user == user }
        }
    }

    private mutating func writeLike(
        _ call: ModelCall, _ params: ReadParams, _ change: (inout Model, String, String) -> Void
    ) throws(Refusal) -> Expected {
        let caller = try caller(call)
        let owner = "user " + caller.user.id
        let memory = try recall(owner, call, params)
        let post = try visiblePost(params)
        guard memory == nil else { return shown(post, to: caller) }
        try checkWrites(caller)
        change(&self, post.id, caller.user.id)
        remember(owner, call, params, id: post.id)
        return shown(post, to: caller)
    }

    // MARK: Comments

    private func visibleComment(_ id: String) throws(Refusal) -> Comment {
        guard let post = postOfComment[id],
            let comment = comments[post]?.first(where: { $0.id == id })
        else { throw Refusal.notFound }
        return comment
    }

    private mutating func replace(_ comment: Comment) {
        guard let index = comments[comment.post]?.firstIndex(where: { $0.id == comment.id }) else {
            return
        }
        comments[comment.post]?[index] = comment
    }

    mutating func createComment(
        _ call: ModelCall, _ params: ReadParams, _ observed: JSONValue?
    ) throws(Refusal) -> Expected {
        let caller = try caller(call)
        let owner = "user " + caller.user.id
        if let memory = try recall(owner, call, params) {
            return shown(try visibleComment(memory.id))
        }
        let post = try visiblePost(params, "post_id")
        try checkWrites(caller)
        let id = try adopt(observed?["id"])
        let comment = Comment(
            id: id, post: post.id, author: caller.user.id, body: params.must("body"),
            updatedAt: Self.madeAt(id))
        comments[post.id, default: []].append(comment)
        postOfComment[id] = post.id
        remember(owner, call, params, id: id)
        return shown(comment)
    }

    func getComment(_ call: ModelCall, _ params: ReadParams) throws(Refusal) -> Expected {
        _ = try viewer(call)
        return shown(try visibleComment(params.must("id")))
    }

    mutating func updateComment(
        _ call: ModelCall, _ params: ReadParams
    ) throws(Refusal) -> Expected {
        let caller = try caller(call)
        let owner = "user " + caller.user.id
        let memory = try recall(owner, call, params)
        var comment = try visibleComment(params.must("id"))
        if memory != nil { return shown(comment) }
        guard comment.author == caller.user.id else { throw Refusal.permissionDenied }
        if let revision = params.int("revision"), revision != comment.revision {
            throw Refusal.stale(comment.revision)
        }
        try checkWrites(caller)
        comment.body = params.must("body")
        comment.revision += 1
        comment.updatedAt = later(now, comment.updatedAt)
        replace(comment)
        remember(owner, call, params, id: comment.id)
        return shown(comment)
    }

    mutating func deleteComment(
        _ call: ModelCall, _ params: ReadParams
    ) throws(Refusal) -> Expected {
        let caller = try caller(call)
        let owner = "user " + caller.user.id
        if try recall(owner, call, params) != nil { return .object([]) }
        let comment = try visibleComment(params.must("id"))
        let isPostsAuthor =
            posts[comment.post]?.author == caller.user.id && holds(.postAuthorDeletesComments)
        guard comment.author == caller.user.id || isPostsAuthor || caller.isModerator else {
            throw Refusal.permissionDenied
        }
        try checkWrites(caller)
        comments[comment.post]?.removeAll { $0.id == comment.id }
        postOfComment[comment.id] = nil
        remember(owner, call, params)
        return .object([])
    }
}
