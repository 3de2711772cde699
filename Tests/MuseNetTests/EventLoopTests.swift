// The loop as executor, with its timers and descriptors.
import Glibc
import MuseBase
import MuseNet
import Synchronization
import Testing

/// An actor that lives on a loop.
private actor Resident {
    let loop: EventLoop
    private var count = 0

    init(_ loop: EventLoop) {
        self.loop = loop
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    func add() -> Int {
        count += 1
        loop.checkIsolated()
        return count
    }

    func twice() async -> Bool {
        await Task.yield()
        return loop.isCurrent
    }
}

/// A delegate of closures.
private final class Recorder: EventLoopDelegate {
    var onReady: (UInt64, Readiness) -> Void = { _, _ in }
    var onTimer: (UInt64) -> Void = { _ in }

    func descriptorReady(_ token: UInt64, _ readiness: Readiness) { onReady(token, readiness) }
    func timerFired(_ token: UInt64) { onTimer(token) }
    func wantsJobs() -> Bool { false }
    func passEnding() -> Bool { false }
}

@Suite struct EventLoopTests {
    @Test func `an actor on a loop runs on its thread, also after it was suspended`() async throws {
        let loop = try EventLoop()
        loop.start { loop.run(Recorder()) }
        defer { loop.stop() }
        let resident = Resident(loop)
        let sum = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<200 { group.addTask { await resident.add() } }
            return await group.reduce(0, +)
        }
        #expect(sum == 200 * 201 / 2)
        #expect(await resident.twice())
        #expect(!loop.isCurrent)
    }

    @Test func `a task that prefers the loop resumes there`() async throws {
        let loop = try EventLoop()
        loop.start { loop.run(Recorder()) }
        defer { loop.stop() }
        let stayed = await Task(executorPreference: loop) {
            await Task.yield()
            return loop.isCurrent
        }.value
        #expect(stayed)
    }

    @Test func `timers come in order of their moments, by the clock that was passed in`()
        async throws
    {
        let time = Lock<UInt64>(1_000_000_000)
        let loop = try EventLoop(clock: MonotonicClock { time.withLock { $0 } })
        let fired = await withCheckedContinuation { (done: CheckedContinuation<[UInt64], Never>) in
            loop.start {
                let recorder = Recorder()
                var seen: [UInt64] = []
                for (token, second) in [(3, 9), (1, 2), (2, 5), (4, 90)] as [(UInt64, UInt64)] {
                    loop.callAt(second * 1_000_000_000, token: token)
                }
                recorder.onTimer = { token in
                    seen.append(token)
                    time.withLock { $0 += 4_000_000_000 }
                    loop.wake()
                    if token == 3 {
                        done.resume(returning: seen)
                        loop.stop()
                    }
                }
                time.withLock { $0 = 2_000_000_000 }
                loop.run(recorder)
            }
        }
        #expect(fired == [1, 2, 3])
    }

    @Test func `a token has one timer, which can be moved and taken back`() async throws {
        let time = Lock<UInt64>(0)
        let loop = try EventLoop(clock: MonotonicClock { time.withLock { $0 } })
        let fired = await withCheckedContinuation { (done: CheckedContinuation<[UInt64], Never>) in
            loop.start {
                let recorder = Recorder()
                var seen: [UInt64] = []
                for token in 1...20 as ClosedRange<UInt64> {
                    loop.callAt(token * 100, token: token)
                }
                for token in 1...20 as ClosedRange<UInt64> where token % 3 == 0 {
                    loop.forgetCall(token)
                }
                loop.callAt(5, token: 20)
                loop.callAt(1_950, token: 1)
                loop.forgetCall(77)
                recorder.onTimer = { token in
                    seen.append(token)
                    if token == 1 {
                        done.resume(returning: seen)
                        loop.stop()
                    }
                }
                time.withLock { $0 = 5_000 }
                loop.run(recorder)
            }
        }
        #expect(fired == [20, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19, 1])
    }

    @Test func `bytes through a socket pair are told and read`() async throws {
        let loop = try EventLoop()
        let (near, far) = try Socket.pair()
        let heard = await withCheckedContinuation { (done: CheckedContinuation<String, Never>) in
            loop.start {
                let socket = Socket(Descriptor(near))
                let scratch = Scratch(capacity: 64)
                let recorder = Recorder()
                var told: [Readiness] = []
                recorder.onReady = { token, readiness in
                    told.append(readiness)
                    loop.stop()
                }
                try? loop.watch(near, .readable, token: 7)
                loop.run(recorder)
                loop.unwatch(near)
                guard told.first?.contains(.readable) == true,
                    case .bytes(let count) = socket.read(into: scratch)
                else { return done.resume(returning: "") }
                scratch.withSpan(count) { done.resume(returning: text(of: $0)) }
            }
            let other = Socket(Descriptor(far))
            _ = other.write("hello".utf8.span)
        }
        #expect(heard == "hello")
    }
}

/// The characters of `bytes`.
func text(of bytes: Span<UInt8>) -> String {
    var text: [UInt8] = []
    for index in bytes.indices { text.append(bytes[index]) }
    return String(decoding: text, as: UTF8.self)
}
