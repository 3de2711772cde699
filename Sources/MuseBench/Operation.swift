// The measuring room: what can be measured: the calls of each operation, by the schema's own types.
internal import MentalMuseProtocol
internal import MuseBase

/// What a load asks for.
package enum Operation: String, CaseIterable, Sendable {
    /// Nothing but an answer.
    case ping
    /// A page of 20 comments of any post, by an attached caller.
    case page
    /// The same with the token in each call.
    case pageToken = "page-token"
    /// One post, by an attached caller.
    case get
    /// Writing a post, each with an idempotency key, by an attached caller.
    case create
    /// A log-in: a password is hashed.
    case login

    static let pageItems = 20

    /// Whether it reads posts that must be there.
    var readsPosts: Bool { [.page, .pageToken, .get].contains(self) }

    /// Whether the connection is attached to the caller.
    var isAttached: Bool { [.page, .get, .create].contains(self) }

    /// How many may be under way in all; nil for any number. Hashing has a queue of its own, which
    /// is full at 64.
    var inFlightMax: Int? { self == .login ? 16 : nil }

    var method: MethodID {
        switch self {
        case .ping: .serverPing
        case .page, .pageToken: .commentsList
        case .get: .postsGet
        case .create: .postsCreate
        case .login: .authLogin
        }
    }

    /// The calls, of which a load makes any.
    func calls(_ ground: Ground, token: String) -> [OneCall] {
        switch self {
        case .ping: [OneCall(method: method, params: ServerPingParams())]
        case .page, .pageToken:
            ground.posts.map {
                OneCall(
                    method: method,
                    params: CommentsListParams(postID: $0, limit: Self.pageItems),
                    token: self == .pageToken ? token : nil)
            }
        case .get: ground.posts.map { OneCall(method: method, params: PostsGetParams(id: $0)) }
        case .create:
            [OneCall(method: method, params: PostsCreateParams(body: Ground.body), isKeyed: true)]
        case .login:
            [
                OneCall(
                    method: method,
                    params: AuthLoginParams(
                        username: ground.account.username, password: ground.account.password))
            ]
        }
    }

    /// Reads one answer whole, by the schema's own decoder.
    /// - Throws: where it is not what the operation is for.
    func tryOnce(_ ground: Ground, token: String, _ target: Target) throws(BenchError) {
        guard let call = calls(ground, token: token).first else { return }
        let caller = try CallConnection(target)
        let isRight: Bool
        switch self {
        case .ping:
            let pong: String = try caller.call(method, call.params)
            isRight = !pong.isEmpty
        case .page, .pageToken:
            let page: CommentPage = try caller.call(method, call.params, token: token)
            isRight = page.items.count <= Self.pageItems
        case .get:
            let post: Post = try caller.call(method, call.params, token: token)
            isRight = post.id == ground.posts.first
        case .create:
            let post: Post = try caller.call(method, call.params, token: token)
            isRight = post.body == Ground.body
        case .login:
            let grant: Grant = try caller.call(method, call.params)
            isRight = grant.user.username == ground.account.username
        }
        guard isRight else { throw BenchError("\(method.name) answers something else") }
    }
}
