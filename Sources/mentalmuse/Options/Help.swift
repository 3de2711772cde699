// The options: the help of every command, and the operator's page, written from the tables.
internal import MuseOptions

/// Texts made from command and option tables.
enum Help {
    private static let width = 96

    /// The help of the whole program.
    static func program(_ commands: [Command]) -> String {
        var lines = [
            "mentalmuse: a back end for a social app over JSON-RPC, one message a line", "",
            "Usage: mentalmuse COMMAND [OPTIONS] [WORDS]", "", "Commands:",
        ]
        lines += table(commands)
        lines += [
            "", "'mentalmuse COMMAND --help' tells more; 'mentalmuse --version' the version.",
            "Options are taken from flags first, then from MUSE_* variables, then from a config file.",
        ]
        return lines.joined(separator: "\n")
    }

    /// The help of a word with commands under it: `user`, `keys`.
    static func family(_ word: String, _ commands: [Command]) -> String {
        (["Usage: mentalmuse \(word) COMMAND [OPTIONS] [WORDS]", "", "Commands:"]
            + table(commands)).joined(separator: "\n")
    }

    /// The help of one command.
    static func command(_ command: Command) -> String {
        var lines = [usage(command), "", command.summary]
        for paragraph in command.details { lines += [""] + Text.wrapped(paragraph, width) }
        for group in OptionGroup.allCases {
            let options = command.options.filter { $0.group == group && !$0.isHidden }
            if options.isEmpty { continue }
            lines += ["", group.rawValue + ":"]
            for option in options { lines += describe(option) }
        }
        if !command.examples.isEmpty {
            lines += ["", "Examples:"] + command.examples.map { "  " + $0 }
        }
        return lines.joined(separator: "\n")
    }

    /// `Usage: mentalmuse serve [OPTIONS]`.
    static func usage(_ command: Command) -> String {
        (["Usage: mentalmuse"] + command.path + (command.options.isEmpty ? [] : ["[OPTIONS]"])
            + command.operands).joined(separator: " ")
    }

    /// The operator's page: all options of `serve` as Markdown.
    static func operatorsPage(_ options: [Option]) -> String {
        var lines = [
            "# Options of `mentalmuse serve`", "",
            "A flag goes before its `MUSE_*` variable, that before its key in the config file "
                + "(`--config FILE`), that before the default. `mentalmuse options` writes this page.",
        ]
        for group in OptionGroup.allCases {
            let members = options.filter { $0.group == group && !$0.isHidden }
            if members.isEmpty { continue }
            lines += [
                "", "## \(group.rawValue)", "", "| flag | variable | key | default | |",
                "|---|---|---|---|---|",
            ]
            for option in members {
                let flag = ([option.flag] + (option.placeholder.map { [$0] } ?? []))
                    .joined(separator: " ")
                let cells = [
                    "`" + flag.split(separator: "|").joined(separator: "\\|") + "`",
                    option.reach == .flagOnly ? "" : "`\(option.environmentName)`",
                    option.reach == .everywhere ? "`\(option.key)`" : "",
                    option.fallback.map { "`\($0)`" } ?? "", option.summary,
                ]
                lines.append("| " + cells.joined(separator: " | ") + " |")
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func describe(_ option: Option) -> [String] {
        let head = ([option.flag] + (option.placeholder.map { [$0] } ?? [])).joined(separator: " ")
        var notes: [String] = []
        if let fallback = option.fallback, !(option.isFlag && fallback == "false") {
            notes.append("default \(fallback)")
        }
        if option.reach != .flagOnly { notes.append(option.environmentName) }
        let note = notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))"
        let column = 34
        var lines = Text.wrapped(option.summary + note, width - column)
        let first = "  " + head
        if first.count < column {
            lines[0] = Text.padded(first, column) + lines[0]
        } else {
            lines[0] = first + "\n" + String(repeating: " ", count: column) + lines[0]
        }
        return [lines[0]]
            + lines.dropFirst().map { String(repeating: " ", count: column) + $0 }
    }

    private static func table(_ commands: [Command]) -> [String] {
        let names = commands.map { $0.path.joined(separator: " ") }
        let column = (names.map(\.count).max() ?? 0) + 4
        return zip(names, commands).map { name, command in
            Text.padded("  " + name, column) + command.summary
        }
    }
}
