// The measuring room: calls that wait for their answers, for what comes before a load: logging in,
// filling the server, looking at one answer of each kind.
internal import Glibc
internal import MentalMuseProtocol
internal import MuseJSON
internal import MuseRPC

/// A connection for calls, one at a time or a row of them together.
final class CallConnection {
    let wire: Wire
    private let inbox = Inbox()
    private var input: [UInt8] = []

    /// The longest answer.
    private static let lineMax = 64 << 20

    init(_ target: Target) throws(BenchError) {
        wire = try Wire(target, inbox)
    }

    /// Makes a call.
    func call<Value: ResultDecoding>(
        _ method: MethodID, _ params: any ParamsEncoding, token: String? = nil,
        _ type: Value.Type = Value.self
    ) throws(BenchError) -> Value {
        try send([OneCall(method: method, params: params, token: token)])
        let results: [Value] = try receive(1, method)
        guard let result = results.first else { throw wire.lost("no answer") }
        return result
    }

    /// Sends calls, all of them before any answer is waited for. Each has its place as its id.
    func send(_ calls: [OneCall]) throws(BenchError) {
        let script = try Script(calls, .lines, key: "")
        for index in calls.indices {
            script.append(index, id: Script.idFirst + index, key: 0, to: &wire.out)
        }
        while try !wire.flush() { try wire.wait(POLLOUT) }
    }

    /// The results of the last `count` calls, in their order.
    func receive<Value: ResultDecoding>(
        _ count: Int, _ method: MethodID
    ) throws(BenchError) -> [Value] {
        var results = [Value?](repeating: nil, count: count)
        for _ in 0..<count {
            let line = try line()
            guard let answer = Answer(line.span, line.indices) else {
                throw wire.lost("a line that is no answer: \(Self.text(line))")
            }
            guard let range = answer.result else {
                throw BenchError("\(method.name) is refused: \(Self.text(line))")
            }
            let id = (answer.id ?? 0) - Script.idFirst
            guard results.indices.contains(id), results[id] == nil else {
                throw wire.lost("an answer to no call: \(Self.text(line))")
            }
            var reader = JSONReader(position: range.lowerBound, end: range.upperBound)
            do throws(JSONError) {
                results[id] = try Value(line.span, &reader)
            } catch {
                throw BenchError("\(method.name): a result that is not what the schema says")
            }
        }
        return results.compactMap { $0 }
    }

    /// Sends a request of HTTP and gives the value of a field of its answer, whose status must be
    /// 200.
    func field(_ name: String, ofAnswerTo request: String) throws(BenchError) -> String {
        wire.out += Array(request.utf8)
        while try !wire.flush() { try wire.wait(POLLOUT) }
        while true {
            switch HTTPAnswer.next(input.span, from: 0) {
            case .needMore: try fill()
            case .unreadable: throw wire.lost("an answer that is not of this service's HTTP")
            case .answer(let answer):
                guard answer.status == 200,
                    let value = HTTPAnswer.field(name, input.span, answer.head)
                else { throw wire.lost("status \(answer.status), or no \(name)") }
                let text = Self.text(Array(input[value]))
                input.removeSubrange(..<answer.body.upperBound)
                return text
            }
        }
    }

    private func line() throws(BenchError) -> [UInt8] {
        var searched = 0
        while true {
            if let feed = ByteScan.newline(in: input.span, from: searched) {
                let line = Array(input[..<feed])
                input.removeSubrange(...feed)
                return line
            }
            searched = input.count
            guard searched <= Self.lineMax else { throw wire.lost("a line that does not end") }
            try fill()
        }
    }

    private func fill() throws(BenchError) {
        try wire.wait(POLLIN)
        let count = try wire.receive(inbox)
        inbox.withSpan(count) { bytes in
            unsafe bytes.withUnsafeBufferPointer { unsafe input.append(contentsOf: $0) }
        }
    }

    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix(300), as: UTF8.self)
    }
}
