// Fuzzing: config files. They are read as a plain reading by bytes has them, and flags, variables
// and a file say the same.
internal import MuseOptions

extension FuzzTarget {
    /// Any bytes as a config file.
    package static let config = FuzzTarget(
        name: "config",
        tokens: [
            "port", "line_bytes", "share", "0.5", ".", "stall", "log", "host", "peers", "open",
            "run_only", " = ", "=",
            "#", " #", "\n", "\r\n", "\r", "\t", "true", "off", "64KiB", "15min",
            "9223372036854775807", "-1", "+1", "٣", ",", "slow", "\u{0}", "\u{301}", "\u{600}", "é",
            "\u{FEFF}", "\u{212A}iB",
        ],
        failure: configFailure)

    /// One option of each kind, and one that no file may set.
    private static let table = [
        Option("port", .integer(0...65_535), "6873", in: .general, ""),
        Option("line-bytes", .bytes(1_024...64 << 20), "1MiB", in: .general, ""),
        Option("share", .decimal(0.5...99.5), "1", in: .general, ""),
        Option("stall", .seconds(1...86_400), "30", in: .general, ""),
        Option("log", .choice(["off", "errors", "slow", "all"]), "off", in: .general, ""),
        Option("host", .text("HOST"), in: .general, ""),
        Option("peers", .list("CIDR"), in: .general, ""),
        Option("open", .flag, "false", in: .general, ""),
        Option("run-only", .flag, "false", in: .general, "", reach: .flagOnly),
        Option("config", .text("FILE"), in: .general, "", reach: .flagAndEnvironment),
    ]

    private static func configFailure(_ bytes: [UInt8]) -> String? {
        let wanted = PlainConfig(bytes, table)
        let values: [String: String]
        do throws(UsageError) {
            values = try read(bytes)
        } catch {
            return messageFailure(error.message, wanted)
        }
        if let line = wanted.badLine { return "line \(line) is bad, and was read" }
        guard values == wanted.values else { return "read \(values), wanted \(wanted.values)" }
        // A comment begins after white space, so that nothing may stand before a value.
        let written = values.map { "\(key($0.key))=\($0.value)\n" }.joined()
        guard (try? read(Array(written.utf8))) == values else { return "written again: \(written)" }
        return waysFailure(bytes, values)
    }

    private static func read(_ bytes: [UInt8]) throws(UsageError) -> [String: String] {
        let known = table.filter { $0.reach == .everywhere }
        return try ConfigFile.read(bytes, path: "conf", known: known).mapValues(\.text)
    }

    private static func key(_ name: String) -> String {
        table.first { $0.name == name }?.key ?? ""
    }

    /// A refusal is one line that can be shown, and names the first line that is bad.
    private static func messageFailure(_ message: String, _ wanted: PlainConfig) -> String? {
        guard let line = wanted.badLine else { return "a good file was refused: \(message)" }
        guard message.hasPrefix(line == 0 ? "conf: " : "conf:\(line): ") else {
            return "line \(line) is bad, the message is: \(message)"
        }
        let isShown = message.utf8.allSatisfy { $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F }
        return isShown ? nil : "a control character in: \(message)"
    }

    /// The file, variables and flags with the same texts give the same settings, each of which can
    /// be asked for.
    private static func waysFailure(_ bytes: [UInt8], _ values: [String: String]) -> String? {
        var variables: [String: String] = [:]
        for option in table { variables[option.environmentName] = values[option.name] }
        let words = values.map { "--\($0.key)=\($0.value)" }
        do throws(UsageError) {
            let empty: [String: Settings.Value] = [:]
            let byFile = try Settings(
                table, flags: ["config": Settings.Value(text: "conf", origin: "--config")],
                environment: [:], file: { _ in bytes })
            let byVariable = try Settings(
                table, flags: empty, environment: variables, file: { _ in [] })
            let byFlag = try Settings(
                table, flags: try CommandWords(words, options: table).flags,
                environment: ["MUSE_PORT": "1", "MUSE_HOST": "other"].filter {
                    variables[$0.key] != nil
                }, file: { _ in [] })
            for option in table where option.name != "config" {
                let said = [byFile, byVariable, byFlag].map { Said($0, option) }
                guard said[0] == said[1], said[1] == said[2] else {
                    return "\(option.name) by file, variable and flag: \(said)"
                }
            }
            return nil
        } catch {
            return "refused elsewhere: \(error.message)"
        }
    }
}

/// All that may be asked of an option.
private struct Said: Equatable {
    let text: String?
    let number: Int?
    let isOn: Bool
    let parts: [String]

    init(_ settings: Settings, _ option: Option) {
        text = settings.text(option)
        isOn = settings.isOn(option)
        parts = settings.list(option)
        switch option.kind {
        case .integer, .bytes, .seconds: number = settings.int(option)
        default: number = nil
        }
    }
}

/// A config file by a plain reading of its bytes.
private struct PlainConfig {
    var values: [String: String] = [:]
    /// The first line that is bad, from 1; 0 for a file that is no text; nil where all is well.
    var badLine: Int?

    init(_ bytes: [UInt8], _ table: [Option]) {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            badLine = 0
            return
        }
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !take(Array(line), table) {
            badLine = index + 1
            return
        }
    }

    /// Whether it is a line that may stand here.
    private mutating func take(_ line: [UInt8], _ table: [Option]) -> Bool {
        let comment = line.indices.first {
            line[$0] == UInt8(ascii: "#") && ($0 == 0 || [0x20, 0x09].contains(line[$0 - 1]))
        }
        let said = Self.trimmed(line[..<(comment ?? line.count)])
        if said.isEmpty { return true }
        guard said.allSatisfy({ $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F }),
            let equals = said.firstIndex(of: UInt8(ascii: "="))
        else { return false }
        let key = Self.trimmed(said[..<equals])
        let value = Self.trimmed(said[(equals + 1)...])
        guard let option = table.first(where: { $0.key.utf8.elementsEqual(key) }),
            option.reach == .everywhere, values[option.name] == nil,
            Self.isValue(value, option.kind)
        else { return false }
        values[option.name] = value.shown
        return true
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let isSpace = { (byte: UInt8) in [0x20, 0x09, 0x0D].contains(byte) }
        let rest = Array(bytes.drop(while: isSpace))
        return Array(rest.prefix((rest.lastIndex { !isSpace($0) } ?? -1) + 1))
    }

    private static func isValue(_ value: [UInt8], _ kind: OptionKind) -> Bool {
        switch kind {
        case .flag: return ["true", "yes", "on", "1", "false", "no", "off", "0"].contains(value)
        case .integer(let range): return isNumber(value, range, ["": 1])
        case .decimal(let range):
            let parts = value.split(
                separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
            let isWritten = parts.allSatisfy { part in
                !part.isEmpty && part.allSatisfy { (0x30...0x39).contains($0) }
            }
            return isWritten && range.contains(Double(value.shown) ?? -1)
        case .bytes(let range):
            let units = [
                "": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "kB": 1_000,
                "MB": 1_000_000, "GB": 1_000_000_000,
            ]
            return isNumber(value, range, units)
        case .seconds(let range):
            return isNumber(value, range, ["": 1, "s": 1, "min": 60, "h": 3_600, "d": 86_400])
        case .choice(let words): return words.contains(value)
        case .text: return !value.isEmpty
        case .list:
            let parts = value.split(
                separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            return !parts.contains { trimmed($0).isEmpty }
        }
    }

    private static func isNumber(
        _ value: [UInt8], _ range: ClosedRange<Int>, _ units: [String: Int]
    ) -> Bool {
        let digits = value.prefix { (0x30...0x39).contains($0) }
        let unit = units.first { $0.key.utf8.elementsEqual(value.dropFirst(digits.count)) }
        guard !digits.isEmpty, let factor = unit?.value else { return false }
        // So many digits are no number of any range here.
        let significant = digits.drop { $0 == 0x30 }
        guard significant.count <= 15 else { return false }
        let number = significant.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return number <= range.upperBound && range.contains(number * factor)
    }
}

extension [String] {
    /// Whether one of them is these very bytes: texts that only look the same are not.
    fileprivate func contains(_ bytes: [UInt8]) -> Bool {
        contains { $0.utf8.elementsEqual(bytes) }
    }
}
