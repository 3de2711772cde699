// The TLS room: one connection's encryption. Ciphertext in, plaintext out, and back; no sockets.
// Whoever has the socket feeds it what came and sends what it leaves in `ciphertext`.
internal import COpenSSL

/// A TLS connection over memory. Confined to its owner's thread.
@safe
package final class TLSStream {
    /// How it stands after something came in.
    package enum State: Sendable, Equatable {
        /// The two sides still agree on keys.
        case handshaking
        case open
        /// The other side has said that it is done (close_notify).
        case ended
        /// It is of no use any more; there may be an alert to send.
        case failed(TLSError)
    }

    private let ssl: OpaquePointer
    private let context: TLSContext
    private let isServer: Bool
    package private(set) var state = State.handshaking
    /// Bytes for the other side, and how many of them have been sent.
    private var outgoing: [UInt8] = []
    private var sent = 0
    /// Ciphertext that is lent during one call.
    private var incoming = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    /// Whether `end` was called.
    package private(set) var hasSentEnd = false

    /// The server's side.
    /// - Throws: TLSError of `SSL_new`.
    package convenience init(server context: TLSServerContext) throws(TLSError) {
        try self.init(context, isServer: true)
        unsafe SSL_set_accept_state(ssl)
    }

    /// The client's side, which believes only a certificate for `host`, a name or an address.
    /// - Throws: TLSError of `SSL_new`, or where the name cannot be one.
    package convenience init(client context: TLSClientContext, host: String) throws(TLSError) {
        try self.init(context, isServer: false)
        unsafe SSL_set_connect_state(ssl)
        let isAddress = unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1
        if !isAddress {
            ERR_clear_error()
            guard unsafe SSL_set1_host(ssl, host) == 1 else { throw .last("SSL_set1_host", host) }
            let isNamed = unsafe host.withCString { name in
                let raw = unsafe UnsafeMutableRawPointer(mutating: name)
                return unsafe SSL_ctrl(
                    ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name), raw) == 1
            }
            guard isNamed else { throw .last("SSL_set_tlsext_host_name", host) }
        }
    }

    private init(_ context: TLSContext, isServer: Bool) throws(TLSError) {
        guard let ssl = unsafe SSL_new(context.pointer) else { throw .last("SSL_new") }
        unsafe self.ssl = ssl
        self.context = context
        self.isServer = isServer
        guard let bio = unsafe BIO_new(MemoryPipe.method) else { throw .last("BIO_new") }
        unsafe BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        unsafe SSL_set_bio(ssl, bio, bio)
    }

    deinit {
        unsafe SSL_free(ssl)
    }

    // MARK: In

    /// Begins the client's side: leaves its hello in `ciphertext`.
    package func start() {
        advance()
    }

    /// Takes what came from the other side, and writes what it says in clear into `plaintext`,
    /// which must have room for 17 KiB more than there is ciphertext (a record may have been
    /// unfinished before).
    /// - Returns: how many bytes of plaintext there are; `state` says how it stands.
    package func receive(
        _ ciphertext: UnsafeRawBufferPointer, into plaintext: UnsafeMutableRawBufferPointer
    ) -> Int {
        precondition(
            plaintext.count >= ciphertext.count + Self.recordBytesMax, "no room for plaintext")
        unsafe incoming = ciphertext
        defer { unsafe incoming = UnsafeRawBufferPointer(start: nil, count: 0) }
        if state == .handshaking { advance() }
        var count = 0
        while state == .open, plaintext.count > count {
            var got = 0
            ERR_clear_error()
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: plaintext[count...])
            let result = unsafe SSL_read_ex(ssl, rest.baseAddress, rest.count, &got)
            count += got
            if result != 1, !judge(result, "SSL_read_ex") { break }
        }
        return count
    }

    /// Room that `receive` needs beyond the ciphertext's count.
    package static let recordBytesMax = 17 << 10

    private func advance() {
        ERR_clear_error()
        let result = unsafe SSL_do_handshake(ssl)
        if result == 1 { state = .open } else { _ = judge(result, "SSL_do_handshake") }
    }

    /// What a call that gave no success means; true if it may be called again at once.
    private func judge(_ result: Int32, _ call: String) -> Bool {
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return false
        case SSL_ERROR_ZERO_RETURN: state = .ended
        default:
            if call == "SSL_do_handshake", !isServer {
                let verified = unsafe SSL_get_verify_result(ssl)
                if verified != Int(X509_V_OK),
                    let text = unsafe X509_verify_cert_error_string(verified)
                {
                    ERR_clear_error()
                    state = .failed(TLSError(call: call, reason: unsafe String(cString: text)))
                    return false
                }
            }
            state = .failed(.last(call))
        }
        return false
    }

    // MARK: Out

    /// Encrypts `plaintext`; its ciphertext is then in `ciphertext`.
    /// - Returns: how many bytes of it were taken: all of them, or none once it has failed or
    ///   ended.
    package func write(_ plaintext: UnsafeRawBufferPointer) -> Int {
        guard state == .open || state == .ended, !hasSentEnd, plaintext.count > 0 else { return 0 }
        var taken = 0
        ERR_clear_error()
        let result = unsafe SSL_write_ex(ssl, plaintext.baseAddress, plaintext.count, &taken)
        if result != 1 { state = .failed(.last("SSL_write_ex")) }
        return taken
    }

    /// Says that nothing more follows (close_notify).
    package func end() {
        guard !hasSentEnd else { return }
        hasSentEnd = true
        guard state == .open || state == .ended else { return }
        ERR_clear_error()
        _ = unsafe SSL_shutdown(ssl)
        ERR_clear_error()
    }

    /// Bytes of ciphertext that have not been sent.
    package var unsent: Int { outgoing.count - sent }

    /// Lends the ciphertext that has not been sent.
    package func withUnsent<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        unsafe outgoing.withUnsafeBytes { bytes in
            unsafe body(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
        }
    }

    /// `count` bytes of the ciphertext have been sent.
    package func advance(_ count: Int) {
        sent += count
        guard sent >= outgoing.count else { return }
        sent = 0
        outgoing = []
    }

    // MARK: What OpenSSL calls

    fileprivate func give(_ target: UnsafeMutableRawBufferPointer) -> Int {
        let count = unsafe min(target.count, incoming.count)
        guard count > 0 else { return 0 }
        unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: incoming[..<count]))
        unsafe incoming = UnsafeRawBufferPointer(rebasing: incoming[count...])
        return count
    }

    fileprivate func take(_ bytes: UnsafeRawBufferPointer) {
        unsafe outgoing.append(contentsOf: bytes)
    }
}

/// The BIO (BIO_meth_new(3)) through which OpenSSL reads what is lent and writes what is to be
/// sent.
private enum MemoryPipe {
    /// What a BIO says of having to be called again (BIO_set_retry_read(3)).
    private static let flags =
        BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_IO_SPECIAL | BIO_FLAGS_SHOULD_RETRY

    /// Made once, never freed; OpenSSL only reads it.
    nonisolated(unsafe) static let method: OpaquePointer? = {
        guard
            let method = unsafe BIO_meth_new(
                BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "memory pipe")
        else { return nil }
        unsafe BIO_meth_set_create(method) { bio in
            unsafe BIO_set_init(bio, 1)
            return 1
        }
        unsafe BIO_meth_set_read(method) { bio, bytes, count in
            guard let stream = unsafe stream(bio), let bytes = unsafe bytes, count > 0 else {
                return -1
            }
            unsafe BIO_clear_flags(bio, flags)
            let got = unsafe stream.give(
                UnsafeMutableRawBufferPointer(start: bytes, count: Int(count)))
            if got > 0 { return Int32(got) }
            unsafe BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
            return -1
        }
        unsafe BIO_meth_set_write(method) { bio, bytes, count in
            guard let stream = unsafe stream(bio), let bytes = unsafe bytes, count > 0 else {
                return -1
            }
            unsafe BIO_clear_flags(bio, flags)
            unsafe stream.take(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
            return count
        }
        unsafe BIO_meth_set_ctrl(method) { _, command, _, _ in
            command == BIO_CTRL_FLUSH ? 1 : 0
        }
        return unsafe method
    }()

    private static func stream(_ bio: OpaquePointer?) -> TLSStream? {
        guard let data = unsafe BIO_get_data(bio) else { return nil }
        return unsafe Unmanaged<TLSStream>.fromOpaque(data).takeUnretainedValue()
    }
}
