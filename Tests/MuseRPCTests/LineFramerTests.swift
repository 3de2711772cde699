// Tests of the RPC room: lines come out the same however their bytes come in.
internal import MuseRPC
internal import Testing

struct LineFramerTests {
    /// A connection's input: it keeps the unfinished line alone, as the server does.
    private struct Input {
        var framer: LineFramer
        var buffer: [UInt8] = []
        var lines: [[UInt8]] = []
        var isRefused = false

        init(bytesMax: Int) {
            framer = LineFramer(bytesMax: bytesMax)
        }

        mutating func feed(_ bytes: some Sequence<UInt8>) {
            guard !isRefused else { return }
            buffer.append(contentsOf: bytes)
            let buffered = buffer
            var start = 0
            while true {
                switch framer.next(buffered.span, from: start) {
                case .line(let range, let next):
                    lines.append(Array(buffered[range]))
                    start = next
                case .needMore:
                    buffer.removeFirst(start)
                    return
                case .tooLong:
                    isRefused = true
                    return
                }
            }
        }
    }

    private func lines(_ chunks: [[UInt8]], bytesMax: Int = 1_000) -> [[UInt8]] {
        var input = Input(bytesMax: bytesMax)
        for chunk in chunks { input.feed(chunk) }
        return input.lines
    }

    static let stream = Array(
        "{\"a\":1}\n\r\n\n[1,2]\r\n \n\"é€😀\"\r\rx\r\nlast line of some length, longer than a word\n\n\r\r\n"
            .utf8)

    static let wanted = [
        "{\"a\":1}", "", "", "[1,2]", " ", "\"é€😀\"\r\rx",
        "last line of some length, longer than a word",
        "", "\r",
    ].map { Array($0.utf8) }

    @Test func `lines end at line feeds, without a carriage return before them`() {
        #expect(lines([Self.stream]) == Self.wanted)
    }

    @Test func `the lines are the same at every split into two and three`() {
        let stream = Self.stream
        for first in 0...stream.count {
            let head = Array(stream.prefix(first))
            #expect(lines([head, Array(stream.dropFirst(first))]) == Self.wanted)
            for second in stride(from: first, through: stream.count, by: 5) {
                let chunks = [
                    head, Array(stream[first..<second]), Array(stream.dropFirst(second)),
                ]
                #expect(lines(chunks) == Self.wanted, "split at \(first) and \(second)")
            }
        }
    }

    @Test func `the lines are the same byte by byte and in chunks of any size`() {
        for size in 1...20 {
            let chunks = stride(from: 0, to: Self.stream.count, by: size).map {
                Array(Self.stream[$0..<min($0 + size, Self.stream.count)])
            }
            #expect(lines(chunks) == Self.wanted)
        }
    }

    @Test func `an unfinished line is kept until it ends`() {
        #expect(lines([Array("abc".utf8)]) == [])
        #expect(lines([Array("abc".utf8), Array("\n".utf8)]) == [Array("abc".utf8)])
        #expect(lines([Array("abc\r".utf8), Array("\n".utf8)]) == [Array("abc".utf8)])
    }

    @Test(arguments: [1, 7, 8, 9, 64])
    func `a line of the limit is read and one byte more refused, at every split`(limit: Int) {
        for first in 0...(limit + 1) {
            let text = [UInt8](repeating: 0x61, count: limit) + [0x0A]
            var fits = Input(bytesMax: limit)
            fits.feed(text.prefix(first))
            fits.feed(text.dropFirst(first))
            #expect(!fits.isRefused && fits.lines.map(\.count) == [limit])
            var over = Input(bytesMax: limit)
            over.feed([0x62] + text.prefix(first))
            over.feed(text.dropFirst(first))
            #expect(over.isRefused && over.lines.isEmpty)
        }
    }

    @Test func `a line over the limit is refused before its end has come`() {
        var input = Input(bytesMax: 10)
        input.feed([UInt8](repeating: 0x61, count: 10))
        #expect(!input.isRefused)
        input.feed([0x61])
        #expect(input.isRefused)
    }

    @Test func `lines before one over the limit are still read`() {
        var input = Input(bytesMax: 4)
        input.feed(Array("ab\ncd\nabcdefgh\nef\n".utf8))
        #expect(input.isRefused)
        #expect(input.lines == [Array("ab".utf8), Array("cd".utf8)])
    }

    @Test func `random streams split at random give the lines that splitting at line feeds gives`()
    {
        for seed in UInt64(0)..<300 {
            var dice = Dice(seed)
            let alphabet: [UInt8] = [0x0A, 0x0A, 0x0D, 0x61, 0x62, 0x20, 0x00, 0x8A, 0xFF]
            let count = Int.random(in: 0...120, using: &dice)
            let stream = (0..<count).map { _ in alphabet.randomElement(using: &dice) ?? 0 }
            var wanted = stream.split(separator: 0x0A, omittingEmptySubsequences: false).map(
                Array.init)
            wanted.removeLast()
            wanted = wanted.map { $0.last == 0x0D ? $0.dropLast() : $0 }
            var input = Input(bytesMax: 1_000)
            var rest = stream[...]
            while !rest.isEmpty {
                let size = Int.random(in: 1...max(1, rest.count), using: &dice)
                input.feed(rest.prefix(size))
                rest = rest.dropFirst(size)
            }
            #expect(input.lines == wanted, "seed \(seed)")
        }
    }
}
