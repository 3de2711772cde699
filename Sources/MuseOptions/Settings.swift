// The options' room: the values in force, each with where it came from. Flags go before the
// environment, that before the config file, that before the default.

/// The values of an option table.
package struct Settings: Sendable {
    /// Where a value came from, as a message names it.
    package struct Value: Sendable {
        package let text: String
        /// `--port`, `MUSE_PORT` or `mentalmuse.conf:3: port`.
        package let origin: String

        package init(text: String, origin: String) {
            self.text = text
            self.origin = origin
        }
    }

    private var values: [String: Value] = [:]

    /// Reads the environment and the config file for every option of `table` that may be set there.
    /// - Parameters:
    ///   - table: the options.
    ///   - flags: what the command line gave, by option name.
    ///   - environment: the variables, by name; an empty one counts as not set.
    ///   - file: reads a file's bytes.
    /// - Throws: the first value that cannot be used, and where it stands.
    package init(
        _ table: [Option], flags: [String: Value], environment: [String: String],
        file: (String) throws(UsageError) -> [UInt8]
    ) throws(UsageError) {
        values = flags
        for option in table where option.reach != .flagOnly && values[option.name] == nil {
            guard let text = environment[option.environmentName], !text.isEmpty else { continue }
            values[option.name] = Value(text: text, origin: option.environmentName)
        }
        if let path = values["config"]?.text, table.contains(where: { $0.name == "config" }) {
            let known = table.filter { $0.reach == .everywhere }
            for (name, value) in try ConfigFile.read(try file(path), path: path, known: known)
            where values[name] == nil {
                values[name] = value
            }
        }
        for option in table {
            guard let value = values[option.name], let offence = option.kind.offence(value.text)
            else { continue }
            throw UsageError("\(value.origin): '\(value.text)' \(offence)")
        }
    }

    /// The text of an option; nil where it has neither value nor default.
    package func text(_ option: Option) -> String? {
        values[option.name]?.text ?? option.fallback
    }

    /// The number of an option that has a default.
    package func int(_ option: Option) -> Int {
        guard let text = text(option), let number = option.kind.integer(text) else {
            preconditionFailure("an option without a number was asked for one")
        }
        return number
    }

    /// The number of an option of decimals; nil where it has neither value nor default.
    package func decimal(_ option: Option) -> Double? {
        text(option).flatMap(option.kind.decimal)
    }

    /// Whether a flag is set.
    package func isOn(_ option: Option) -> Bool {
        text(option).flatMap(OptionKind.boolean) ?? false
    }

    /// The parts of a list.
    package func list(_ option: Option) -> [String] {
        text(option).map(OptionKind.list) ?? []
    }

    /// Whether somebody set it, rather than its default.
    package func isGiven(_ option: Option) -> Bool {
        values[option.name] != nil
    }

    /// How a message names where the value came from.
    package func origin(_ option: Option) -> String {
        values[option.name]?.origin ?? option.flag
    }
}

/// The config file: `key = value` lines; `#` starts a comment at the start of a line or after white
/// space.
package enum ConfigFile {
    /// Reads it strictly.
    /// - Throws: an unknown key, one that stands twice, a line that is no `key = value` or has a
    ///   control character, a bad value.
    package static func read(
        _ bytes: [UInt8], path: String, known: [Option]
    ) throws(UsageError) -> [String: Settings.Value] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw UsageError("\(path): is no UTF-8 text")
        }
        var values: [String: Settings.Value] = [:]
        var firstLines: [String: Int] = [:]
        for (index, raw) in Text.pieces(text, "\n").enumerated() {
            let place = "\(path):\(index + 1)"
            let line = Text.trimmed(withoutComment(raw))
            if line.isEmpty { continue }
            guard line.utf8.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }) else {
                throw UsageError("\(place): has a control character")
            }
            guard let equals = line.utf8.firstIndex(of: UInt8(ascii: "=")) else {
                throw UsageError("\(place): '\(line)' is no 'key = value'")
            }
            let key = Text.trimmed(String(line[..<equals]))
            let value = Text.trimmed(String(line[line.utf8.index(after: equals)...]))
            guard let option = known.first(where: { $0.key == key }) else {
                let near = Suggestion.near(key, among: known.filter { !$0.isHidden }.map(\.key))
                throw UsageError(
                    "\(place): unknown key '\(key)'"
                        + (near.map { "; did you mean '\($0)'?" } ?? ""))
            }
            if let first = firstLines[key] {
                throw UsageError("\(place): \(key) stands already in line \(first)")
            }
            firstLines[key] = index + 1
            if let offence = option.kind.offence(value) {
                throw UsageError("\(place): \(key): '\(value)' \(offence)")
            }
            values[option.name] = Settings.Value(text: value, origin: "\(place): \(key)")
        }
        return values
    }

    private static func withoutComment(_ line: String) -> String {
        var isAfterSpace = true
        for index in line.unicodeScalars.indices {
            let scalar = line.unicodeScalars[index]
            if scalar == "#", isAfterSpace { return String(line[..<index]) }
            isAfterSpace = scalar == " " || scalar == "\t"
        }
        return line
    }
}
