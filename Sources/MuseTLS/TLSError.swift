// The TLS room: which call of the library failed, and what it said. Thrown by contexts and streams.
internal import COpenSSL

/// Something that OpenSSL refused.
package struct TLSError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The call's name.
    package let call: String
    /// What the library said, with the file or the host it was about.
    package let reason: String

    package var description: String { "\(call): \(reason)" }

    init(call: String, reason: String) {
        self.call = call
        self.reason = reason
    }

    /// Takes the library's reasons off this thread's queue; the first is the nearest to the cause.
    static func last(_ call: String, _ subject: String = "") -> TLSError {
        var first: UInt = 0
        while true {
            let code = ERR_get_error()
            if code == 0 { break }
            if first == 0 { first = code }
        }
        var reason = "failed"
        if first != 0, let text = unsafe ERR_reason_error_string(first) {
            reason = unsafe String(cString: text)
        }
        return TLSError(call: call, reason: subject.isEmpty ? reason : "\(subject): \(reason)")
    }
}
