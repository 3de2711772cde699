// The system: writing to the terminal, reading from it, the environment.
internal import Glibc
internal import MuseOptions

/// Standard output and standard error.
enum Output {
    enum Stream: Int32 {
        case standard = 1
        case error = 2

        /// Whether a person is looking at it.
        var isTerminal: Bool { isatty(rawValue) == 1 }
    }

    /// Writes the text and a line feed. What cannot be written is lost: there is nobody to tell.
    static func line(_ text: String, to stream: Stream = .standard) {
        write(text + "\n", to: stream)
    }

    /// Writes the text.
    static func write(_ text: String, to stream: Stream = .standard) {
        _ = Descriptor.writeAll(stream.rawValue, Array(text.utf8))
    }
}

/// Bytes to and from a descriptor.
enum Descriptor {
    /// Writes all of it; false where that fails.
    static func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
        var start = 0
        while start < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(
                    descriptor, buffer.baseAddress.map { unsafe $0 + start }, buffer.count - start)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            start += count
        }
        return true
    }

    /// Reads up to `most` bytes; empty at the end; nil where that fails, `errno` says why.
    static func readSome(_ descriptor: Int32, most: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: most)
        while true {
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            return Array(bytes[..<count])
        }
    }
}

/// The variables of the environment.
enum Environment {
    /// One variable; nil where it is not set or empty.
    static func value(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }

    /// All variables that are ours, by name.
    static func all() -> [String: String] {
        var found: [String: String] = [:]
        let names = (ServeOptions.all + ClientOptions.call).map(\.environmentName)
        for name in names { found[name] = value(name) }
        return found
    }
}

extension Environment {
    /// Variables named as ours are that no option has: perhaps a slip. As they were at the start;
    /// none where the system does not tell.
    static func unknown() -> [String] {
        guard let bytes = try? Files.read("/proc/self/environ") else { return [] }
        let known = (ServeOptions.all + ClientOptions.call)
            .filter { $0.reach != .flagOnly }.map(\.environmentName)
        return bytes.split(separator: 0)
            .compactMap { String(validating: $0.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self) }
            .filter { $0.hasPrefix("MUSE_") && !known.contains($0) }.sorted()
    }
}

/// What a failed system call says.
struct SystemError: Error {
    /// The call and what it was about: `open mentalmuse-data/lock`.
    let doing: String
    let code: Int32

    init(_ doing: String, code: Int32 = errno) {
        self.doing = doing
        self.code = code
    }

    /// `mentalmuse-data/lock: cannot open: Permission denied`.
    var message: String { "cannot \(doing): \(Self.text(code))" }

    /// The system's words for a code.
    static func text(_ code: Int32) -> String {
        unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    }
}
