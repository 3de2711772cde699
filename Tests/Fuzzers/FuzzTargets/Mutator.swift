// Fuzzing: inputs made from examples, the same for the same seed.

/// Makes inputs by altering examples: bits, bytes, pieces of the language, ranges of other
/// examples.
package struct Mutator {
    private var state: UInt64
    private let examples: [[UInt8]]
    private let tokens: [[UInt8]]
    private static let edges: [UInt8] = [
        0x00, 0x09, 0x0A, 0x0D, 0x1F, 0x20, 0x22, 0x2C, 0x2D, 0x2E, 0x30, 0x39, 0x3A, 0x5B, 0x5C,
        0x5D,
        0x65, 0x75, 0x7B, 0x7D, 0x7F, 0x80, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xE0, 0xED, 0xEF, 0xF0,
        0xF4,
        0xF5, 0xFF,
    ]

    /// `examples`: at least one.
    package init(seed: UInt64, examples: [[UInt8]], tokens: [String]) {
        state = seed
        self.examples = examples.isEmpty ? [[]] : examples
        self.tokens = tokens.map { Array($0.utf8) }
    }

    /// The next input, of at most 64 KiB.
    package mutating func next() -> [UInt8] {
        var bytes = example()
        for _ in 0...below(5) { mutate(&bytes) }
        return Array(bytes.prefix(1 << 16))
    }

    private mutating func random() -> UInt64 {
        // SplitMix64 (Steele, Lea, Flood 2014).
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    private mutating func below(_ bound: Int) -> Int {
        bound <= 0 ? 0 : Int(random() % UInt64(bound))
    }

    private mutating func example() -> [UInt8] { examples[below(examples.count)] }

    private mutating func mutate(_ bytes: inout [UInt8]) {
        let at = below(bytes.count + 1)
        switch below(10) {
        case 0 where at < bytes.count: bytes[at] ^= 1 << UInt8(below(8))
        case 1 where at < bytes.count: bytes[at] = Self.edges[below(Self.edges.count)]
        case 2: bytes.insert(Self.edges[below(Self.edges.count)], at: at)
        case 3, 4: insertToken(&bytes, at)
        case 5: bytes.removeSubrange(range(bytes.count, at))
        case 6: bytes.insert(contentsOf: Array(bytes[range(bytes.count, at)]), at: at)
        case 7: splice(&bytes, at)
        case 8: replaceToken(&bytes)
        default: bytes = Array(bytes.prefix(at))
        }
    }

    /// A short range that begins at `at`.
    private mutating func range(_ count: Int, _ at: Int) -> Range<Int> {
        at..<min(count, at + 1 + below(16))
    }

    private mutating func insertToken(_ bytes: inout [UInt8], _ at: Int) {
        guard !tokens.isEmpty else { return }
        bytes.insert(contentsOf: tokens[below(tokens.count)], at: at)
    }

    private mutating func splice(_ bytes: inout [UInt8], _ at: Int) {
        let other = example()
        let from = below(other.count + 1)
        bytes = Array(bytes.prefix(at) + other.dropFirst(from))
    }

    /// Puts one piece of the language in the place of another that stands there.
    private mutating func replaceToken(_ bytes: inout [UInt8]) {
        guard !tokens.isEmpty else { return }
        let old = tokens[below(tokens.count)]
        let places = bytes.indices.filter { bytes[$0...].starts(with: old) }
        guard !places.isEmpty, !old.isEmpty else { return }
        let at = places[below(places.count)]
        bytes.replaceSubrange(at..<(at + old.count), with: tokens[below(tokens.count)])
    }
}
