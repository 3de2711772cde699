// The system: passwords, from a terminal without echo or from standard input; never from arguments.
internal import Glibc
internal import MuseOptions

/// Where secrets are typed or piped in.
enum Secrets {
    private static let longest = 64 << 10

    /// One secret: typed, where standard input is a terminal, else the next line of it.
    /// - Parameter prompt: what a person is asked, `password`.
    static func read(_ prompt: String) throws(CommandFailure) -> String {
        guard isatty(0) == 1 else {
            guard let line = InputLines.next(most: longest) else {
                throw CommandFailure(
                    UsageError("standard input ends where the \(prompt) should stand"))
            }
            return line
        }
        Output.write("\(prompt): ", to: .error)
        guard let line = typed() else {
            Output.line("", to: .error)
            throw CommandFailure(nil, status: 130)
        }
        Output.line("", to: .error)
        return line
    }

    /// A new secret: a person types it twice.
    static func readNew(_ prompt: String) throws(CommandFailure) -> String {
        let first = try read(prompt)
        guard isatty(0) == 1 else { return first }
        guard try read("\(prompt) again") == first else {
            throw CommandFailure("the two are not the same; nothing was changed")
        }
        return first
    }

    /// A line from the terminal without echo; nil where the person gives up (^C, ^D on an empty
    /// line). The terminal is as before when this returns.
    private static func typed() -> String? {
        var before = termios()
        guard unsafe tcgetattr(0, &before) == 0 else { return nil }
        var quiet = before
        quiet.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        guard unsafe tcsetattr(0, TCSAFLUSH, &quiet) == 0 else { return nil }
        defer { unsafe tcsetattr(0, TCSAFLUSH, &before) }
        var bytes: [UInt8] = []
        while let byte = Descriptor.readSome(0, most: 1)?.first {
            switch byte {
            case 0x0A, 0x0D: return String(validating: bytes, as: UTF8.self)
            case 0x03: return nil
            case 0x04: if bytes.isEmpty { return nil }
            case 0x08, 0x7F:
                while let last = bytes.popLast(), last & 0xC0 == 0x80 {}
            case 0x15: bytes = []
            default: if bytes.count < longest { bytes.append(byte) }
            }
        }
        return nil
    }
}

/// Standard input, line by line, read no further than the line that is asked for.
enum InputLines {
    /// The next line, without its line feed; nil at the end, or where it is too long or no UTF-8.
    static func next(most: Int) -> String? {
        var bytes: [UInt8] = []
        var isEnd = true
        while let byte = Descriptor.readSome(0, most: 1)?.first {
            isEnd = false
            if byte == 0x0A { break }
            guard bytes.count < most else { return nil }
            bytes.append(byte)
        }
        if isEnd { return nil }
        if bytes.last == 0x0D { bytes.removeLast() }
        return String(validating: bytes, as: UTF8.self)
    }

    /// All that is left of it; nil where it is more than `most` bytes or no UTF-8.
    static func rest(most: Int) -> String? {
        var bytes: [UInt8] = []
        while let chunk = Descriptor.readSome(0, most: 1 << 16), !chunk.isEmpty {
            bytes += chunk
            guard bytes.count <= most else { return nil }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
