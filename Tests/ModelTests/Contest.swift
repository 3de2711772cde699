// The model's test: the service and the model take the same steps; every answer is compared.
internal import MuseJSON

/// Where they disagree.
struct Disagreement: Error {
    let step: Int
    let what: String
}

/// A step as it went: told in words only where somebody wants to read it.
private struct Taken {
    let step: Step
    let wall: Int64
    var call: ModelCall?
    var answer: Answer?

    var line: String {
        guard let call else { return "\(step.number) \(wall) \(step.action)" }
        let who = call.connection < 0 ? "operator" : "connection \(call.connection)"
        let caller = Caller(
            connection: call.connection, token: call.token, key: call.key, moreMeta: call.moreMeta)
        let shown = call.params.with(caller).brief
        return "\(step.number) \(wall) \(who) \(call.method) \(shown) \(answer?.brief ?? "")"
    }
}

/// One run.
final class Contest {
    private let transport: any Transport
    private let controlled: (any ControlledTransport)?
    private(set) var model: Model
    private(set) var book = Book()
    private var taken: [Taken] = []

    init(_ transport: any Transport, _ model: Model) {
        self.transport = transport
        controlled = transport as? any ControlledTransport
        self.model = model
    }

    /// The methods that went another way than a line.
    var rest: Set<String> { (transport as? InProcess)?.rest.taken ?? [] }

    /// The last steps, in words.
    func log(last count: Int = .max) -> [String] { taken.suffix(count).map(\.line) }

    /// Takes a step on both sides.
    /// - Returns: the service's answer, where the step is a call.
    /// - Throws: Disagreement.
    @discardableResult
    func take(_ step: Step) async throws -> Answer? {
        // What is over may not come back with the clock: a page that passed it over would have
        // skipped it.
        if step.wall < 0, model.sessions.values.contains(where: { model.isOver($0.endsAt) }) {
            try controlled?.sweep()
            model.sweep()
        }
        controlled?.advance(wall: step.wall, monotonic: step.monotonic)
        let before = transport.clocks
        model.setTime(before.wall...before.wall, monotonic: before.monotonic)
        if case .call(let call) = step.action { return try await take(call, step) }
        taken.append(Taken(step: step, wall: before.wall))
        switch step.action {
        case .call: break
        case .restart:
            try controlled?.restart()
            model.restart()
        case .removeDeleted(let rows): _ = try controlled?.removeDeleted(rows: rows)
        case .finishDeletions:
            while try controlled?.removeDeleted(rows: 50) == true {}
            model.finishDeletions()
            let wrong = try controlled?.wrongCounts() ?? []
            guard wrong.isEmpty else { throw Disagreement(step: step.number, what: "\(wrong)") }
        case .sweep:
            try controlled?.sweep()
            model.sweep()
        }
        return nil
    }

    private func take(_ call: CallStep, _ step: Step) async throws -> Answer {
        let asked = call.modelCall(book, address: transport.address(of: call.connection))
        let caller = Caller(
            connection: call.connection, token: asked.token, key: call.key, moreMeta: call.moreMeta)
        let before = transport.clocks
        let answer = try await transport.call(as: caller, call.method, asked.params)
        let after = transport.clocks
        model.setTime(before.wall...max(before.wall, after.wall), monotonic: after.monotonic)
        taken.append(Taken(step: step, wall: before.wall, call: asked, answer: answer))
        if case .result(let value) = answer { book.note(value, of: step.number) }
        if let what = model.judge(asked, answer).difference(answer) {
            throw Disagreement(step: step.number, what: "\(call.method): \(what)")
        }
        return answer
    }
}
