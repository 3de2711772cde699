// Tests of threads: one that the system cannot give is told, not fatal.
internal import MuseBase
internal import Testing

struct ThreadTests {
    @Test func `a thread runs what it was started for`() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
        let started = Thread.tryToStart { continuation.yield(7) }
        #expect(started)
        var words = stream.makeAsyncIterator()
        #expect(await words.next() == 7)
    }

    @Test func `a thread that the system cannot give is told, and what it was to do let go of`() {
        final class Thing: Sendable {}
        weak var seen: Thing?
        func start() -> Bool {
            let thing = Thing()
            seen = thing
            return Thread.tryToStart(stackBytes: 1 << 60) { _ = thing }
        }
        #expect(!start())
        #expect(seen == nil)
    }
}
