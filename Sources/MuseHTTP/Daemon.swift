// The HTTP room: one libmicrohttpd daemon, the parser of HTTP and the keeper of its connections.
// Its callbacks become calls of the worker and of its exchanges.
internal import CMicroHTTP
internal import Glibc
internal import MentalMuseProtocol
internal import MuseNet
internal import MuseServer

/// Owns a daemon. Confined to its worker.
@safe
final class Daemon {
    /// The descriptor to wait on.
    let descriptor: Int32
    /// Its connections.
    var count = 0
    private let daemon: OpaquePointer
    private let calls: UnsafeMutablePointer<muse_http_calls>

    /// - Parameter owner: has the exchanges; outlives the daemon.
    /// - Returns: nil where the library gives none: a certificate it cannot read, no memory.
    init?(owner: HTTPWorker, certificate: HTTPCertificate?) {
        let calls = UnsafeMutablePointer<muse_http_calls>.allocate(capacity: 1)
        unsafe calls.initialize(to: Self.callbacks(Unmanaged.passUnretained(owner).toOpaque()))
        var settings = unsafe muse_http_settings()
        let limits = owner.seat.limits
        unsafe settings.connections_max = UInt32(clamping: limits.connectionsMax + 64)
        unsafe settings.idle_seconds = UInt32(clamping: limits.idleSeconds)
        unsafe settings.head_bytes = HTTPLimits.headMemoryBytes
        let chain = unsafe certificate.flatMap { unsafe strdup($0.chain) }
        let key = unsafe certificate.flatMap { unsafe strdup($0.key) }
        defer {
            unsafe free(chain)
            unsafe free(key)
        }
        unsafe settings.certificate = unsafe chain.map { unsafe UnsafePointer($0) }
        unsafe settings.key = unsafe key.map { unsafe UnsafePointer($0) }
        guard let daemon = unsafe muse_http_start(calls, &settings) else {
            unsafe calls.deallocate()
            return nil
        }
        unsafe self.daemon = unsafe daemon
        unsafe self.calls = unsafe calls
        descriptor = unsafe muse_http_epoll(daemon)
    }

    deinit {
        unsafe muse_http_stop(daemon)
        unsafe calls.deallocate()
    }

    /// Gives it a connection; its exchange is made meanwhile. False where it was refused, and
    /// closed.
    func add(_ socket: consuming Socket) -> Bool {
        let number = socket.giveAway()
        var address = sockaddr_storage()
        var length = UInt32(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutablePointer(to: &address) { pointer in
            let named = unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getpeername(number, $0, &length)
            }
            guard named == 0 else {
                _ = close(number)
                return false
            }
            return unsafe muse_http_add(daemon, number, pointer, length) != 0
        }
    }

    /// Does what can be done without waiting.
    func run() {
        unsafe muse_http_run(daemon)
    }

    /// Whether there is more.
    var isDue: Bool { unsafe muse_http_is_due(daemon) != 0 }

    private static func callbacks(_ owner: UnsafeMutableRawPointer) -> muse_http_calls {
        unsafe muse_http_calls(
            owner: owner,
            opened: { owner, connection in
                guard let owner = unsafe owner, let connection = unsafe connection else {
                    return nil
                }
                let worker = unsafe Unmanaged<HTTPWorker>.fromOpaque(owner).takeUnretainedValue()
                guard let exchange = unsafe worker.opened(connection) else { return nil }
                return unsafe Unmanaged.passRetained(exchange).toOpaque()
            },
            closed: { _, context in
                guard let context = unsafe context else { return }
                let exchange = unsafe Unmanaged<Exchange>.fromOpaque(context).takeRetainedValue()
                exchange.worker.closed(exchange)
            },
            began: { context, target in
                guard let context = unsafe context, let target = unsafe target else { return }
                let exchange = unsafe Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
                let bytes = unsafe UnsafeRawBufferPointer(start: target, count: strlen(target))
                unsafe exchange.began(bytes)
            },
            handle: { context, method, version, bytes, count in
                guard let context = unsafe context, let method = unsafe method,
                    let version = unsafe version, let count = unsafe count
                else { return 0 }
                let exchange = unsafe Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
                let part = unsafe UnsafeRawBufferPointer(start: bytes, count: count.pointee)
                unsafe count.pointee = 0
                return unsafe exchange.handle(method, version, part) ? 1 : 0
            },
            ended: { context, _ in
                guard let context = unsafe context else { return }
                unsafe Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue().ended()
            })
    }
}

/// Bounds of heads: ours alone.
enum HTTPLimits {
    /// What the library keeps for a connection's head; beyond it, it refuses by itself. It clears
    /// all of it after each request.
    static let headMemoryBytes = 20 << 10
    /// What a head may have: 431 beyond it.
    static let headBytesMax = 10 << 10
    /// What a target may have: 414 beyond it.
    static let targetBytesMax = 6 << 10
    /// How many `&` a target may have: 414 beyond it.
    static let queryItemsMax = 128
    /// What is thrown away of a body that is too large, so that no reset destroys the answer.
    static let surplusBytesMax = 1 << 20
    /// Connections accepted in one pass.
    static let acceptsMax = 64
    /// Calls run in one pass: so many answers wait to be sent together.
    static let callsMax = 32
    /// Answers that are kept for the next requests.
    static let idleAnswersMax = callsMax
}
