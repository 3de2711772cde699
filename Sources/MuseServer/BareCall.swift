// The server room: requests without params to methods that touch no store. Such a call is the same
// each time, so it is decoded once a worker.
internal import MentalMuseProtocol
internal import MuseJSON
internal import MuseRPC

/// The handlers as the direct way calls them. Not copyable: a copy of them counts twelve
/// references, and the compiler would make one for each call.
struct Handlers: ~Copyable {
    let methods: Methods

    /// Runs a method that touches no store and appends its result.
    borrowing func run(
        _ invocation: Invocation, _ call: Call, into writer: inout JSONWriter
    ) throws(RPCError) {
        try performNow(invocation, call, methods: methods, into: &writer)
    }

    /// Appends a whole line: the head of a success, the result, the end. Gives its length.
    borrowing func answer(
        _ invocation: Invocation, _ call: Call, _ id: Span<UInt8>, into writer: inout JSONWriter
    ) throws(RPCError) -> Int {
        let mark = writer.count
        writer.raw("{\"jsonrpc\":\"2.0\",\"id\":")
        writer.raw(id)
        writer.raw(",\"result\":")
        do throws(RPCError) {
            try run(invocation, call, into: &writer)
        } catch {
            writer.truncate(to: mark)
            throw error
        }
        writer.raw("}\n")
        return writer.count - mark
    }
}

/// A method that can be called without params, and what such a call is.
final class BareCall {
    let method: MethodID
    let invocation: Invocation

    private init(_ method: MethodID, _ invocation: Invocation) {
        self.method = method
        self.invocation = invocation
    }

    /// By the method's number; nil for methods that touch the store or need params.
    static func all() -> [BareCall?] {
        let nothing: [UInt8] = []
        return MethodID.allCases.map { method in
            guard method.effect == .none else { return nil }
            let decoded = Invocation.decode(
                method: method, bytes: nothing.span, params: nil, issuesMax: 1)
            return decoded.invocation.map { BareCall(method, $0) }
        }
    }
}
