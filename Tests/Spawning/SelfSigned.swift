// Certificates of the tests' own, made by the `openssl` command.
internal import Foundation

/// A certificate that signs itself, and its key.
package enum SelfSigned {
    /// Makes both, as PEM files.
    /// - Parameter names: its subject alternative names, `DNS:localhost,IP:127.0.0.1`.
    /// - Throws: POSIXError where the command cannot be run, or fails.
    package static func make(certificate: String, key: String, names: String) throws {
        let request = ChildProcess()
        request.executableURL = URL(filePath: "/usr/bin/env")
        request.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=muse",
            "-addext", "subjectAltName=\(names)",
        ]
        request.standardError = FileHandle.nullDevice
        try request.run()
        guard request.terminationStatus == 0 else { throw POSIXError(.EIO) }
    }
}
