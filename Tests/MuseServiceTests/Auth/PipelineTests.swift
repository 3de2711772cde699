// Tests of calls that stand in one connection's order, with none of them answered yet: what a call
// has to know before it hashes a password, it learns after the writes before it.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseRPC
internal import MuseService
internal import MuseStore
internal import Testing

@Suite struct PipelineTests {
    @Test("a log-in right behind its registration finds the account")
    func registerLogin() async throws {
        let (first, second) = try await Lane().pipeline { house, call in
            try await house.auth.register(
                AuthRegisterParams(username: "ann", password: rightPassword), call
            ).user.username
        } _: { house in
            try await house.login("ann").user.username
        }
        #expect(first == .success("ann"))
        #expect(second == .success("ann"))
    }

    @Test("a registration right behind one of the same name finds it taken, without a hash")
    func registerTwice() async throws {
        let (first, second) = try await Lane().pipeline { house, call in
            try await house.auth.register(
                AuthRegisterParams(username: "ann", password: rightPassword), call
            ).user.username
        } _: { house in
            try await house.register("ann", newPassword).user.username
        }
        #expect(first == .success("ann"))
        #expect(second == .failure(.init(name: "already_exists")))
    }

    @Test("a password set right behind the account's making finds it")
    func createSetPassword() async throws {
        let (first, second) = try await Lane().pipeline { house, call in
            try await house.admin.createUser(
                AdminCreateUserParams(username: "ann", password: rightPassword), call
            ).username
        } _: { house in
            _ = try await house.admin.setPassword(
                AdminSetPasswordParams(username: "ann", password: newPassword),
                house.operatorCall(.adminSetPassword))
            return try await house.login("ann", newPassword).user.username
        }
        #expect(first == .success("ann"))
        #expect(second == .success("ann"))
    }
}

/// One worker, on which two calls run as the server runs them: the second begins when the first
/// stands in the writer's queue, and the writer does not get to it before the second has looked.
private actor Lane {
    struct Refusal: Error, Equatable {
        let name: String
    }

    typealias Outcome = Result<String, Refusal>

    private var ended = false

    func pipeline(
        _ first: @escaping @Sendable (ContentHouse, Call) async throws -> String,
        _ second: @escaping @Sendable (ContentHouse) async throws -> String
    ) async throws -> (Outcome, Outcome) {
        let house = try ContentHouse()
        // The writer is held before the first call's write, and the pool before its hash, so that
        // the one comes before the other.
        let (pool, store) = (Gate(), Gate())
        let hashes = house.shared.hashes
        let writer = house.writer
        let holdingPool = Task { await hashes.run { pool.wait() } }
        await pool.reached()
        let queued = Observer()
        let call = house.call(
            .authRegister, on: ContentHouse.peer(.unix(uid: 1), .admin), observer: queued)
        let one = Task { await outcome { try await first(house, call) } }
        while hashes.queued == 0 { await Task.yield() }
        let holdingStore = Task {
            await house.service.core.store.write { _ in store.wait() }
        }
        await store.reached()
        pool.open()
        for await _ in queued.stream { break }
        let two = Task {
            defer { ended = true }
            return await outcome { try await second(house) }
        }
        while !ended, writer.figures.queued < 2 { await Task.yield() }
        store.open()
        let outcomes = (await one.value, await two.value)
        _ = await (holdingPool.value, holdingStore.value)
        return outcomes
    }

    private func outcome(_ body: () async throws -> String) async -> Outcome {
        do {
            return .success(try await body())
        } catch {
            return .failure(Refusal(name: (error as? RPCError)?.name ?? "\(error)"))
        }
    }
}

/// Where a thread waits until the test lets it go.
private final class Gate: Sendable {
    private let state = Signal((isReached: false, isOpen: false))

    func wait() {
        state.change { $0.isReached = true }
        state.wait { $0.isOpen ? () : nil }
    }

    func reached() async {
        while !state.change({ $0.isReached }) { await Task.yield() }
    }

    func open() { state.change { $0.isOpen = true } }
}

private final class Observer: CallObserver {
    let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream<Void>.makeStream()
    }

    func callQueued() { continuation.yield() }
}
