// The model's test: how the service is reached. The same steps can be driven through handlers in
// this process, a socket, or HTTP: whatever can make a call as somebody.
internal import MuseJSON

/// What became of a call.
enum Answer {
    case result(JSONValue)
    /// The error object, as the wire has it.
    case refusal(JSONValue)

    /// The error's name; `ok` for a result.
    var errorName: String {
        switch self {
        case .result: "ok"
        case .refusal(let error): error["data"]?["name"]?.string ?? "(no name)"
        }
    }

    var brief: String {
        switch self {
        case .result(let value): "-> " + value.brief
        case .refusal(let error): "refused: \(error["data"]?.brief ?? error.brief)"
        }
    }
}

/// Who makes a call: over a connection, which may be attached, and perhaps with a token of the
/// call's own.
struct Caller {
    /// 0 and up; below nought the operator's.
    let connection: Int
    var token: String?
    /// What else cuts across methods: the idempotency key, and further members of `_meta`.
    var key: String?
    var moreMeta: [JSONValue.Member] = []
}

/// A way to the service.
protocol Transport: AnyObject {
    /// What a session says of where a connection comes from.
    func address(of connection: Int) -> String

    /// Makes a call and waits for its answer.
    /// - Parameter params: an object, or an array where the transport has such a thing.
    func call(as caller: Caller, _ method: String, _ params: JSONValue) async throws -> Answer

    /// Milliseconds of the wall clock and of the monotonic one, as the service has them now.
    var clocks: (wall: Int64, monotonic: Int64) { get }
}

/// A way to a service whose surroundings are in our hands too.
protocol ControlledTransport: Transport {
    /// Moves the clocks.
    func advance(wall: Int64, monotonic: Int64)
    /// Stops the service and starts it on the same data; all connections are lost.
    func restart() throws
    /// Removes so many rows of what hangs on deleted things; true: there is more.
    func removeDeleted(rows: Int) throws -> Bool
    /// Clears away what is over.
    func sweep() throws
    /// The counts that are not those of the rows; to be asked when no deletion is under way.
    func wrongCounts() throws -> [String]
}
