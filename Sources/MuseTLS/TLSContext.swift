// The TLS room: what many connections share: certificates, keys, the roots that are trusted. Made
// once, and again when the files have changed; streams that are open keep the one they began with.
internal import COpenSSL

/// An SSL_CTX and its settings. Immutable once made, so it may be used on any thread.
@safe
package class TLSContext: @unchecked Sendable {
    let pointer: OpaquePointer

    fileprivate init(_ method: OpaquePointer?) throws(TLSError) {
        guard let pointer = unsafe SSL_CTX_new(method) else { throw .last("SSL_CTX_new") }
        unsafe self.pointer = pointer
        // TLS 1.2 and later; no compression, no renegotiation, whose costs a client could choose.
        _ = unsafe SSL_CTX_ctrl(pointer, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
        let options = UInt64(1) << 17 | UInt64(1) << 30
        _ = unsafe SSL_CTX_set_options(pointer, options)
        // Idle streams hold no buffers; a write may be repeated from another address.
        let mode = SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
        _ = unsafe SSL_CTX_ctrl(pointer, SSL_CTRL_MODE, Int(mode), nil)
        // No sessions are kept: connections live long, and none holds memory for the next.
        _ = unsafe SSL_CTX_ctrl(pointer, SSL_CTRL_SET_SESS_CACHE_MODE, Int(SSL_SESS_CACHE_OFF), nil)
        _ = unsafe SSL_CTX_set_num_tickets(pointer, 0)
    }

    deinit {
        unsafe SSL_CTX_free(pointer)
    }
}

/// What a server shows: its certificate chain and its key.
package final class TLSServerContext: TLSContext, @unchecked Sendable {
    /// Reads a certificate chain (the server's own first) and its private key, both PEM.
    /// - Throws: TLSError naming the file that could not be read, or where the two do not belong
    ///   together.
    package init(certificateFile: String, keyFile: String) throws(TLSError) {
        try unsafe super.init(TLS_server_method())
        guard unsafe SSL_CTX_use_certificate_chain_file(pointer, certificateFile) == 1 else {
            throw .last("SSL_CTX_use_certificate_chain_file", certificateFile)
        }
        guard unsafe SSL_CTX_use_PrivateKey_file(pointer, keyFile, SSL_FILETYPE_PEM) == 1 else {
            throw .last("SSL_CTX_use_PrivateKey_file", keyFile)
        }
        guard unsafe SSL_CTX_check_private_key(pointer) == 1 else {
            throw .last("SSL_CTX_check_private_key", keyFile)
        }
    }
}

/// Whom a client trusts.
package final class TLSClientContext: TLSContext, @unchecked Sendable {
    /// Trusts the system's roots, or only those in `rootsFile` (PEM).
    /// - Throws: TLSError where they cannot be read.
    package init(rootsFile: String? = nil) throws(TLSError) {
        try unsafe super.init(TLS_client_method())
        if let rootsFile {
            guard unsafe SSL_CTX_load_verify_file(pointer, rootsFile) == 1 else {
                throw .last("SSL_CTX_load_verify_file", rootsFile)
            }
        } else {
            guard unsafe SSL_CTX_set_default_verify_paths(pointer) == 1 else {
                throw .last("SSL_CTX_set_default_verify_paths")
            }
        }
        unsafe SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
    }
}
