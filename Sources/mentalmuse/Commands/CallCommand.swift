// The command `call`: one call of any method of a running server.
internal import MuseJSON
internal import MuseOptions

/// `mentalmuse call METHOD [name=value | JSON]`.
enum CallCommand {
    static let command = Command(
        path: ["call"], summary: "Call a method of a running server and print its result.",
        details: [
            "Params are words: name=value (the schema says whether a value is a text, a number or a "
                + "flag), name:=JSON, or one JSON object or array; '-' alone reads that JSON from "
                + "standard input. A password or token given as name=- is asked for without echo, or "
                + "is the next line of standard input.",
            "The session of the last log-in to a server is kept in "
                + "~/.local/state/mentalmuse/session.json ($XDG_STATE_HOME; mode 0600) and refreshed. "
                + "Every write carries an idempotency key and is repeated once where its answer is "
                + "lost.",
            "The result is indented on a terminal and one line elsewhere. Exit status: 0 for a result; "
                + "1 for a refusal, whose error object goes to standard error; 2 for wrong use; 3 for "
                + "no connection.",
            "'mentalmuse call METHOD --help' tells of one method; 'mentalmuse schema' prints all.",
        ],
        operands: ["METHOD", "[name=value | name:=JSON | JSON]..."], options: ClientOptions.call,
        examples: [
            "mentalmuse call auth.login username=ada password=-",
            "mentalmuse call posts.create body='Hello'",
            "mentalmuse call posts.list limit=5 | jq .items[].body",
        ],
        help: { words in
            words.first.flatMap(SchemaIndex.builtIn.method).map(Help.method)
        },
        run: { (input) throws(CommandFailure) in try run(input) })

    private static func run(_ input: CommandInput) throws(CommandFailure) {
        let name = try input.operand(0)
        let method = SchemaIndex.builtIn.method(name)
        var params = try CallParams(
            Array(input.operands.dropFirst()), of: method, name: name, secret: Secrets.read)
        if let key = input.settings.text(ClientOptions.idempotencyKey) {
            try setMeta("idempotency_key", .string(key), &params, method)
        }
        if input.settings.isGiven(ClientOptions.deadline) {
            let milliseconds = input.settings.int(ClientOptions.deadline)
            try setMeta("deadline_ms", .number(String(milliseconds)), &params, method)
        }
        let caller = try ServerCaller(input.settings)
        let answer = try caller.call(name, method, params)
        caller.finish()
        try show(answer)
    }

    private static func setMeta(
        _ name: String, _ value: JSONValue, _ params: inout CallParams, _ method: MethodInfo?
    ) throws(CommandFailure) {
        if let method { params.name(by: method) }
        guard params.value?.array == nil else {
            throw CommandFailure(UsageError("params by position cannot carry _meta.\(name)"))
        }
        params.setMeta(name, value)
    }

    /// Prints an answer.
    /// - Throws: the failure without a message, for a refusal.
    static func show(_ answer: CallAnswer) throws(CommandFailure) {
        switch answer {
        case .none: return
        case .result(let value):
            Output.line(value.text(indented: Output.Stream.standard.isTerminal))
        case .refusal(let error):
            Output.line(error.text(indented: Output.Stream.error.isTerminal), to: .error)
            throw CommandFailure(nil)
        }
    }
}
