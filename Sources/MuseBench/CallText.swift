// The measuring room: calls as bytes, written once. What differs from one sending to the next (the
// id, the idempotency key) has a fixed width, and is put in its place as it is sent.
package import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON

/// A call, before it is written in one style or another.
package struct OneCall {
    package let method: MethodID
    package let params: any ParamsEncoding
    /// The caller's token, where the call itself names the caller.
    package var token: String?
    /// Whether it has an idempotency key.
    package var isKeyed = false
    /// What is known of the answer already: an entity tag, for REST.
    package var known: String?

    package init(
        method: MethodID, params: any ParamsEncoding, token: String? = nil, isKeyed: Bool = false,
        known: String? = nil
    ) {
        self.method = method
        self.params = params
        self.token = token
        self.isKeyed = isKeyed
        self.known = known
    }

    /// A number in place of the id, of as many digits as all ids have.
    static let idMark = "100000"

    /// `{"jsonrpc":…}`, without a line feed. `_meta` has the token and the key.
    func message(_ key: String) -> String {
        var writer = JSONWriter()
        writer.raw("{\"jsonrpc\":\"2.0\",\"id\":")
        writer.raw(text: Self.idMark)
        writer.raw(",\"method\":")
        writer.string(method.name)
        let meta = Meta(accessToken: token, idempotencyKey: isKeyed ? key : nil)
        let mark = writer.count
        writer.raw(",\"params\":")
        let start = writer.count
        params.encode(into: &writer)
        let isEmpty = writer.count == start + 2
        if meta != Meta() {
            // The params are an object: `_meta` goes in before its brace.
            writer.truncate(to: writer.count - 1)
            writer.raw(isEmpty ? "\"_meta\":" : ",\"_meta\":")
            meta.encode(into: &writer)
            writer.raw("}")
        } else if isEmpty {
            writer.truncate(to: mark)
        }
        writer.raw("}")
        return writer.string()
    }

    /// The params as a tree of values.
    var members: [JSONValue.Member] {
        var writer = JSONWriter()
        params.encode(into: &writer)
        return (try? JSONValue(writer.string()))?.members ?? []
    }
}

/// How calls are written and answers read.
package enum Style: String, Sendable, CaseIterable {
    /// JSON-RPC, a message a line.
    case lines
    /// The resources of HTTP.
    case rest = "REST"
    /// JSON-RPC in a POST.
    case post = "POST /rpc"

    var isHTTP: Bool { self != .lines }
}

/// The requests of a load, ready to be sent in any order.
package struct Script: Sendable {
    /// Where one request stands in `bytes`, and what is put into it; places count from its start.
    struct Request: Sendable {
        let range: Range<Int>
        let id: Int?
        let key: Int?
    }

    let style: Style
    /// The status that HTTP answers with, where all is well.
    let status: Int
    package private(set) var bytes: [UInt8] = []
    private(set) var requests: [Request] = []

    /// Digits of an id, and the first one.
    static let idDigits = 6
    package static let idFirst = 100_000
    /// Digits of the number that ends a key.
    static let keyDigits = 12

    /// How the idempotency keys of one load begin, and no other's.
    static func freshKey() -> String {
        "bench-" + String(RandomSource.system.uint64(), radix: 16) + "-"
    }

    /// Writes the calls.
    /// - Parameter key: how their idempotency keys begin.
    package init(
        _ calls: [OneCall], _ style: Style, status: Int = 200, key: String
    ) throws(BenchError) {
        self.style = style
        self.status = status
        let keyMark = key + String(repeating: "0", count: Self.keyDigits)
        for call in calls {
            let text: String
            switch style {
            case .lines: text = call.message(keyMark) + "\n"
            case .rest: text = try RESTPlace.of(call.method).request(call, key: keyMark)
            case .post: text = HTTPText.posted(call.message(keyMark))
            }
            let own = Array(text.utf8)
            let start = bytes.count
            bytes += own
            requests.append(
                Request(
                    range: start..<bytes.count,
                    id: style == .rest
                        ? nil : Self.place("\"id\":\(OneCall.idMark),", own).map { $0 + 5 },
                    key: call.isKeyed
                        ? Self.place(keyMark, own).map { $0 + key.utf8.count } : nil))
        }
    }

    private static func place(_ text: String, _ bytes: [UInt8]) -> Int? {
        let wanted = Array(text.utf8)
        guard bytes.count >= wanted.count else { return nil }
        return (0...bytes.count - wanted.count).first { start in
            bytes[start..<start + wanted.count].elementsEqual(wanted)
        }
    }

    /// Appends a request, with its own id and key.
    /// - Returns: how many bytes it has.
    @discardableResult
    package func append(_ index: Int, id: Int, key: Int, to out: inout [UInt8]) -> Int {
        let request = requests[index]
        let start = out.count
        unsafe bytes.withUnsafeBytes {
            unsafe out.append(contentsOf: UnsafeRawBufferPointer(rebasing: $0[request.range]))
        }
        if let place = request.id { Self.put(id, Self.idDigits, start + place, &out) }
        if let place = request.key { Self.put(key, Self.keyDigits, start + place, &out) }
        return request.range.count
    }

    private static func put(_ number: Int, _ digits: Int, _ place: Int, _ out: inout [UInt8]) {
        var rest = number
        for index in stride(from: place + digits - 1, through: place, by: -1) {
            out[index] = UInt8(truncatingIfNeeded: 48 + rest % 10)
            rest /= 10
        }
    }
}
