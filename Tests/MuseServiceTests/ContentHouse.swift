// The service over a store of its own on a temporary folder, for the tests of the methods.
internal import Foundation
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseJSON
internal import MuseRPC
internal import MuseSQLite
internal import MuseService
internal import MuseStore

/// One service, as one worker has it; gone with the test. Deletions go on only when a test says so.
final class ContentHouse {
    /// Somebody with a live session, attached to a connection.
    struct Person {
        let id: UUIDv7
        let name: String
        let session: UUIDv7
        let peer: Peer
    }

    let writer: Writer
    let shared: ServiceShared
    let service: Service
    /// What the audit log was told.
    let audits = Lock<[String]>([])
    let folder: URL
    /// Further workers over the same writer; they end with the house.
    private var workers: [Service] = []
    private static let password = PasswordParameters(opsLimit: 1, memoryKiB: 8)

    /// - Parameter clock: whose time it is; by default one that stands still.
    init(
        clock: TestClock = TestClock(), limits change: (inout Limits) -> Void = { _ in },
        configure: (inout ServiceConfiguration) -> Void = { _ in },
        writerOptions: (inout WriterOptions) -> Void = { _ in }
    ) throws {
        let wall = clock.wall
        let monotonic = clock.monotonic
        folder = FileManager.default.temporaryDirectory.appending(path: "muse-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let driver = SQLiteDriver(path: folder.appending(path: "muse.db").path)
        _ = try Migrator(driver, clock: wall).run()
        var options = WriterOptions()
        options.clock = wall
        writerOptions(&options)
        writer = try Writer(driver, options: options)
        var limits = Self.limits
        change(&limits)
        var configuration = ServiceConfiguration(limits: limits)
        configuration.passwords = Self.password
        configuration.dataFolder = folder.path
        configure(&configuration)
        var control = ServerControl()
        let audits = audits
        control.log = { event, members in
            guard event == "audit" else { return }
            let text = members.map { "\($0)=\($1)" }.joined(separator: " ")
            audits.withLock { $0.append(text) }
        }
        shared = try ServiceShared(
            configuration: configuration, writer: writer,
            keys: try KeyRing(
                folder: folder.appending(path: "keys").path, now: wall.now()),
            hashes: HashPool(threads: 1), wallClock: wall, monotonicClock: monotonic)
        shared.control = control
        service = try Service(shared: shared)
    }

    deinit {
        for worker in workers + [service] { worker.core.store.close() }
        writer.shutdown()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Another worker: of the same process, or, where something is changed, as the next start has
    /// it.
    func worker(configure: ((inout ServiceConfiguration) -> Void)? = nil) throws -> Service {
        var shared = shared
        if let configure {
            var configuration = shared.configuration
            configure(&configuration)
            shared = try ServiceShared(
                configuration: configuration, writer: writer, keys: shared.keys,
                hashes: shared.hashes, wallClock: shared.wallClock,
                monotonicClock: shared.monotonicClock)
        }
        let worker = try Service(shared: shared)
        workers.append(worker)
        return worker
    }

    private static let limits = Limits(
        lineBytesMax: 1 << 20, answerBytesMax: 4 << 20, nestingMax: 32, batchMax: 100,
        inFlightMax: 128, outputBytesMax: 1 << 20, outputStallSeconds: 30,
        bufferBytesMax: 1 << 30, lineSeconds: 30, tlsHandshakeSeconds: 10, idleSeconds: 900,
        connectionsMax: 10_000, connectionsPerAddressMax: 1_000, hashQueueMax: 64,
        writeQueueMax: 10_000, logBytesMax: 256_000_000, loginFailuresMax: 3,
        loginFailuresAddressMax: 100, loginWindowSeconds: 900, registrationsPerHourMax: 20,
        writesPerMinuteMax: 600, requestsPerSecondMax: 0, offencesMax: 32, unparsableLinesMax: 16,
        shutdownSeconds: 10)

    // MARK: People

    /// Makes a user with a password and a session.
    func person(
        _ name: String, role: StoredRole = .user, password: String = "the right password"
    ) throws -> Person {
        let hash = try PasswordHash.make(password.utf8.span, parameters: Self.password)
        let id = try writer.writeNow { tx -> UUIDv7 in
            guard let id = try tx.insertUser(username: name, role: role) else {
                throw NoSuchThing()
            }
            try tx.setPassword(of: id, hash: hash)
            return id
        }
        return try session(of: id, name)
    }

    /// The same with a display name, whose calls are told the states of what they read and write.
    func watched(_ name: String, displayName: String) async throws -> Person {
        let who = try person(name)
        _ = try await users.update(
            UsersUpdateParams(displayName: .set(displayName)), call(.usersUpdate, who))
        who.peer.validator = Validator(
            known: nil, precondition: Precondition(matches: nil, excludes: nil))
        return who
    }

    /// The same user in another session, on another connection.
    func again(_ person: Person) throws -> Person { try session(of: person.id, person.name) }

    private func session(of id: UUIDv7, _ name: String) throws -> Person {
        let session = try writer.writeNow { tx -> UUIDv7 in
            let session = tx.newID()
            try tx.insertSession(
                SessionRow(
                    id: session, user: id, device: nil, address: "127.0.0.1", lastUsedAt: tx.now,
                    endsAt: tx.now + 86_400_000, refreshID: tx.newID(), accessID: tx.newID(),
                    issuedAt: tx.now))
            return session
        }
        let now = shared.wallClock.now()
        let key = shared.keys.list(now: now).first { $0.state == .signing }
        let peer = Peer(id: 1, transport: .tcp, address: .ipv4(0x7F00_0001))
        peer.bound = AccessClaims(
            user: id, session: session, expiresAt: now + 900_000, keyID: key?.keyID ?? "")
        return Person(id: id, name: name, session: session, peer: peer)
    }

    // MARK: Calls

    var users: any UsersMethods { service.methods.users }
    var posts: any PostsMethods { service.methods.posts }
    var comments: any CommentsMethods { service.methods.comments }

    /// A call of somebody, or of nobody; each begins a pass of the worker's loop.
    func call(
        _ method: MethodID, _ who: Person?, key: String? = nil, observer: (any CallObserver)? = nil
    ) -> Call {
        service.endPass()
        let nobody = Peer(id: 2, transport: .tcp, address: .ipv4(0x7F00_0001))
        var meta = Meta()
        meta.idempotencyKey = key
        return Call(
            method: method, peer: who?.peer ?? nobody, meta: meta, arrivedAt: 0, observer: observer)
    }

    func post(_ who: Person, _ body: String = "a post") async throws -> Post {
        try await posts.create(PostsCreateParams(body: body), call(.postsCreate, who))
    }

    func comment(_ post: Post, _ who: Person, _ body: String = "a comment") async throws -> Comment
    {
        try await comments.create(
            CommentsCreateParams(postID: post.id, body: body), call(.commentsCreate, who))
    }

    func like(_ post: Post, _ who: Person) async throws -> Post {
        try await posts.like(PostsLikeParams(id: post.id), call(.postsLike, who))
    }

    func post(_ id: UUIDv7, as who: Person? = nil) async throws -> Post {
        try await posts.get(PostsGetParams(id: id), call(.postsGet, who))
    }

    func user(_ id: UUIDv7, as who: Person? = nil) async throws -> User {
        try await users.get(UsersGetParams(id: id), call(.usersGet, who))
    }

    func deleteUser(_ who: Person) async throws {
        _ = try await users.delete(
            UsersDeleteParams(currentPassword: "the right password"), call(.usersDelete, who))
    }

    /// Finishes all deletions under way.
    func finishDeletions() throws {
        while try writer.writeNow({ try $0.removeDeleted(rowsMax: 100) }) {}
    }

    // MARK: Pages

    func userPage(_ params: UsersListParams, as who: Person? = nil) async throws -> UserPage {
        var page = JSONWriter()
        try await users.list(params, call(.usersList, who), into: &page)
        return try read(page)
    }

    func postPage(_ params: PostsListParams, as who: Person? = nil) async throws -> PostPage {
        var page = JSONWriter()
        try await posts.list(params, call(.postsList, who), into: &page)
        return try read(page)
    }

    func likers(_ params: PostsLikersParams, as who: Person? = nil) async throws -> UserPage {
        var page = JSONWriter()
        try await posts.likers(params, call(.postsLikers, who), into: &page)
        return try read(page)
    }

    func commentPage(
        _ params: CommentsListParams, as who: Person? = nil
    ) async throws -> CommentPage {
        var page = JSONWriter()
        try await comments.list(params, call(.commentsList, who), into: &page)
        return try read(page)
    }

    private func read<Page: ResultDecoding>(_ page: borrowing JSONWriter) throws -> Page {
        let text = page.string()
        let bytes = text.utf8.span
        var reader = JSONReader(position: 0, end: bytes.count)
        let result = try Page(bytes, &reader)
        try reader.expectEnd(bytes)
        return result
    }
}

/// The testing library has one too.
typealias Comment = MentalMuseProtocol.Comment

struct NoSuchThing: Error {}

/// An id that nothing has.
let nothing = UUIDv7(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001)

/// The name of the error that a call is refused with; nil where it is not.
func refusal<R>(_ body: () async throws -> R) async -> String? {
    do {
        _ = try await body()
        return nil
    } catch let error as RPCError {
        return error.name
    } catch {
        return "\(error)"
    }
}
