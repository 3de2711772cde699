// The model: lists, and pages of them by cursor.
internal import MuseJSON

extension Model {
    /// A row of a list, and by what the list is ordered.
    private struct Row {
        let rank: String
        let item: Expected
    }

    func checkedCursor(
        _ list: String, _ filter: String, isNewest: Bool, _ params: ReadParams
    ) throws(Refusal) -> String? {
        guard let text = params.text("cursor") else { return nil }
        guard let cursor = cursors[text] else { throw Refusal.cursorInvalid }
        let isItsOwn =
            cursor.list == list && sameBytes(cursor.filter, filter) && cursor.isNewest == isNewest
        guard isItsOwn || !holds(.cursorOfAnotherList) else { throw Refusal.cursorInvalid }
        return cursor.after
    }

    /// A page: the next rows after the cursor. Where rows are hidden it may come short, and only a
    /// null is the end.
    /// - Parameter rows: all that can be seen, from the oldest to the newest.
    private mutating func page(
        _ list: String, filter: String, _ rows: [Row], mayBeShort: Bool, _ params: ReadParams,
        _ observed: JSONValue?
    ) throws(Refusal) -> Expected {
        let isNewest = params.text("order") != "oldest"
        let limit = params.int("limit") ?? 20
        let after = try checkedCursor(list, filter, isNewest: isNewest, params)
        var left = isNewest ? rows.reversed() : rows
        if let after { left = left.filter { isNewest ? $0.rank < after : $0.rank > after } }
        // A page that shows nothing has still begun: what is made later is not before it.
        let top = (list == "posts.likers" ? Self.rank(ofLike: likesMade) : lastID) + "~"
        let isEnd = observed?["next_cursor"]?.isNull ?? true
        var count = min(limit, left.count)
        if mayBeShort, !isEnd { count = min(count, observed?["items"]?.array?.count ?? 0) }
        var mustGoOn: Bool?
        if count < left.count {
            mustGoOn = true
        } else if count < limit, !mayBeShort {
            mustGoOn = false
        }
        if let text = observed?["next_cursor"]?.string {
            cursors[text] = Cursor(
                list: list, filter: filter, isNewest: isNewest,
                after: count > 0 ? left[count - 1].rank : after ?? (isNewest ? top : nil))
        }
        return .object([
            ("items", .list(left.prefix(count).map(\.item))), ("next_cursor", .cursor(mustGoOn)),
        ])
    }

    mutating func listSessions(
        _ call: ModelCall, _ params: ReadParams, _ observed: JSONValue?
    ) throws(Refusal) -> Expected {
        let caller = try caller(call)
        let all = sessions.values.filter { $0.user == caller.user.id }.sorted { $0.id < $1.id }
        let live = all.filter { !isOver($0.endsAt) }
        let rows = live.map { Row(rank: $0.id, item: shown($0, to: caller)) }
        return try page(
            call.method, filter: caller.user.id, rows, mayBeShort: live.count < all.count, params,
            observed)
    }

    mutating func listUsers(
        _ call: ModelCall, _ params: ReadParams, _ observed: JSONValue?
    ) throws(Refusal) -> Expected {
        let viewer = try viewer(call)
        let prefix = params.text("query").map(foldedASCII)
        let found = users.values.filter { user in
            prefix.map { user.username.utf8.starts(with: $0.utf8) } ?? true
        }
        let rows = found.sorted { $0.id < $1.id }.map {
            Row(rank: $0.id, item: shown($0, to: viewer))
        }
        return try page(
            call.method, filter: prefix ?? "", rows, mayBeShort: false, params, observed)
    }

    mutating func listPosts(
        _ call: ModelCall, _ params: ReadParams, _ observed: JSONValue?
    ) throws(Refusal) -> Expected {
        let viewer = try viewer(call)
        let author = params.text("author_id")
        let found = posts.values.filter { author == nil || $0.author == author }
        let rows = found.sorted { $0.id < $1.id }.map {
            Row(rank: $0.id, item: shown($0, to: viewer))
        }
        return try page(
            call.method, filter: author ?? "", rows, mayBeShort: hiddenPosts > 0 && author == nil,
            params, observed)
    }

    mutating func listLikers(
        _ call: ModelCall, _ params: ReadParams, _ observed: JSONValue?
    ) throws(Refusal) -> Expected {
        let viewer = try viewer(call)
        let post = try visiblePost(params)
        let rows = (likes[post.id] ?? []).compactMap { like in
            users[like.user].map { Row(rank: like.rank, item: shown($0, to: viewer)) }
        }
        return try page(
            call.method, filter: post.id, rows, mayBeShort: (hiddenLikes[post.id] ?? 0) > 0, params,
            observed)
    }

    mutating func listComments(
        _ call: ModelCall, _ params: ReadParams, _ observed: JSONValue?
    ) throws(Refusal) -> Expected {
        _ = try viewer(call)
        let post = try visiblePost(params, "post_id")
        let rows = (comments[post.id] ?? []).map { Row(rank: $0.id, item: shown($0)) }
        return try page(
            call.method, filter: post.id, rows, mayBeShort: (hiddenComments[post.id] ?? 0) > 0,
            params, observed)
    }
}
