// The data: the handlers of the service, run in this process without a server: for the operator's
// commands where no server has the data folder, and for the people and posts of a demonstration.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseRPC
internal import MuseService
internal import MuseStore

/// One set of handlers, used by one thread, which waits for each answer.
struct LocalService: Sendable {
    private let shared: ServiceShared

    init(_ shared: ServiceShared) {
        self.shared = shared
    }

    /// Runs a call to its end.
    /// - Parameter token: whose call it is; nil: the operator's.
    func call(_ name: String, _ params: JSONValue, token: String? = nil) -> CallAnswer {
        let answer = Signal<Result<String, RPCError>?>(nil)
        let text = Self.text(params, token)
        let shared = shared
        let run: @concurrent @Sendable () async -> Void = {
            let result = await LocalService.run(shared, name, text)
            answer.change { $0 = result }
        }
        Task { await run() }
        switch answer.wait({ $0 }) {
        case .success(let text):
            return (try? JSONValue(text, depthMax: 512)).map(CallAnswer.result) ?? .none
        case .failure(let error):
            var writer = JSONWriter()
            error.write(into: &writer)
            return (try? JSONValue(writer.string())).map(CallAnswer.refusal) ?? .none
        }
    }

    private static func text(_ params: JSONValue, _ token: String?) -> String {
        var params = CallParams(value: params)
        if let token { params.setMeta("access_token", .string(token)) }
        return params.value?.text() ?? "{}"
    }

    private static func run(
        _ shared: ServiceShared, _ name: String, _ params: String
    ) async -> Result<String, RPCError> {
        guard let method = MethodID.allCases.first(where: { $0.name == name }) else {
            return .failure(.methodNotFound(didYouMean: nil))
        }
        let decoded = Invocation.decode(
            method: method, bytes: params.utf8.span, params: 0..<params.utf8.count,
            issuesMax: shared.configuration.limits.offencesMax)
        guard let invocation = decoded.invocation else {
            let offences = decoded.issues.issues.map {
                Offence(path: $0.path, rule: $0.rule, expected: $0.expected)
            }
            return .failure(.invalidParams(errors: offences))
        }
        do {
            let service = try Service(shared: shared)
            defer { service.core.store.close() }
            let call = Call(
                method: method, peer: Peer(id: 0, transport: .local, address: .ipv4(0x7F00_0001)),
                meta: decoded.meta, arrivedAt: MonotonicClock.system.nanoseconds())
            var writer = JSONWriter()
            try await perform(invocation, call, methods: service.methods, into: &writer)
            return .success(writer.string())
        } catch let error as RPCError {
            return .failure(error)
        } catch {
            return .failure(.unavailable(retryAfterMs: 0, outcome: "none").because("\(error)"))
        }
    }
}
