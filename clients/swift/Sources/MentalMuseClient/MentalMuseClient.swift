// The client: the type that an app holds. Its typed calls are generated (Generated/Calls.swift);
// this file takes each of them through the channel, with its retries, to its result.
@_exported public import MentalMuseProtocol
@_exported public import MuseBase
internal import MuseJSON
internal import MuseRPC
internal import Synchronization

/// A client of the service. Calls of any number of tasks go over its connections, pipelined.
///
/// A connection is made when the first call needs it and made again when it was lost. Every call
/// ends: with its result, or with a ClientError at its deadline at the latest. Let go of it, or
/// `close` it, and its connections end.
public final class MentalMuseClient: Sendable {
    let configuration: ClientConfiguration
    let time: any ClientTime
    let sessions: Sessions
    private let channels: [Channel]
    private let next = Atomic<Int>(0)
    private let keyPrefix: String
    private let keys = Atomic<UInt64>(0)
    let deadline: UInt64

    /// A client of the server at an address: `tcp://host:port`, `tls://host:port`, `unix:/path`.
    /// - Parameter address: nil for the one in the environment's `MUSE_URL`, or
    ///   `tcp://127.0.0.1:6873`.
    /// - Throws: ClientError.invalidAddress.
    public convenience init(
        _ address: String? = nil, configuration: ClientConfiguration = ClientConfiguration()
    ) throws(ClientError) {
        let text = address ?? Environment.value("MUSE_URL") ?? "tcp://127.0.0.1:6873"
        let endpoint: Endpoint
        do throws(Endpoint.Malformed) {
            endpoint = try Endpoint(text)
        } catch {
            throw .invalidAddress(error.description)
        }
        try self.init(endpoint: endpoint, configuration: configuration)
    }

    /// A client of the server at an address.
    /// - Throws: ClientError.invalidAddress where its certificates cannot be used.
    package convenience init(
        endpoint: Endpoint, configuration: ClientConfiguration = ClientConfiguration()
    ) throws(ClientError) {
        let transport = try SocketTransport(endpoint, configuration)
        self.init(transport: transport, configuration: configuration)
    }

    /// A client over a transport of the app's own.
    public convenience init(
        transport: any Transport, configuration: ClientConfiguration = ClientConfiguration()
    ) {
        self.init(
            transport: transport, configuration: configuration, time: SystemTime.shared,
            random: .system)
    }

    /// A client in a time of the caller's own, for tests.
    package init(
        transport: any Transport, configuration: ClientConfiguration, time: any ClientTime,
        random: RandomSource
    ) {
        self.configuration = configuration
        self.time = time
        deadline = configuration.deadline.boundedNanoseconds
        keyPrefix =
            String(random.uint64(), radix: 16) + "-" + String(random.uint64(), radix: 16) + "-"
        let sessions = Sessions(configuration, time: time, random: random)
        self.sessions = sessions
        channels = (0..<max(1, configuration.connections)).map { _ in
            Channel(
                configuration, time: time, transport: transport, observer: sessions,
                identity: sessions.identity, random: random)
        }
        sessions.begin(channels)
    }

    deinit { close() }

    /// A client that has reached its server.
    /// - Parameter address: as for `init`.
    /// - Throws: ClientError, after the first attempt that fails.
    public static func connect(
        _ address: String? = nil, configuration: ClientConfiguration = ClientConfiguration()
    ) async throws(ClientError) -> MentalMuseClient {
        let client = try MentalMuseClient(address, configuration: configuration)
        _ = try await client.server.ping(
            options: CallOptions(
                deadline: configuration.connectTimeout, retries: false, waitsForConnection: false))
        return client
    }

    /// Ends the connections. Calls that wait fail with `closed`, and so does each later one.
    public func close() {
        for channel in channels { channel.close() }
        sessions.close()
    }

    /// What the server says by itself, from now on.
    public var notifications: ClientEvents<ServerNotification> {
        ClientEvents(sessions.notifications)
    }

    /// What becomes of the session, from now on.
    public var sessionEvents: ClientEvents<SessionEvent> { ClientEvents(sessions.events) }

    // MARK: One call

    /// Takes a call to its result.
    func perform<Params: CallParams, R: ResultDecoding>(
        _ method: MethodID, _ params: Params, _ options: CallOptions
    ) async throws(ClientError) -> R {
        let until = method.changesSession ? time.now() &+ limit(options) : 0
        let bytes = try await resultBytes(method, method.name, params, options)
        var reader = JSONReader(position: 0, end: bytes.count, depthMax: 64)
        let result: R
        do throws(JSONError) {
            result = try R(bytes.span, &reader)
        } catch {
            throw .malformedAnswer(
                "The result of \(method.name) is not what the schema says, at byte \(error.offset)."
            )
        }
        if method.changesSession { await settle(method, params, result, until: until) }
        return result
    }

    /// Calls a method by its name, one that this version of the client does not know for one.
    ///
    /// What the typed calls do for the session (log in, log out) is not done here. A method that is
    /// not known is sent again only if the options have an idempotency key.
    /// - Parameter params: a JSON object. What goes into `_meta` stands in the options.
    /// - Returns: the result as JSON text.
    /// - Throws: ClientError; `invalidParams`, unsent, where the params are something else.
    public func call(
        _ method: String, params: String = "{}", options: CallOptions = CallOptions()
    ) async throws(ClientError) -> String {
        guard let params = RawParams(params) else {
            let offence = Offence(path: "", rule: "type", expected: "\"object\"")
            throw .invalidParams(errors: [offence])
        }
        var name = JSONWriter()
        name.string(method)
        let escaped = String(name.string().dropFirst().dropLast())
        let known = MethodID.allCases.first { $0.name == method }
        let bytes = try await resultBytes(known, escaped, params, options)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Takes a call to its result's JSON text, sending it again where that is safe.
    private func resultBytes<Params: ParamsEncoding>(
        _ method: MethodID?, _ name: String, _ params: Params, _ options: CallOptions
    ) async throws(ClientError) -> [UInt8] {
        var now = time.now()
        var attempt = Attempt(method: method, options: options, deadline: now &+ limit(options))
        var text = CallText(
            method: name, params: params,
            meta: Meta(
                accessToken: options.accessToken, idempotencyKey: key(method, options),
                traceparent: options.traceparent))
        let channel = channel()
        let traits = CallTraits(
            isPatient: options.waitsForConnection,
            generation: method?.looksAtToken ?? true && options.accessToken == nil
                ? sessions.generation : nil)
        if Task.isCancelled { throw .cancelled }
        while true {
            sessions.renewIfDue(now)
            text.meta.deadlineMs = attempt.millisecondsLeft(now)
            let outcome = await channel.call(
                text, now: now, deadline: attempt.deadline, traits)
            if case .result(let bytes) = outcome { return bytes }
            now = time.now()
            switch try attempt.next(outcome, now, hasSession: sessions.hasSession) {
            case .again: break
            case .done: return Array("{}".utf8)
            case .withNewToken(let version, let error): sessions.rejected(version, error)
            case .after(let instant):
                if case .failed(let error) = await channel.pause(until: instant) { throw error }
                now = time.now()
            }
        }
    }

    /// How long a call may take, in nanoseconds.
    private func limit(_ options: CallOptions) -> UInt64 {
        options.deadline.map { min($0, .seconds(3_600)).boundedNanoseconds } ?? deadline
    }

    private func channel() -> Channel {
        guard channels.count > 1 else { return channels[0] }
        let turn = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return channels[Int(UInt(bitPattern: turn) % UInt(channels.count))]
    }

    private func key(_ method: MethodID?, _ options: CallOptions) -> String? {
        if let key = options.idempotencyKey { return key }
        guard method?.effect == .write else { return nil }
        return keyPrefix + String(keys.wrappingAdd(1, ordering: .relaxed).newValue, radix: 36)
    }

    /// Makes the session what a call has made it on the server. It is kept before the call returns,
    /// if that can be done in the call's time.
    private func settle(
        _ method: MethodID, _ params: any CallParams, _ result: any ResultDecoding,
        until deadline: UInt64
    ) async {
        if let token = (params as? AuthLogoutParams)?.refreshToken, !sessions.owns(token) { return }
        if let grant = result as? Grant {
            let isRefresh = method == .authRefresh || method == .authChangePassword
            await sessions.adopt(grant, isRefresh: isRefresh, until: deadline)
        } else {
            await sessions.end(.loggedOut, until: deadline)
        }
    }
}

extension MethodID {
    /// Whether its result says who the client is from then on.
    var changesSession: Bool {
        switch self {
        case .authRegister, .authLogin, .authRefresh, .authChangePassword, .authLogout,
            .usersDelete:
            true
        default: false
        }
    }
}

extension AuthCalls {
    /// Makes an access token from elsewhere the client's own, and tells whose it is. It is not
    /// kept, and it is not renewed when it expires.
    public func attach(
        accessToken: String, options: CallOptions = CallOptions()
    ) async throws(ClientError) -> Caller {
        client.sessions.use(accessToken)
        return try await whoami(options: options)
    }

    /// Forgets the client's session on this side: calls are nobody's from now on. The session lives
    /// on.
    public func detach() async {
        await client.sessions.end(.loggedOut, until: client.time.now() &+ client.deadline)
    }
}
