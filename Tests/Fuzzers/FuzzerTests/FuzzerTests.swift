// Tests of the decoders with inputs that nobody thought of: seeded, printed, replayable.
internal import Foundation
internal import FuzzTargets
internal import Testing

/// `MUSE_FUZZ_SEED` replays a run, `MUSE_FUZZ_RUNS` makes it longer, `MUSE_FUZZ_KEEP` names a file
/// to which each input is written before it is tried, so that one that stops the process can be
/// found.
struct FuzzerTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seed =
        environment["MUSE_FUZZ_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...999_999_999)
    private static let runs = environment["MUSE_FUZZ_RUNS"].flatMap { Int($0) } ?? 4_000

    /// The folder of a target's examples.
    private static func corpus(_ name: String) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "corpus").appending(path: name)
    }

    private static func examples(_ name: String) throws -> [[UInt8]] {
        let folder = corpus(name)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        return try names.map { Array(try Data(contentsOf: folder.appending(path: $0))) }
    }

    @Test(arguments: FuzzTarget.all.map(\.name))
    func `what holds for every input holds for the examples`(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let examples = try Self.examples(name)
        #expect(examples.count >= 3, "too few examples to mutate")
        for example in examples {
            let failure = target.failure(example)
            #expect(failure == nil, "\(String(decoding: example, as: UTF8.self))")
        }
    }

    @Test func `every folder of examples has a target, and every target one`() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.corpus("").path)
        #expect(Set(folders) == Set(FuzzTarget.all.map(\.name)))
    }

    @Test(arguments: FuzzTarget.all.map(\.name))
    func `what holds for every input holds for mutated ones`(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        print("fuzz \(name): MUSE_FUZZ_SEED=\(Self.seed) MUSE_FUZZ_RUNS=\(Self.runs)")
        let examples = try Self.examples(name)
        var mutator = Mutator(seed: Self.seed, examples: examples, tokens: target.tokens)
        for run in 0..<Self.runs {
            let input = mutator.next()
            if let path = Self.environment["MUSE_FUZZ_KEEP"] {
                try Data(input).write(to: URL(filePath: path + "." + name))
            }
            guard let failure = target.failure(input) else { continue }
            Issue.record(
                "\(name): \(failure); seed \(Self.seed), run \(run): \(Data(input).base64EncodedString())"
            )
            return
        }
    }

    @Test func `the same seed makes the same inputs, another seed others`() {
        func inputs(_ seed: UInt64) -> [[UInt8]] {
            var mutator = Mutator(
                seed: seed, examples: [Array("{\"a\":[1,2]}".utf8)], tokens: ["[", "null"])
            return (0..<50).map { _ in mutator.next() }
        }
        #expect(inputs(1) == inputs(1))
        #expect(inputs(1) != inputs(2))
        #expect(Set(inputs(1)).count > 25, "mutations make new inputs")
    }

    @Test func `mutation reaches what it is meant to reach`() throws {
        // Of inputs from JSON examples, many are read still and many are not.
        let examples = try Self.examples("json")
        var mutator = Mutator(seed: 1, examples: examples, tokens: FuzzTarget.json.tokens)
        let read = (0..<1_000).count { _ in
            (try? JSONSerialization.jsonObject(
                with: Data(mutator.next()), options: .fragmentsAllowed)) != nil
        }
        #expect((50...900).contains(read), "\(read) of 1,000 are JSON")
    }
}
