// The rules' room: what the operator chose, and what the server tells the handlers. Values, made
// once at start.
package import MentalMuseProtocol
package import MuseCrypto

/// What the service does differently by the operator's choice.
package struct ServiceConfiguration: Sendable {
    /// Every bound in force.
    package var limits: Limits
    /// Who our tokens say they are from and for: `iss` and `aud`, never an address.
    package var tokens = TokenPolicy()
    /// Argon2id's cost; hashes of another cost are renewed at the next log-in.
    package var passwords = PasswordParameters()
    /// Whether reads want a caller too.
    package var isPrivate = false
    /// Whether `auth.register` is open.
    package var isRegistrationOpen = true
    /// How long an access token lives; at most 900, by which retired keys are kept.
    package var accessSeconds = 900
    /// For so many seconds a second use of a refresh token gives the same successor; 0: never.
    package var refreshGraceSeconds = 0
    /// Whether it listens on loopback alone: registrations and writes are not counted then.
    package var isLoopbackOnly = true
    /// Where the database and the keys are.
    package var dataFolder = ""
    /// The program's version.
    package var version = "1.0.0"
    /// The libraries in use, by name.
    package var libraries: [LibraryVersion] = []

    package init(limits: Limits) {
        self.limits = limits
    }
}

/// What the handlers of `server.*` and `admin.*` ask of the server around them. Called on any
/// worker.
package struct ServerControl: Sendable {
    /// The open connections.
    package var connections: @Sendable () -> [Connection] = { [] }
    /// Closes a connection; false if there is none of that id.
    package var disconnect: @Sendable (UInt64) -> Bool = { _ in false }
    /// Changes what is logged of requests: `off`, `errors`, `slow` or `all`.
    package var setRequestLog: @Sendable (String) -> Void = { _ in }
    /// Counters of the connections and methods; the writer's and the hash pool's are filled in by
    /// the service.
    package var metrics: @Sendable () -> Metrics? = { nil }
    /// Whether a shutdown is under way.
    package var isDraining: @Sendable () -> Bool = { false }
    /// An event for the log: name, and members as JSON text pairs.
    package var log: @Sendable (_ event: String, _ members: [(String, String)]) -> Void = { _, _ in
    }

    package init() {}
}
