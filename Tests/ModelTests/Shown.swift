// The model: how things are shown, and to whom.

/// Who calls, and by which session.
struct Viewer {
    let user: Model.User
    let session: Model.Session
    let expiresAt: Moment

    var isAdmin: Bool { user.role == "admin" }
    var isModerator: Bool { user.role == "moderator" || isAdmin }
}

extension Model {
    /// A user; e-mail address and ban are its own and the admins' to see.
    func shown(_ user: User, to viewer: Viewer?) -> Expected {
        var members: [(String, Expected)] = [
            ("id", .text(user.id)), ("username", .text(user.username)),
            ("display_name", .optional(user.displayName)), ("bio", .optional(user.bio)),
            ("role", .text(user.role)), ("created_at", .time(Self.madeAt(user.id))),
            ("post_count", .int(posts.values.count { $0.author == user.id })),
            ("revision", .int(user.revision)),
        ]
        if !holds(.emailIsPrivate) || viewer?.user.id == user.id || viewer?.isAdmin == true {
            members.append(("email", .optional(user.email)))
            let ban = user.ban.map { ban in
                Expected.object([("reason", .text(ban.reason)), ("created_at", .time(ban.at))])
            }
            members.append(("ban", ban ?? .null))
        }
        return .object(members)
    }

    /// A user as it sees itself.
    func whole(_ user: User) -> Expected {
        let session = Session(
            id: "", user: user.id, device: nil, address: "", lastUsedAt: now, endsAt: now, pair: 0)
        return shown(user, to: Viewer(user: user, session: session, expiresAt: now))
    }

    private func author(_ id: String) -> Expected {
        guard let user = users[id] else { return .never("an author who is there") }
        return .object([
            ("id", .text(user.id)), ("username", .text(user.username)),
            ("display_name", .optional(user.displayName)),
        ])
    }

    func shown(_ post: Post, to viewer: Viewer?) -> Expected {
        let likes = likes[post.id] ?? []
        let comments = (comments[post.id] ?? []).count
        return .object([
            ("id", .text(post.id)), ("author", author(post.author)), ("body", .text(post.body)),
            ("created_at", .time(Self.madeAt(post.id))), ("updated_at", .time(post.updatedAt)),
            ("edited", .bool(post.revision > 1)),
            ("like_count", .between(likes.count, likes.count + (hiddenLikes[post.id] ?? 0))),
            ("comment_count", .between(comments, comments + (hiddenComments[post.id] ?? 0))),
            ("liked", .bool(likes.contains { $0.user == viewer?.user.id })),
            ("revision", .int(post.revision)),
        ])
    }

    func shown(_ comment: Comment) -> Expected {
        .object([
            ("id", .text(comment.id)), ("post_id", .text(comment.post)),
            ("author", author(comment.author)), ("body", .text(comment.body)),
            ("created_at", .time(Self.madeAt(comment.id))),
            ("updated_at", .time(comment.updatedAt)), ("edited", .bool(comment.revision > 1)),
            ("revision", .int(comment.revision)),
        ])
    }

    func shown(_ session: Session, to viewer: Viewer) -> Expected {
        .object([
            ("id", .text(session.id)), ("device", .optional(session.device)),
            ("address", .text(session.address)), ("created_at", .time(Self.madeAt(session.id))),
            ("last_used_at", .time(session.lastUsedAt)),
            ("current", .bool(session.id == viewer.session.id)),
        ])
    }

    func shown(_ viewer: Viewer) -> Expected {
        .object([
            ("user", whole(viewer.user)), ("session_id", .text(viewer.session.id)),
            ("expires_at", .time(viewer.expiresAt)),
        ])
    }
}
