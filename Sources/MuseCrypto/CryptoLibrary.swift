// The cryptography room: which library it is. Told at start and by server.info.
internal import CSodium

/// The system's libsodium.
package enum CryptoLibrary {
    package static let name = "libsodium"

    /// Its version in use.
    package static var version: String {
        guard let text = unsafe sodium_version_string() else { return "unknown" }
        return unsafe String(cString: text)
    }
}
