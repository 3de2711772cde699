// Tests of the whole service: random sequences of calls by several callers, each answer compared
// with what a plain model of the contract says.
//
// More of them: MUSE_MODEL_SEEDS=100-200 (or 1,2,3) and MUSE_MODEL_STEPS=5000 beside `swift test
// --filter ModelTests`. Each call goes as a line or as a request of REST, by lot;
// MUSE_MODEL_STYLE=rpc: as a line. A failure prints the seed and the last steps, and the fewest steps that
// still show it.
internal import Foundation
internal import MentalMuseProtocol
internal import MuseHTTP
internal import Testing

/// What a seed is run with.
struct Run: Sendable, CustomTestStringConvertible {
    let seed: UInt64
    var steps: Int
    var testDescription: String { "seed \(seed), \(steps) steps" }

    /// Every way in which a server may be started has its turn.
    var settings: ModelSettings {
        var settings = ModelSettings()
        if seed % 4 == 0 { settings.writesPerMinute = 40 }
        if seed % 4 == 2 { settings.graceMilliseconds = 30_000 }
        if seed % 4 == 3 {
            settings.isPrivate = true
            settings.isRegistrationOpen = false
        }
        return settings
    }

    static let all: [Run] = {
        let environment = ProcessInfo.processInfo.environment
        let steps = environment["MUSE_MODEL_STEPS"].flatMap { Int($0) } ?? 2_000
        let text = environment["MUSE_MODEL_SEEDS"] ?? "1-4"
        let seeds = text.split(separator: ",").flatMap { part -> [UInt64] in
            let ends = part.split(separator: "-").compactMap { UInt64($0) }
            guard let first = ends.first, let last = ends.last, first <= last else { return [] }
            return Array(first...last)
        }
        return seeds.map { Run(seed: $0, steps: steps) }
    }()
}

struct ModelTests {
    @Test(arguments: Run.all)
    func `the service answers as the model does`(run: Run) async throws {
        let outcome = try await Play(run).play()
        guard let disagreement = outcome.disagreement else {
            print("model: \(run): \(outcome.summary)")
            return
        }
        let report = try await Play(run).report(outcome, disagreement)
        Issue.record("\(report)")
    }

    @Test func `the same seed gives the same steps and answers`() async throws {
        let run = Run(seed: 2, steps: 300)
        let first = try await Play(run).play()
        let second = try await Play(run).play()
        #expect("\(first.steps)" == "\(second.steps)")
        #expect(first.answers == second.answers)
    }

    @Test func `nearly every operation of REST has its turn`() async throws {
        let play = Play(Run(seed: 1, steps: 3_000))
        let outcome = try await play.play()
        #expect(outcome.disagreement == nil)
        let served = MethodID.allCases.filter { RESTRequest.place(of: $0) != nil }.map(\.name)
        let missing = Set(served).subtracting(outcome.rest)
        // Those that know no caller and touch no store.
        let aside: Set<String> = [
            "auth.jwks", "server.ping", "server.info", "server.health", "server.metrics",
        ]
        #expect(missing.isSubset(of: aside), "\(missing.sorted())")
    }

    @Test func `a disagreement is told with few steps that show it`() async throws {
        let play = Play(Run(seed: 4, steps: 600), without: .staleRevision)
        let outcome = try await play.play()
        let disagreement = try #require(outcome.disagreement)
        let report = try await play.report(outcome, disagreement)
        #expect(report.contains("MUSE_MODEL_SEEDS=4"))
        #expect(outcome.log.count == 20 || outcome.steps.count < 20)
        let told = report.split(separator: "\n").drop { !$0.hasPrefix("shrunk to") }
        #expect(told.count < outcome.steps.count / 4, "\(report)")
    }

    @Test(arguments: Rule.allCases)
    func `a model without a rule is found out`(rule: Rule) async throws {
        for seed in UInt64(1)...8 {
            let run = Run(seed: seed, steps: 1_200)
            if try await Play(run, without: rule).play().disagreement != nil { return }
        }
        Issue.record("nothing shows that \(rule) is missing")
    }
}
