// The model's test: a whole run, what it looked like, and the fewest steps that show a
// disagreement.
internal import MuseJSON

/// What became of a run.
struct Outcome {
    var steps: [Step] = []
    var disagreement: Disagreement?
    var log: [String] = []
    /// The methods that were called as requests of REST.
    var rest: Set<String> = []
    /// How often each error was answered; `ok` for results.
    var answers: [String: Int] = [:]

    var summary: String {
        let counts = answers.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return "\(steps.count) steps; " + counts.joined(separator: ", ")
    }
}

/// Plays seeds.
struct Play {
    private static let auditEvery = 500
    private static let logLines = 20
    private static let shrinkRuns = 120

    let run: Run
    let rule: Rule?

    init(_ run: Run, without rule: Rule? = nil) {
        self.run = run
        self.rule = rule
    }

    private func contest() throws -> Contest {
        let transport = try InProcess(run.settings, seed: run.seed)
        return Contest(transport, Model(run.settings, without: rule))
    }

    /// Plays a seed to its end, or to the first disagreement.
    func play() async throws -> Outcome {
        let contest = try contest()
        var options = GeneratorOptions()
        options.floods = run.seed % 4 == 1
        var generator = Generator(seed: run.seed, options: options, settings: run.settings)
        var outcome = Outcome()
        var number = 0
        func take(_ step: Step, _ outcome: inout Outcome) async throws -> Answer? {
            outcome.steps.append(step)
            let answer = try await contest.take(step)
            if let answer { outcome.answers[answer.errorName, default: 0] += 1 }
            return answer
        }
        do {
            while number < run.steps {
                number += 1
                let step = generator.next(number, contest.model, contest.book)
                if let answer = try await take(step, &outcome) { generator.learn(step, answer) }
                guard number % Self.auditEvery == 0 || number == run.steps else { continue }
                var audit = Audit(contest.model, contest.book, from: 1_000_000 + number * 1_000)
                if number == run.steps { audit.begin(with: .finishDeletions) }
                while let step = audit.next(contest.book) { _ = try await take(step, &outcome) }
            }
        } catch let disagreement as Disagreement {
            outcome.disagreement = disagreement
        }
        outcome.rest = contest.rest
        outcome.log = contest.log(last: Self.logLines)
        return outcome
    }

    /// Plays given steps.
    private func replay(_ steps: [Step]) async throws -> (Disagreement?, [String]) {
        let contest = try contest()
        do {
            for step in steps { try await contest.take(step) }
            return (nil, contest.log())
        } catch let disagreement as Disagreement {
            return (disagreement, contest.log())
        }
    }

    /// What a person needs: the seed, the step, what led to it.
    func report(_ outcome: Outcome, _ disagreement: Disagreement) async throws -> String {
        let (steps, shrunk) = try await shrink(outcome.steps)
        let (last, log) = try await replay(steps)
        return """
            \(run.testDescription), step \(disagreement.step): \(disagreement.what)
            to replay: MUSE_MODEL_SEEDS=\(run.seed) MUSE_MODEL_STEPS=\(run.steps)
            the last steps:
            \(outcome.log.joined(separator: "\n"))
            shrunk to \(steps.count) steps in \(shrunk) runs: \(last?.what ?? "")
            \(log.joined(separator: "\n"))
            """
    }

    /// Leaves steps out as long as there is a disagreement: halves first, then ever smaller pieces.
    private func shrink(_ steps: [Step]) async throws -> ([Step], Int) {
        var steps = steps
        var runs = 0
        var size = max(1, steps.count / 2)
        while runs < Self.shrinkRuns {
            var start = 0
            var hasShrunk = false
            while start < steps.count, runs < Self.shrinkRuns {
                var fewer = steps
                let end = min(start + size, steps.count)
                fewer.removeSubrange(start..<end)
                runs += 1
                if try await replay(fewer).0 != nil {
                    steps = fewer
                    hasShrunk = true
                } else {
                    start += size
                }
            }
            if size == 1, !hasShrunk { break }
            size = max(1, size / 2)
        }
        return (steps, runs)
    }
}

/// Lists everything, to the last page, as several see it.
struct Audit {
    private var next: Int
    private var open: [Step.Action] = []
    private var walking: (call: CallStep, step: Int)?

    init(_ model: Model, _ book: Book, from number: Int) {
        next = number
        func list(_ connection: Int, _ method: String, _ filter: [(String, Term)] = []) {
            open.append(
                .call(
                    CallStep(
                        connection: connection, method: method,
                        params: filter.map { ($0.0, $0.1) })))
        }
        let viewers = (0..<Generator.connections).filter { Generator.isAttached($0, model) }
        for viewer in viewers.prefix(3) {
            list(viewer, "users.list")
            list(viewer, "posts.list")
            list(viewer, "auth.sessions")
        }
        let viewer = viewers.first ?? 0
        for user in model.users.keys.sorted() {
            list(
                viewer, "posts.list", [("author_id", book.term(user)), ("order", .text("oldest"))])
        }
        for post in model.posts.keys.sorted() {
            list(viewer, "comments.list", [("post_id", book.term(post))])
            list(viewer, "posts.likers", [("id", book.term(post))])
        }
    }

    mutating func begin(with action: Step.Action) { open.insert(action, at: 0) }

    /// The next step; a list goes on as long as the answer before had a cursor.
    mutating func next(_ book: Book) -> Step? {
        if let (call, step) = walking {
            walking = nil
            if let cursor = book.results[step]?["next_cursor"], cursor.string != nil {
                var more = call
                more.params.removeAll { $0.name == "cursor" }
                more.params.append(("cursor", .from(step, ["next_cursor"], "no such thing")))
                return take(.call(more))
            }
        }
        return open.isEmpty ? nil : take(open.removeFirst())
    }

    private mutating func take(_ action: Step.Action) -> Step {
        next += 1
        if case .call(let call) = action { walking = (call, next) }
        return Step(number: next, wall: 0, monotonic: 0, action: action)
    }
}
