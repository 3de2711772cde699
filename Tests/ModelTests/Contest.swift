// The model's test: the service and the model take the same steps; every answer is compared.
internal import MuseJSON

/// Where they disagree.
struct Disagreement: Error {
    let step: Int
    let what: String
}

/// One run.
final class Contest {
    private let transport: any Transport
    private let controlled: (any ControlledTransport)?
    private(set) var model: Model
    private(set) var book = Book()
    private(set) var log: [String] = []

    init(_ transport: any Transport, _ model: Model) {
        self.transport = transport
        controlled = transport as? any ControlledTransport
        self.model = model
    }

    /// Takes a step on both sides.
    /// - Returns: the service's answer, where the step is a call.
    /// - Throws: Disagreement.
    @discardableResult
    func take(_ step: Step) async throws -> Answer? {
        controlled?.advance(wall: step.wall, monotonic: step.monotonic)
        let before = transport.clocks
        model.setTime(before.wall...before.wall, monotonic: before.monotonic)
        switch step.action {
        case .call(let call): return try await take(call, step)
        case .restart:
            log.append("\(step.number) restart")
            try controlled?.restart()
            model.restart()
        case .removeDeleted(let rows):
            log.append("\(step.number) remove \(rows) rows of what was deleted")
            _ = try controlled?.removeDeleted(rows: rows)
        case .finishDeletions:
            log.append("\(step.number) finish the deletions")
            while try controlled?.removeDeleted(rows: 50) == true {}
            model.finishDeletions()
            let wrong = try controlled?.wrongCounts() ?? []
            guard wrong.isEmpty else { throw Disagreement(step: step.number, what: "\(wrong)") }
        case .sweep:
            log.append("\(step.number) sweep")
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
        let who = call.connection < 0 ? "operator" : "connection \(call.connection)"
        let shown = asked.params.with(caller).brief
        log.append("\(step.number) \(before.wall) \(who) \(call.method) \(shown) \(answer.brief)")
        if case .result(let value) = answer { book.note(value, of: step.number) }
        if let what = model.judge(asked, answer).difference(answer) {
            throw Disagreement(step: step.number, what: "\(call.method): \(what)")
        }
        return answer
    }
}
