// The options' room: taking a command's words apart into flags and operands.

/// What a command line says, before the environment and the config file are looked at.
package struct CommandWords: Sendable {
    /// The flags' values by option name; where one is repeated the last counts, lists add up.
    package private(set) var flags: [String: Settings.Value] = [:]
    package private(set) var operands: [String] = []
    /// Whether `--help` or `-h` is among them: then nothing else is looked at.
    package private(set) var wantsHelp = false

    /// Reads the words: `--name value`, `--name=value`, `--flag`, `--no-flag`; `--` ends the flags.
    /// - Parameters:
    ///   - words: the words after the command's name.
    ///   - options: what the command takes.
    /// - Throws: an unknown flag, with what may have been meant; a flag without its value.
    package init(_ words: [String], options: [Option]) throws(UsageError) {
        wantsHelp = words.prefix { $0 != "--" }.contains { $0 == "--help" || $0 == "-h" }
        if wantsHelp {
            operands = words.filter { !$0.hasPrefix("-") }
            return
        }
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                operands += rest
                return
            }
            guard word.hasPrefix("-"), word != "-" else {
                operands.append(word)
                continue
            }
            try readFlag(word, &rest, options)
        }
    }

    private mutating func readFlag(
        _ word: String, _ rest: inout ArraySlice<String>, _ options: [Option]
    ) throws(UsageError) {
        let body = word.hasPrefix("--") ? word.dropFirst(2) : word.dropFirst()
        let equals = body.utf8.firstIndex(of: UInt8(ascii: "="))
        let name = String(body[..<(equals ?? body.endIndex)])
        let written = equals.map { String(body[body.utf8.index(after: $0)...]) }
        if word.hasPrefix("--"), let option = options.first(where: { $0.name == name }) {
            if option.isFlag {
                set(option, written ?? "true")
            } else if let text = written ?? rest.popFirst() {
                set(option, text)
            } else {
                throw UsageError("\(option.flag) needs a value: \(option.placeholder ?? "")")
            }
            return
        }
        if word.hasPrefix("--no-"), written == nil,
            let option = options.first(where: { $0.isFlag && "no-" + $0.name == name })
        {
            set(option, "false")
            return
        }
        let names = options.filter { !$0.isHidden }.map(\.name) + ["help"]
        let near = Suggestion.near(name, among: names).map { "; did you mean --\($0)?" } ?? ""
        throw UsageError("unknown option \(word.prefix { $0 != "=" })\(near)")
    }

    private mutating func set(_ option: Option, _ text: String) {
        if option.isList, let before = flags[option.name] {
            flags[option.name] = Settings.Value(
                text: before.text + "," + text, origin: option.flag)
        } else {
            flags[option.name] = Settings.Value(text: text, origin: option.flag)
        }
    }
}
