// The measuring room: what a load stands on: an account, and posts with comments.
internal import MentalMuseProtocol
internal import MuseBase

/// An account of the server.
package struct Account: Sendable, Equatable {
    package let username: String
    package let password: String

    package init(username: String, password: String) {
        self.username = username
        self.password = password
    }

    /// One that nobody has yet.
    static func fresh() -> Account {
        let random = RandomSource.system
        func hex() -> String { String(random.uint64(), radix: 16) }
        return Account(username: "bench_" + hex().prefix(12), password: hex() + hex())
    }
}

/// Whom the load is, and what it reads.
struct Ground: Sendable {
    let account: Account
    let posts: [UUIDv7]

    /// Of one size, that of a short post.
    static let body =
        "the quick brown fox jumps over the lazy dog while seven wizards mix quartz and very few "
        + "pink gnomes object to it now"
    static let commentsEach = 40
    /// Calls of a connection that are under way together: below the server's own bound.
    private static let window = 100
    private static let connections = 4

    /// Registers an account where none is given.
    static func account(_ given: Account?, _ target: Target) throws(BenchError) -> Account {
        guard given == nil else { return given ?? .fresh() }
        let account = Account.fresh()
        let caller = try CallConnection(target)
        _ = try caller.call(
            .authRegister,
            AuthRegisterParams(username: account.username, password: account.password),
            Grant.self)
        return account
    }

    /// A token of the account.
    static func token(_ account: Account, _ target: Target) throws(BenchError) -> String {
        let caller = try CallConnection(target)
        let grant: Grant = try caller.call(
            .authLogin,
            AuthLoginParams(username: account.username, password: account.password))
        return grant.accessToken
    }

    /// Makes posts, with comments on each, over a few connections.
    /// - Parameter told: is told how much of it is done, 0 to 1.
    static func seed(
        _ count: Int, _ account: Account, _ target: Target, told: (Double) -> Void
    ) throws(BenchError) -> Ground {
        let token = try token(account, target)
        var callers: [CallConnection] = []
        for _ in 0..<connections {
            let caller = try CallConnection(target)
            let _: Caller = try caller.call(
                .authAttach, AuthAttachParams(accessToken: token))
            callers.append(caller)
        }
        let all = Double(count * (commentsEach + 1))
        var done = 0
        let made: [Post] = try many(
            callers, .postsCreate, count, { _ in PostsCreateParams(body: body) }
        ) {
            done += $0; told(Double(done) / all)
        }
        let posts = made.map(\.id)
        let _: [Comment] = try many(
            callers, .commentsCreate, count * commentsEach,
            { CommentsCreateParams(postID: posts[$0 % count], body: body) }
        ) {
            done += $0; told(Double(done) / all)
        }
        return Ground(account: account, posts: posts)
    }

    private static func many<Value: ResultDecoding>(
        _ callers: [CallConnection], _ method: MethodID, _ count: Int,
        _ params: (Int) -> any ParamsEncoding, told: (Int) -> Void
    ) throws(BenchError) -> [Value] {
        var results: [Value] = []
        while results.count < count {
            var shares: [(CallConnection, Int)] = []
            var next = results.count
            for caller in callers {
                let end = min(count, next + window)
                let calls = (next..<end).map { OneCall(method: method, params: params($0)) }
                if calls.isEmpty { break }
                try caller.send(calls)
                shares.append((caller, calls.count))
                next = end
            }
            for (caller, share) in shares { results += try caller.receive(share, method) }
            told(shares.reduce(0) { $0 + $1.1 })
        }
        return results
    }

    /// The posts that are there: the newest, a thousand at most.
    static func found(_ account: Account, _ target: Target) throws(BenchError) -> Ground {
        let token = try token(account, target)
        let caller = try CallConnection(target)
        var posts: [UUIDv7] = []
        var cursor: String?
        repeat {
            let page: PostPage = try caller.call(
                .postsList, PostsListParams(limit: 100, cursor: cursor), token: token)
            posts += page.items.map(\.id)
            cursor = page.nextCursor
        } while cursor != nil && posts.count < 1_000
        return Ground(account: account, posts: posts)
    }
}
