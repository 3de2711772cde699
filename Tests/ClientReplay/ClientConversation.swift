// The Swift client's replayer: a conversation had by the client. Calls go through its raw door, and
// come back as it understands them; what no client would send goes over its connection as it is.
internal import Dispatch
internal import MentalMuseClient
internal import MuseBase
package import MuseJSON
package import Transcripts

/// Runs the client's calls. The replayer blocks its own thread while it waits for them, which may
/// be one of the few on which tasks run otherwise.
private final class CallQueue: TaskExecutor {
    static let shared = CallQueue()
    private let queue = DispatchQueue(label: "calls")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// A conversation over a connection of the client's.
package final class ClientConversation: Conversation {
    private typealias Outcome = Result<String, ClientError>

    package var pool: [[UInt8]] = []
    package var count = 0
    private let tap: Tap
    private let client: MentalMuseClient
    private let results: ResultTypes
    /// The latest call that the client has made: its method, and what it ended with.
    private var latest: (method: String, outcome: Lock<Outcome?>)?

    package init(_ place: Place, _ results: ResultTypes) throws {
        tap = try Tap(place)
        client = MentalMuseClient(transport: tap)
        self.results = results
    }

    deinit { client.close() }

    /// How many calls were made by the client itself.
    package var clientCalls: Int { tap.callCount }

    package func send(_ bytes: [UInt8]) throws { try tap.send(bytes) }
    package func line() throws -> [UInt8]? { try tap.line() }
    package func halfClose() { tap.halfClose() }
    package func close(resetting: Bool) throws { try tap.close(resetting: resetting) }

    // MARK: Calls

    package func call(
        _ method: JSONValue, _ params: JSONValue?, meta: [JSONValue.Member]
    ) throws -> JSONValue {
        latest = nil
        let named = params ?? .object([])
        guard let name = method.string, let options = Self.options(meta),
            named.members != nil, named["_meta"] == nil
        else { return try plainCall(method, params, meta: meta) }
        let outcome = Lock<Outcome?>(nil)
        let sent = tap.callCount
        let text = named.text()
        Task(executorPreference: CallQueue.shared) { [client, tap] in
            let result: Outcome
            do throws(ClientError) {
                result = .success(try await client.call(name, params: text, options: options))
            } catch {
                result = .failure(error)
            }
            outcome.withLock { $0 = result }
            tap.signal()
        }
        latest = (name, outcome)
        guard let id = try tap.id(after: sent, unless: { outcome.withLock { $0 != nil } }) else {
            let why = outcome.withLock { "\($0, default: "nothing")" }
            throw Differs("the client does not send it: \(why)")
        }
        return id
    }

    /// What the members of `_meta` are to the client; nil where it has no word for one.
    private static func options(_ meta: [JSONValue.Member]) -> CallOptions? {
        var options = CallOptions(
            deadline: .milliseconds(Int64(Wire.patience)), retries: false,
            waitsForConnection: false)
        for member in meta {
            guard let text = member.value.string else { return nil }
            switch member.name {
            case "access_token": options.accessToken = text
            case "idempotency_key": options.idempotencyKey = text
            case "traceparent": options.traceparent = text
            default: return nil
            }
        }
        return options
    }

    /// The client must have understood the same as the replayer.
    package func answered(_ line: [UInt8]) throws {
        guard let (method, outcome) = latest else { return }
        try tap.wait("the client does not see the answer") { outcome.withLock { $0 != nil } }
        let answer = try JSONValue(line.span)
        switch outcome.withLock({ $0 }) {
        case .success(let text):
            guard try JSONValue(text) == answer["result"] else {
                throw Differs("the client's result is \(text.prefix(200))")
            }
            try results.check(method, text)
        case .failure(let error):
            guard let stated = answer["error"] else { throw Differs("the client says \(error)") }
            if case .other = error { throw Differs("the client does not know \(stated.brief)") }
            guard error.code?.rawValue == stated["code"]?.int,
                error.retry.rawValue == stated["data"]?["retry"]?.string
            else { throw Differs("the client says \(error) of \(stated.brief)") }
        case nil: throw Differs("the client says nothing")
        }
    }
}
