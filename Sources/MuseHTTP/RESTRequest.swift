// The HTTP room: a request of REST, read: the operation it asks for, with typed params. Knows
// nothing of connections; the exchange makes one for each request, tests make their own.
package import MentalMuseProtocol
package import MuseJSON
package import MuseRPC

/// An operation with its params.
package struct RESTRequest {
    package let method: MethodID
    package let meta: Meta
    /// What a success is answered with.
    package let status: Int
    let operation: Operation
    package let invocation: Invocation
    let target: Target

    /// Reads the params of an operation that was found.
    /// - Throws: -32700, -32050, -32602.
    init(
        _ operation: Operation, values: [String], target: Target, head: borrowing Head,
        body: Span<UInt8>, offencesMax: Int, nestingMax: Int
    ) throws(RPCError) {
        var params = ParamsText(issuesMax: offencesMax)
        let decoded = try params.decode(
            operation, values: values, target: target, head: head, body: body,
            nestingMax: nestingMax)
        guard let invocation = decoded.invocation else {
            throw .methodNotFound(didYouMean: nil)
        }
        method = operation.method
        var meta = decoded.meta
        // Any text may be a token, so it need not be read with the params.
        meta.accessToken = Authorization.token(head.authorization)
        self.meta = meta
        status = operation.status
        self.operation = operation
        self.invocation = invocation
        self.target = target
    }

    /// Reads a whole request.
    /// - Parameters:
    ///   - verb: `GET` and so on.
    ///   - text: the target, as it is sent.
    /// - Throws: -32601 where nothing is there, and what its params are refused with.
    package init(
        _ verb: String, _ text: String, head: borrowing Head, body: Span<UInt8>, offencesMax: Int,
        nestingMax: Int
    ) throws(RPCError) {
        guard let target = try? Target(text.utf8.span),
            let (resource, values) = Resource.find(target.segments),
            let operation = Verb(rawValue: verb).flatMap(resource.operation)
        else { throw .methodNotFound(didYouMean: nil) }
        try self.init(
            operation, values: values, target: target, head: head, body: body,
            offencesMax: offencesMax, nestingMax: nestingMax)
    }

    /// Runs it and appends its representation.
    /// - Returns: where the new thing is, of a method that makes one.
    /// - Throws: what the handler throws.
    package func run(
        _ call: Call, methods: borrowing Methods, into writer: inout JSONWriter
    ) async throws(RPCError) -> String? {
        try await represent(invocation, call, methods: methods, into: &writer)
    }

    /// Where a method stands: the verb, and the path with the names of its params in braces; nil
    /// where it is not served here.
    package static func place(of method: MethodID) -> (verb: String, path: String)? {
        for resource in Resource.all {
            for operation in resource.operations where operation.method == method {
                var path = ""
                var names = operation.inPath[...]
                for piece in resource.pieces {
                    switch piece {
                    case .literal(let text): path += "/" + text
                    case .param: path += "/{\(names.popFirst() ?? "")}"
                    }
                }
                return (operation.verb.rawValue, path)
            }
        }
        return nil
    }
}

extension RPCError {
    /// The problem details that it is answered with.
    /// - Parameter isConditional: whether a precondition of the request failed.
    package func problem(isConditional: Bool) -> (status: Int, text: String) {
        let status = ProblemStatus.of(self, isConditional: isConditional)
        var writer = JSONWriter()
        problem(status, into: &writer)
        return (status, writer.string())
    }
}
