// The options of `serve`: every bound of the contract and every switch, one row each. The commands
// that work on a data folder read the same table, so one config file serves them all.
internal import MuseOptions

/// The rows, and the lists in which commands take them.
enum ServeOptions {
    // MARK: Where it listens

    static let host = Option(
        "host", .text("HOST"), "127.0.0.1", in: .listening,
        "The address or name on which plain TCP listens. Other than loopback it needs TLS or "
            + "--plaintext; with TLS and without --plaintext such a host has no plain TCP.")
    static let port = Option(
        "port", .integer(0...65_535), "6873", in: .listening,
        "The port of plain TCP; 0 takes a free one.")
    static let tcp = Option(
        "tcp", .flag, "true", in: .listening, "Listen on plain TCP; --no-tcp turns it off.")
    static let tlsHost = Option(
        "tls-host", .text("HOST"), in: .listening,
        "The address or name on which TLS listens; as --host where not given.")
    static let tlsPort = Option(
        "tls-port", .integer(0...65_535), "6874", in: .listening,
        "The port of TLS, where a certificate is given; 0 takes a free one.")
    static let tlsCertificate = Option(
        "tls-certificate", .text("FILE"), in: .listening,
        "The certificate chain (PEM). With --tls-key it turns TLS on. SIGHUP reads both again.")
    static let tlsKey = Option(
        "tls-key", .text("FILE"), in: .listening, "The certificate's private key (PEM).")
    static let socket = Option(
        "socket", .text("PATH"), in: .listening,
        "Also listen on a Unix socket at this path (mode 0600).")
    static let plaintext = Option(
        "plaintext", .flag, "false", in: .listening,
        "Allow plain TCP and plain HTTP on an address other than loopback.")
    static let http = Option(
        "http", .text("HOST:PORT"), in: .listening,
        "Also serve REST and JSON-RPC over HTTP there: over TLS where there is a certificate, "
            + "unless --plaintext is given; port 0 takes a free one.")
    static let corsOrigin = Option(
        "cors-origin", .list("ORIGIN"), in: .listening,
        "Origins whose pages may read what HTTP answers; * is all.")
    static let trustedProxies = Option(
        "trusted-proxy", .list("CIDR"), in: .listening,
        "Addresses of your own proxies (10.0.0.0/8, ::1): the PROXY protocol (plain TCP), Forwarded "
            + "and X-Forwarded-For (HTTP) and _meta.client_address are believed from there. Limits "
            + "are on then as for other hosts."
    )

    // MARK: What it keeps

    static let data = Option(
        "data", .text("FOLDER"), "mentalmuse-data", in: .data,
        "The data folder (mode 0700): database, keys, lock, operator's socket.")
    static let config = Option(
        "config", .text("FILE"), in: .data,
        "Read 'key = value' lines from this file; the keys are the options with _ for -.",
        reach: .flagAndEnvironment)
    static let demo = Option(
        "demo", .flag, "false", in: .data,
        "Use a throw-away data folder with a few users, 50 posts and their comments.",
        reach: .flagOnly)

    // MARK: People and tokens

    static let isPrivate = Option(
        "private", .flag, "false", in: .people, "Reads need a caller too.")
    static let registration = Option(
        "registration", .choice(["open", "closed"]), "open", in: .people,
        "Whether anybody may register.")
    static let issuer = Option(
        "issuer", .text("NAME"), "mentalmuse", in: .people, "The issuer that tokens name.")
    static let audience = Option(
        "audience", .text("NAME"), "mentalmuse", in: .people, "The audience that tokens name.")
    static let refreshGrace = Option(
        "refresh-grace", .seconds(0...600), "0", in: .people,
        "How long a spent refresh token still gives the same successor, for clients that send no "
            + "idempotency keys.")
    static let argonMemory = Option(
        "argon2-memory-kib", .integer(8...4_194_304), "19456", in: .people,
        "The memory of a password hash (Argon2id), in KiB; changed hashes are renewed at log-in.")
    static let argonPasses = Option(
        "argon2-passes", .integer(1...64), "2", in: .people,
        "The passes of a password hash (Argon2id).")

    // MARK: Operation

    static let workers = Option(
        "workers", .integer(0...256), "0", in: .operation,
        "Threads that serve connections; 0 is one a core.")
    static let logRequests = Option(
        "log-requests", .choice(["off", "errors", "slow", "all"]), "off", in: .operation,
        "Which requests are logged: none, the refused ones, those over 100 ms, or all.")

    // MARK: For tests of the program

    static let accessSeconds = Option(
        "access-seconds", .seconds(0...900), "900", in: .people,
        "How long access tokens live; 0: they have expired when they are given.",
        reach: .flagOnly, isHidden: true)

    static let conformanceMethods = Option(
        "conformance-methods", .flag, "false", in: .operation,
        "Add the methods of the JSON-RPC specification's examples; loopback only.",
        reach: .flagOnly, isHidden: true)

    // MARK: Limits

    static let idempotencyKeys = Option(
        "idempotency-keys-max", .integer(1_000...1_000_000_000), "10000000", in: .limits,
        "Idempotency keys that are remembered; beyond it the oldest go before their time.")

    static let writesPerMinute = Option(
        "writes-per-minute-max", .integer(0...limitMax), "600", in: .limits,
        "Writes a minute for one caller; 0 where only loopback and Unix sockets listen, unless set."
    )
    static let registrationsPerHour = Option(
        "registrations-per-hour-max", .integer(0...limitMax), "20", in: .limits,
        "Registrations an hour from one address; 0 where only loopback and Unix sockets listen, "
            + "unless set.")
    static let hashQueue = Option(
        "hash-queue-max", .integer(1...100_000), "64", in: .limits, "Password hashes that wait.")
    static let writeQueue = Option(
        "write-queue-max", .integer(1...1_000_000), "10000", in: .limits, "Writes that wait.")
    static let logBytes = Option(
        "log-bytes-max", .bytes(1 << 20...1 << 40), "256MB", in: .limits,
        "The size of the write-ahead log above which writes are refused as busy.")

    /// The largest count that a limit may have.
    private static let limitMax = 1_000_000_000

    /// The bounds of the contract: each is a member of `Limits` by its key.
    static let limits: [Option] = [
        Option(
            "line-bytes-max", .bytes(1_024...64 << 20), "1MiB", in: .limits,
            "A line that comes in."),
        Option(
            "answer-bytes-max", .bytes(64 << 10...256 << 20), "4MiB", in: .limits,
            "A line that goes out, a batch's too."),
        Option(
            "nesting-max", .integer(4...512), "32", in: .limits,
            "Nesting of arrays and objects; the outermost counts 1."),
        Option("batch-max", .integer(1...100_000), "100", in: .limits, "Members of a batch."),
        Option(
            "in-flight-max", .integer(1...100_000), "128", in: .limits,
            "Requests under way on a connection; then its socket is not read."),
        Option(
            "output-bytes-max", .bytes(64 << 10...1 << 30), "1MiB", in: .limits,
            "Unread output of a connection; then nothing further is begun for it."),
        Option(
            "output-stall-seconds", .seconds(1...86_400), "30", in: .limits,
            "How long such output may make no progress before the connection is closed."),
        Option(
            "buffer-bytes-max", .bytes(1 << 20...1 << 44), "1GiB", in: .limits,
            "All buffers together; then the largest stalled connection is closed."),
        Option(
            "line-seconds", .seconds(1...86_400), "30", in: .limits,
            "How long a line may take from its first byte to its end."),
        Option(
            "tls-handshake-seconds", .seconds(1...3_600), "10", in: .limits,
            "How long a TLS handshake may take."),
        Option(
            "idle-seconds", .seconds(0...31_536_000), "15min", in: .limits,
            "How long a connection may be idle."),
        Option(
            "connections-max", .integer(1...1_000_000), "10000", in: .limits, "Open connections."),
        Option(
            "connections-per-address-max", .integer(0...1_000_000), "1000", in: .limits,
            "Open connections from one address; loopback and Unix sockets are not counted."),
        hashQueue, writeQueue, logBytes,
        Option(
            "login-failures-max", .integer(0...limitMax), "10", in: .limits,
            "Failed log-ins in the window for one name from one address."),
        Option(
            "login-failures-address-max", .integer(0...limitMax), "100", in: .limits,
            "Failed log-ins in the window from one address."),
        Option(
            "login-window-seconds", .seconds(1...86_400), "15min", in: .limits,
            "The window in which failed log-ins are counted."),
        registrationsPerHour, writesPerMinute,
        Option(
            "requests-per-second-max", .integer(0...limitMax), "0", in: .limits,
            "Requests a second on one connection."),
        Option(
            "offences-max", .integer(1...1_000), "32", in: .limits,
            "Offences told of one request's params."),
        Option(
            "unparsable-lines-max", .integer(1...1_000_000), "16", in: .limits,
            "Lines in a row that are no JSON before the connection is closed."),
        Option(
            "shutdown-seconds", .seconds(0...3_600), "10", in: .limits,
            "How long a shutdown lets what is in flight finish."),
    ]

    /// The whole table.
    static let all: [Option] =
        [
            host, port, tcp, tlsHost, tlsPort, tlsCertificate, tlsKey, socket, plaintext,
            http, corsOrigin,
            trustedProxies,
            data, config, demo, isPrivate, registration, issuer, audience,
            refreshGrace, argonMemory, argonPasses, workers, logRequests, accessSeconds,
            conformanceMethods, idempotencyKeys,
        ] + limits

    /// What the commands take that work on a data folder.
    static let folder: [Option] = [data, config]
}

/// The options of the commands that speak to a running server.
enum ClientOptions {
    static let url = Option(
        "url", .text("ADDRESS"), "tcp://127.0.0.1:6873", in: .general,
        "The server: tcp://host:port, tls://host:port or unix:/path.", reach: .flagAndEnvironment)
    static let timeout = Option(
        "timeout", .seconds(1...3_600), "30", in: .general,
        "How long to wait for the connection, and for an answer.", reach: .flagAndEnvironment)
    static let tlsCA = Option(
        "tls-ca", .text("FILE"), in: .general,
        "Trust the certificates in this file (PEM) instead of the system's.",
        reach: .flagAndEnvironment)
    static let anonymous = Option(
        "anonymous", .flag, "false", in: .general, "Do not use the stored session.",
        reach: .flagOnly)
    static let idempotencyKey = Option(
        "idempotency-key", .text("KEY"), in: .general,
        "The key of a write; without it each call makes its own.", reach: .flagOnly)
    static let deadline = Option(
        "deadline-ms", .integer(1...3_600_000), in: .general,
        "Refuse the call where it has not begun after so many milliseconds.", reach: .flagOnly)

    static let connection: [Option] = [url, timeout, tlsCA, anonymous]
    static let call: [Option] = connection + [idempotencyKey, deadline]
}
