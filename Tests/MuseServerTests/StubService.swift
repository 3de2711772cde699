// A service of answers made up on the spot, which tests can hold and let go.
import Glibc
import MentalMuseProtocol
import MuseBase
import MuseJSON
import MuseRPC
import MuseServer
import MuseService

/// What happened, and what is held back.
final class Board: Sendable {
    @safe
    private struct State {
        var events: [String] = []
        var held: [String: UnsafeContinuation<Void, Never>] = unsafe [:]
        var released: Set<String> = []
        var pageUnit = 10
        var passes = 0
    }

    private let state = Lock(State())

    var events: [String] { state.withLock { $0.events } }
    var passes: Int { state.withLock { $0.passes } }

    var pageUnit: Int {
        get { state.withLock { $0.pageUnit } }
        set { state.withLock { $0.pageUnit = newValue } }
    }

    func note(_ event: String) {
        state.withLock { $0.events.append(event) }
    }

    func notePass() {
        state.withLock { $0.passes += 1 }
    }

    /// Suspends until `release` is called of that name.
    func wait(for name: String) async {
        unsafe await withUnsafeContinuation { continuation in
            let isReleased = state.withLock { state in
                if state.released.remove(name) != nil { return true }
                unsafe state.held[name] = unsafe continuation
                return false
            }
            if isReleased { unsafe continuation.resume() }
        }
    }

    /// Keeps the thread until `release("stall")`.
    func stall() {
        while state.withLock({ $0.released.remove("stall") }) == nil { sched_yield() }
    }

    func release(_ name: String) {
        let continuation = unsafe state.withLock { state in
            let held = unsafe state.held.removeValue(forKey: name)
            if unsafe held == nil { state.released.insert(name) }
            return unsafe held
        }
        unsafe continuation?.resume()
    }
}

/// Values that answers are made of.
enum Stub {
    static let id = UUIDv7(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001)
    static let claims = AccessClaims(
        user: id, session: id, expiresAt: Timestamp(milliseconds: 0), keyID: "k")
    static let user = User(
        id: id, username: "ada", displayName: "Ada", bio: nil, role: .user,
        createdAt: Timestamp(milliseconds: 0), postCount: 0, revision: 1, email: nil, ban: nil)

    static func post(_ body: String) -> Post {
        Post(
            id: id, author: Author(id: id, username: "ada", displayName: "Ada"), body: body,
            createdAt: Timestamp(milliseconds: 0), updatedAt: Timestamp(milliseconds: 0),
            edited: false, likeCount: 0, commentCount: 0, liked: false, revision: 1)
    }
}

/// The stub's handlers, one a worker.
final class StubHost: ServiceHost {
    let methods: Methods
    private let board: Board

    init(_ board: Board, _ control: ServerControl) {
        self.board = board
        methods = Methods(
            auth: StubAuth(board: board), users: StubUsers(), posts: StubPosts(board: board),
            comments: StubComments(board: board), server: StubServer(),
            admin: StubAdmin(control: control))
    }

    func endPass() {
        board.notePass()
    }

    func caller(of token: String) -> UUIDv7? { token.hasPrefix("good") ? Stub.id : nil }
}

private struct StubAuth: UnservedAuth {
    let board: Board

    func login(_ params: AuthLoginParams, _ call: Call) async throws(RPCError) -> Grant {
        board.note("login")
        guard params.password == "right password" else { throw .badCredentials() }
        if params.attach == true { call.peer.bound = Stub.claims }
        return Grant(
            user: Stub.user, sessionID: Stub.id, tokenType: "Bearer", accessToken: "a",
            accessExpiresAt: Timestamp(milliseconds: 0), refreshToken: "r",
            refreshExpiresAt: Timestamp(milliseconds: 0))
    }

    func attach(_ params: AuthAttachParams, _ call: Call) async throws(RPCError) -> Caller {
        board.note("attach")
        guard params.accessToken.hasPrefix("good") else { throw .tokenInvalid() }
        call.peer.bound = Stub.claims
        return Caller(user: Stub.user, sessionID: Stub.id, expiresAt: Timestamp(milliseconds: 0))
    }

    func detach(_ params: AuthDetachParams, _ call: Call) async throws(RPCError) -> Empty {
        call.peer.bound = nil
        return Empty()
    }

    func whoami(_ params: AuthWhoamiParams, _ call: Call) async throws(RPCError) -> Caller {
        board.note("whoami")
        guard call.peer.bound != nil else { throw .unauthenticated() }
        return Caller(user: Stub.user, sessionID: Stub.id, expiresAt: Timestamp(milliseconds: 0))
    }
}

private struct StubUsers: UnservedUsers {}

private struct StubPosts: UnservedPosts {
    let board: Board

    func create(_ params: PostsCreateParams, _ call: Call) async throws(RPCError) -> Post {
        board.note("begin \(params.body)")
        call.observer?.callQueued()
        if params.body.hasPrefix("hold") {
            await board.wait(for: params.body)
            guard call.ticket?.begin() ?? true else { throw .cancelled() }
        }
        board.note("end \(params.body)")
        return Stub.post(params.body)
    }

    func get(_ params: PostsGetParams, _ call: Call) async throws(RPCError) -> Post {
        board.note("get")
        return Stub.post("one")
    }

    func list(
        _ params: PostsListParams, _ call: Call, into page: inout JSONWriter
    ) async throws(RPCError) {
        board.note("list")
        page.beginPage()
        page.byte(UInt8(ascii: "\""))
        let text = [UInt8](
            repeating: UInt8(ascii: "x"), count: (params.limit ?? 20) * board.pageUnit)
        page.raw(text.span)
        page.byte(UInt8(ascii: "\""))
        page.endPage(nextCursor: nil)
    }
}

private struct StubComments: UnservedComments {
    let board: Board

    /// Says which connection it came on; of a limit of 99 it holds the worker itself.
    func list(
        _ params: CommentsListParams, _ call: Call, into page: inout JSONWriter
    ) async throws(RPCError) {
        board.note("comments on \(call.peer.id)")
        if params.limit == 99 { board.stall() }
        page.beginPage()
        page.endPage(nextCursor: nil)
    }
}

private struct StubServer: UnservedServer {
    func ping(_ params: ServerPingParams, _ call: Call) throws(RPCError) -> String {
        "pong"
    }
}

private struct StubAdmin: UnservedAdmin {
    let control: ServerControl

    func connections(
        _ params: AdminConnectionsParams, _ call: Call
    ) throws(RPCError) -> Connections {
        Connections(items: control.connections())
    }

    func disconnect(_ params: AdminDisconnectParams, _ call: Call) throws(RPCError) -> Empty {
        guard control.disconnect(UInt64(params.connectionID)) else { throw .notFound() }
        return Empty()
    }

    func setLog(_ params: AdminSetLogParams, _ call: Call) throws(RPCError) -> RequestLog {
        control.setRequestLog(params.requests)
        return RequestLog(requests: params.requests)
    }
}
