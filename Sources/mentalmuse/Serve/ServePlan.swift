// Serving: what the options come to: where to listen, and whether that may be.
internal import Glibc
internal import MuseBase
internal import MuseHTTP
internal import MuseOptions
internal import MuseServer

/// Where a server will listen.
struct ServePlan {
    var endpoints: [Endpoint] = []
    var certificate: CertificateFiles?
    /// Where HTTP is served; nil for nowhere.
    var http: (host: String, port: UInt16)?
    var httpConfiguration = HTTPConfiguration()
    /// Whether nobody from another machine can come: rate limits are off then.
    var isLoopbackOnly = true
    let workers: Int
    let requestLog: RequestLogMode
    let idempotencyKeysMax: Int
    let conformanceMethods: Bool
    /// Whose word about a caller's address is believed.
    var trustedProxies: [AddressRange] = []

    /// From the options, strictly.
    /// - Throws: wrong use: half a certificate, plain TCP for everybody without being told so.
    init(_ settings: Settings) throws(CommandFailure) {
        let cores = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        let workers = settings.int(ServeOptions.workers)
        self.workers = workers == 0 ? cores : workers
        requestLog = settings.text(ServeOptions.logRequests).flatMap(RequestLogMode.init) ?? .off
        idempotencyKeysMax = settings.int(ServeOptions.idempotencyKeys)
        conformanceMethods = settings.isOn(ServeOptions.conformanceMethods)
        do throws(UsageError) {
            certificate = try Self.certificate(settings)
            try addTCP(settings)
            if certificate != nil { addTLS(settings) }
            try addHTTP(settings)
            if let path = settings.text(ServeOptions.socket) { endpoints.append(.unix(path: path)) }
            if endpoints.isEmpty { throw UsageError("there is nothing to listen on") }
            try trust(settings)
            if conformanceMethods, !isLoopbackOnly {
                throw UsageError("--conformance-methods is for loopback only")
            }
        } catch {
            throw CommandFailure(error)
        }
    }

    /// Behind a proxy anybody can come, wherever it listens.
    private mutating func trust(_ settings: Settings) throws(UsageError) {
        for text in settings.list(ServeOptions.trustedProxies) {
            guard let range = AddressRange(text) else {
                throw UsageError(
                    "\(settings.origin(ServeOptions.trustedProxies)): '\(text)' is no address and "
                        + "no range of addresses (10.0.0.0/8; no bits set beyond the prefix)")
            }
            trustedProxies.append(range)
        }
        isLoopbackOnly = isLoopbackOnly && trustedProxies.isEmpty
    }

    private static func certificate(_ settings: Settings) throws(UsageError) -> CertificateFiles? {
        let (chain, key) = (ServeOptions.tlsCertificate, ServeOptions.tlsKey)
        switch (settings.text(chain), settings.text(key)) {
        case (let certificate?, let secret?):
            // Here the system says what is wrong with a file; OpenSSL would not.
            for path in [certificate, secret] { _ = try Files.config(path) }
            return CertificateFiles(certificate: certificate, key: secret)
        case (nil, nil):
            for option in [ServeOptions.tlsHost, ServeOptions.tlsPort]
            where settings.isGiven(option) {
                throw UsageError("\(settings.origin(option)) needs \(chain.flag) and \(key.flag)")
            }
            return nil
        case (nil, _): throw UsageError("\(settings.origin(key)) needs \(chain.flag)")
        case (_, nil): throw UsageError("\(settings.origin(chain)) needs \(key.flag)")
        }
    }

    private mutating func addTCP(_ settings: Settings) throws(UsageError) {
        guard settings.isOn(ServeOptions.tcp) else { return }
        let host = settings.text(ServeOptions.host) ?? ""
        let isLoopback = Host.isLoopback(host)
        if !isLoopback, !settings.isOn(ServeOptions.plaintext) {
            // With TLS the host is TLS's; plain TCP there would have to be asked for.
            if certificate != nil { return }
            throw UsageError(
                "\(settings.origin(ServeOptions.host)): '\(host)' is not loopback: give it TLS "
                    + "(--tls-certificate, --tls-key), or allow plain TCP there with --plaintext")
        }
        isLoopbackOnly = isLoopbackOnly && isLoopback
        endpoints.append(.tcp(host: host, port: UInt16(settings.int(ServeOptions.port))))
    }

    private mutating func addHTTP(_ settings: Settings) throws(UsageError) {
        guard let text = settings.text(ServeOptions.http) else {
            guard settings.isGiven(ServeOptions.corsOrigin) else { return }
            throw UsageError(
                "\(settings.origin(ServeOptions.corsOrigin)) needs \(ServeOptions.http.flag)")
        }
        guard case .tcp(let host, let port)? = try? Endpoint("tcp://" + text) else {
            throw UsageError("\(settings.origin(ServeOptions.http)): '\(text)' is no HOST:PORT")
        }
        let isLoopback = Host.isLoopback(host)
        let isPlain = settings.isOn(ServeOptions.plaintext)
        guard isLoopback || isPlain || certificate != nil else {
            throw UsageError(
                "\(settings.origin(ServeOptions.http)): '\(host)' is not loopback: give it TLS "
                    + "(--tls-certificate, --tls-key), or allow plain HTTP there with --plaintext")
        }
        isLoopbackOnly = isLoopbackOnly && isLoopback
        http = (host, port)
        httpConfiguration.origins = settings.list(ServeOptions.corsOrigin)
        if let certificate, !isPlain { httpConfiguration.certificate = try Self.texts(certificate) }
    }

    /// A certificate's files as texts.
    /// - Throws: where one cannot be read.
    static func texts(_ files: CertificateFiles) throws(UsageError) -> HTTPCertificate {
        HTTPCertificate(
            chain: String(decoding: try Files.config(files.certificate), as: UTF8.self),
            key: String(decoding: try Files.config(files.key), as: UTF8.self))
    }

    private mutating func addTLS(_ settings: Settings) {
        let host = settings.text(ServeOptions.tlsHost) ?? settings.text(ServeOptions.host) ?? ""
        isLoopbackOnly = isLoopbackOnly && Host.isLoopback(host)
        endpoints.append(.tls(host: host, port: UInt16(settings.int(ServeOptions.tlsPort))))
    }
}

/// Names and addresses of hosts.
enum Host {
    /// Whether every address of the host is this machine's loopback; false where it has none.
    static func isLoopback(_ host: String) -> Bool {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, nil, &hints, &found) == 0 else { return false }
        defer { unsafe freeaddrinfo(found) }
        var next = unsafe found
        var isLoopback = false
        while let info = unsafe next {
            unsafe next = unsafe info.pointee.ai_next
            guard isLoopbackAddress(unsafe numeric(info)) else { return false }
            isLoopback = true
        }
        return isLoopback
    }

    private static func numeric(_ info: UnsafeMutablePointer<addrinfo>) -> String {
        var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code = unsafe getnameinfo(
            info.pointee.ai_addr, info.pointee.ai_addrlen, &name, socklen_t(name.count), nil, 0,
            NI_NUMERICHOST)
        return code == 0
            ? String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            : ""
    }

    private static func isLoopbackAddress(_ text: String) -> Bool {
        text == "::1" || text.hasPrefix("127.") || text.hasPrefix("::ffff:127.")
    }
}
