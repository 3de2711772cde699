// The data: the operator's calls, through the socket of the server that has the data folder, or by
// the same handlers in this process where none has.
internal import MuseJSON
internal import MuseOptions
internal import MuseService

/// Where the operator's calls go.
enum OperatorDoor {
    case socket(ServerCaller)
    case local(LocalService, Backend)

    /// Runs `body` with the door of the data folder that the settings name.
    /// - Parameter makes: whether a data folder is made where there is none.
    static func open<R>(
        _ settings: Settings, makes: Bool = false,
        _ body: (OperatorDoor) throws(CommandFailure) -> R
    ) throws(CommandFailure) -> R {
        let path = settings.text(ServeOptions.data) ?? ""
        guard let folder = try DataFolder.openUnlessHeld(path, makes: makes) else {
            let caller = ServerCaller(socket: DataFolder.socket(path), seconds: 600)
            defer { caller.finish() }
            return try body(.socket(caller))
        }
        let configuration = try ServiceConfiguration(settings, isLoopbackOnly: true)
        let backend = try Backend(folder, configuration)
        defer { backend.close() }
        return try body(.local(LocalService(backend.shared), backend))
    }

    /// Makes a call.
    /// - Throws: no connection; for a refusal its message, or with `showsRefusal` its whole error
    ///   object.
    func call(_ name: String, _ params: JSONValue) throws(CommandFailure) -> JSONValue {
        let answer: CallAnswer
        switch self {
        case .local(let service, _): answer = service.call(name, params)
        case .socket(let caller):
            var given = CallParams(value: params)
            if SchemaIndex.builtIn.method(name)?.effect == "write" {
                given.setMeta("idempotency_key", .string(ServerCaller.newKey()))
            }
            answer = try caller.call(name, SchemaIndex.builtIn.method(name), given)
        }
        switch answer {
        case .result(let value): return value
        case .refusal(let error): throw CommandFailure(Self.message(error))
        case .none: throw CommandFailure("no answer to \(name)")
        }
    }

    /// A refusal as one line: what people are told, and what is wrong in particular.
    private static func message(_ error: JSONValue) -> String {
        let data = error["data"]
        var text = error["message"]?.string ?? "refused"
        var facts: [String] = []
        if let field = data?["field"]?.string { facts.append(field) }
        if let rules = data?["rules"]?.array { facts += rules.compactMap(\.string) }
        for offence in data?["errors"]?.array ?? [] {
            let path = offence["path"]?.string ?? ""
            let rule = offence["rule"]?.string ?? ""
            facts.append("\(path) \(rule) \(offence["expected"]?.text() ?? "")")
        }
        if !facts.isEmpty { text += " (\(facts.joined(separator: "; ")))" }
        return "\(data?["name"]?.string ?? "error"): \(text)"
    }
}
