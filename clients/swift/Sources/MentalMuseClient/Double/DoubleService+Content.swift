// The client's test double: `posts.*` and `comments.*`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseRPC

extension DoubleService {
    // MARK: Posts

    mutating func content(
        _ invocation: Invocation, _ call: DoubleCall, into writer: inout JSONWriter
    ) throws(RPCError) -> Bool {
        switch invocation {
        case .postsCreate(let params):
            let author = try call.user()
            if let memory = call.memory, let id = keys[memory] {
                shown(try post(id), to: call).encode(into: &writer)
                return true
            }
            let row = PostRow(
                id: newID(), author: author, body: params.body, createdAt: now, updatedAt: now)
            posts.append(row)
            if let memory = call.memory { keys[memory] = row.id }
            countPosts(author, 1)
            shown(row, to: call).encode(into: &writer)
        case .postsGet(let params): shown(try post(params.id), to: call).encode(into: &writer)
        case .postsList(let params):
            let author = params.authorID
            try page(
                posts.filter { author == nil || $0.author == author }, params.limit, params.cursor,
                params.order, id: \.id, into: &writer
            ) { row, writer in shown(row, to: call).encode(into: &writer) }
        case .postsUpdate(let params):
            let row = try post(params.id)
            guard row.author == (try call.user()) else { throw .permissionDenied() }
            if let revision = params.revision, revision != row.revision {
                throw .staleRevision(current: row.revision)
            }
            let now = now
            change(params.id) { row in
                row.body = params.body
                row.updatedAt = now
                row.revision += 1
            }
            shown(try post(params.id), to: call).encode(into: &writer)
        case .postsDelete(let params):
            let row = try post(params.id)
            let caller = try call.user()
            let mayModerate = try isModerator(call)
            guard caller == row.author || mayModerate else {
                throw .permissionDenied()
            }
            delete(post: row.id)
            writer.raw("{}")
        default: return try likes(invocation, call, into: &writer)
        }
        return true
    }

    private mutating func likes(
        _ invocation: Invocation, _ call: DoubleCall, into writer: inout JSONWriter
    ) throws(RPCError) -> Bool {
        switch invocation {
        case .postsLike(let params):
            let user = try call.user()
            _ = try post(params.id)
            change(params.id) { if !$0.likes.contains(user) { $0.likes.append(user) } }
            shown(try post(params.id), to: call).encode(into: &writer)
        case .postsUnlike(let params):
            let user = try call.user()
            _ = try post(params.id)
            change(params.id) { $0.likes.removeAll { $0 == user } }
            shown(try post(params.id), to: call).encode(into: &writer)
        case .postsLikers(let params):
            let likers = try post(params.id).likes.compactMap { id in try? account(id).user }
            try page(
                likers.sorted { $0.id < $1.id }, params.limit, params.cursor, params.order,
                id: \.id, into: &writer
            ) { user, writer in shown(user, to: call).encode(into: &writer) }
        default: return false
        }
        return true
    }

    private func post(_ id: UUIDv7) throws(RPCError) -> PostRow {
        guard let row = posts.first(where: { $0.id == id }) else { throw .notFound() }
        return row
    }

    private mutating func change(_ id: UUIDv7, _ body: (inout PostRow) -> Void) {
        guard let index = posts.firstIndex(where: { $0.id == id }) else { return }
        body(&posts[index])
    }

    mutating func delete(post id: UUIDv7) {
        guard let row = posts.first(where: { $0.id == id }) else { return }
        posts.removeAll { $0.id == id }
        comments.removeAll { $0.post == id }
        countPosts(row.author, -1)
    }

    private mutating func countPosts(_ user: UUIDv7, _ change: Int) {
        guard let index = accounts.firstIndex(where: { $0.user.id == user }) else { return }
        accounts[index].user.postCount += change
    }

    private func isModerator(_ call: DoubleCall) throws(RPCError) -> Bool {
        let role = try account(try call.user()).user.role
        return role == .moderator || role == .admin
    }

    private func author(_ id: UUIDv7) -> Author {
        let user = try? account(id).user
        return Author(id: id, username: user?.username ?? "", displayName: user?.displayName)
    }

    private func shown(_ row: PostRow, to call: DoubleCall) -> Post {
        Post(
            id: row.id, author: author(row.author), body: row.body, createdAt: row.createdAt,
            updatedAt: row.updatedAt, edited: row.revision > 1, likeCount: row.likes.count,
            commentCount: comments.count { $0.post == row.id },
            liked: call.caller.map { row.likes.contains($0.user) } ?? false, revision: row.revision)
    }

    // MARK: Comments

    mutating func talk(
        _ invocation: Invocation, _ call: DoubleCall, into writer: inout JSONWriter
    ) throws(RPCError) -> Bool {
        switch invocation {
        case .commentsCreate(let params):
            let user = try call.user()
            if let memory = call.memory, let id = keys[memory] {
                shown(try comment(id)).encode(into: &writer)
                return true
            }
            _ = try post(params.postID)
            let row = CommentRow(
                id: newID(), post: params.postID, author: user, body: params.body, createdAt: now,
                updatedAt: now)
            comments.append(row)
            if let memory = call.memory { keys[memory] = row.id }
            shown(row).encode(into: &writer)
        case .commentsGet(let params): shown(try comment(params.id)).encode(into: &writer)
        case .commentsList(let params):
            _ = try post(params.postID)
            try page(
                comments.filter { $0.post == params.postID }, params.limit, params.cursor,
                params.order, id: \.id, into: &writer
            ) { row, writer in shown(row).encode(into: &writer) }
        case .commentsUpdate(let params): try update(params, call).encode(into: &writer)
        case .commentsDelete(let params):
            let row = try comment(params.id)
            let user = try call.user()
            let mayModerate = try isModerator(call)
            let host = try post(row.post).author
            guard row.author == user || host == user || mayModerate else {
                throw .permissionDenied()
            }
            comments.removeAll { $0.id == row.id }
            writer.raw("{}")
        default: return false
        }
        return true
    }

    private mutating func update(
        _ params: CommentsUpdateParams, _ call: DoubleCall
    ) throws(RPCError) -> Comment {
        let row = try comment(params.id)
        guard row.author == (try call.user()) else { throw .permissionDenied() }
        if let revision = params.revision, revision != row.revision {
            throw .staleRevision(current: row.revision)
        }
        let now = now
        guard let index = comments.firstIndex(where: { $0.id == row.id }) else { throw .notFound() }
        comments[index].body = params.body
        comments[index].updatedAt = now
        comments[index].revision += 1
        return shown(comments[index])
    }

    private func comment(_ id: UUIDv7) throws(RPCError) -> CommentRow {
        guard let row = comments.first(where: { $0.id == id }) else { throw .notFound() }
        return row
    }

    private func shown(_ row: CommentRow) -> Comment {
        Comment(
            id: row.id, postID: row.post, author: author(row.author), body: row.body,
            createdAt: row.createdAt, updatedAt: row.updatedAt, edited: row.revision > 1,
            revision: row.revision)
    }
}
