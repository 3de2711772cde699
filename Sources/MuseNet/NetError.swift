// The network room: which call of the system failed, and why. Thrown by listeners, sockets and the
// loop.
internal import CPlatform
internal import Glibc

/// A call of the operating system that failed.
package struct NetError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The call's name, as its manual page has it: `bind(2)`.
    package let call: String
    /// errno.
    package let code: Int32
    /// What it was about: an address or a path; empty where nothing more is known.
    package let subject: String

    package init(call: String, code: Int32, subject: String = "") {
        self.call = call
        self.code = code
        self.subject = subject
    }

    package var description: String {
        let reason = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
        return subject.isEmpty ? "\(call): \(reason)" : "\(call) \(subject): \(reason)"
    }

    /// Whether the process or the machine has no descriptor left.
    package var isOutOfDescriptors: Bool { code == EMFILE || code == ENFILE }
}

/// Gives a call's result, or throws where it is -errno.
func checked(_ result: Int32, _ call: String, _ subject: String = "") throws(NetError) -> Int32 {
    guard result >= 0 else { throw NetError(call: call, code: -result, subject: subject) }
    return result
}
