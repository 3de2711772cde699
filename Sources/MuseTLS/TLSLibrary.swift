// The TLS room: which library it is. Told at start and by server.info.
internal import COpenSSL

/// The system's OpenSSL.
package enum TLSLibrary {
    package static let name = "OpenSSL"

    /// Its version in use, `3.0.17` for one (OpenSSL_version(3)).
    package static var version: String {
        guard let text = unsafe OpenSSL_version(OPENSSL_VERSION_STRING) else { return "unknown" }
        return unsafe String(cString: text)
    }
}
