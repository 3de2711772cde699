// The client: what a caller may say about one call, and about a client as a whole.

/// What a caller may say about one call.
public struct CallOptions: Sendable {
    /// How long the call may take in all, retries included; nil for the client's own. At most an
    /// hour.
    public var deadline: Duration?
    /// The key under which a write happens once, 1 to 128 visible ASCII characters; nil for a new
    /// one.
    public var idempotencyKey: String?
    /// Who is calling, instead of the client's session.
    public var accessToken: String?
    /// A W3C trace context, for the server's log.
    public var traceparent: String?
    /// Whether the call is sent again where that is safe: after a lost connection, to a server that
    /// is busy or shutting down.
    public var retries: Bool
    /// Whether the call waits for a server that cannot be reached; if not, it fails with the first
    /// attempt.
    public var waitsForConnection: Bool

    /// Options for one call.
    public init(
        deadline: Duration? = nil, idempotencyKey: String? = nil, accessToken: String? = nil,
        traceparent: String? = nil, retries: Bool = true, waitsForConnection: Bool = true
    ) {
        self.deadline = deadline
        self.idempotencyKey = idempotencyKey
        self.accessToken = accessToken
        self.traceparent = traceparent
        self.retries = retries
        self.waitsForConnection = waitsForConnection
    }
}

/// What a client keeps to.
public struct ClientConfiguration: Sendable {
    /// How long a call may take where it does not say so itself.
    public var deadline: Duration = .seconds(30)

    /// How many connections the client has. The server keeps the order of one connection's calls;
    /// with more than one, calls that run at the same time have none.
    public var connections = 1

    /// How many calls may be under way on a connection (1 to 4,000); more of them wait, suspended.
    /// The server's own limit is 128 by default.
    public var inFlightMax = 128

    /// The longest line that is sent, in bytes. The server's own limit is 1 MiB by default.
    public var lineBytesMax = 1 << 20

    /// The longest line that is read, in bytes. The server's own limit is 4 MiB by default.
    public var answerBytesMax = (4 << 20) + (64 << 10)

    /// How many bytes may wait to be sent on a connection before calls wait, suspended.
    public var outputBytesMax = 4 << 20

    /// How long making a connection may take.
    public var connectTimeout: Duration = .seconds(10)

    /// How long before the access token's end a new one is asked for.
    public var refreshAhead: Duration = .seconds(30)

    /// The pause before the second attempt to connect; it doubles up to `backoffMax`, and a random
    /// part of up to a half is taken off.
    public var backoff: Duration = .milliseconds(50)

    /// The longest pause between two attempts to connect.
    public var backoffMax: Duration = .seconds(5)

    /// Where the session is kept; nil for this client's memory alone.
    public var sessionStore: (any SessionStore)?

    /// For `tls://`: a file of certificates (PEM) to trust instead of the system's.
    public var certificateFile: String?

    /// The defaults.
    public init() {}
}

extension ClientConfiguration {
    /// The same, with what cannot be (less than nothing, no pause at all) made the least that can.
    var bounded: ClientConfiguration {
        var bounded = self
        bounded.lineBytesMax = max(lineBytesMax, 1)
        bounded.answerBytesMax = max(answerBytesMax, 1)
        bounded.outputBytesMax = max(outputBytesMax, 1)
        bounded.backoff = max(backoff, .milliseconds(1))
        bounded.backoffMax = max(backoffMax, bounded.backoff)
        return bounded
    }
}

extension Duration {
    /// In nanoseconds, within what a monotonic clock can be added to: 0 to a hundred years.
    var boundedNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        if seconds < 0 || attoseconds < 0 { return 0 }
        let century: Int64 = 3_155_760_000
        return UInt64(min(seconds, century)) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}
