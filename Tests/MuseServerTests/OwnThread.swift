// Tests here wait for sockets. Each has a thread of its own for that, so that none waits for
// another's.
import MuseNet
import Testing

/// Runs every test of a suite on a thread of its own.
struct OwnThread: SuiteTrait, TestTrait, TestScoping {
    let isRecursive = true

    fileprivate final class Idle: EventLoopDelegate {
        func descriptorReady(_ token: UInt64, _ readiness: Readiness) {}
        func timerFired(_ token: UInt64) {}
        func wantsJobs() -> Bool { false }
        func passEnding() -> Bool { false }
    }

    func provideScope(
        for test: Test, testCase: Test.Case?,
        performing body: @Sendable @concurrent () async throws -> Void
    ) async throws {
        let loop = try EventLoop()
        loop.start { loop.run(Idle()) }
        defer { loop.stop() }
        try await withTaskExecutorPreference(loop) { try await body() }
    }
}

extension Trait where Self == OwnThread {
    static var ownThread: Self { OwnThread() }
}

/// Runs `body` beside the test, on one more thread of its own.
func beside(_ body: @escaping @Sendable () async -> Void) throws -> Task<Void, Never> {
    let loop = try EventLoop()
    loop.start { loop.run(OwnThread.Idle()) }
    return Task(executorPreference: loop) {
        await body()
        loop.stop()
    }
}
