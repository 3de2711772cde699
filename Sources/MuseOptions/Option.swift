// The options' room: what one row of an option table says. Flags, environment names, config keys,
// help and the operator's page are all read from it; nothing about an option is written twice.

/// How an option's text is read.
package enum OptionKind: Sendable {
    /// Present or absent; `true` or `false` where a value is written.
    case flag
    /// A whole number.
    case integer(ClosedRange<Int>)
    /// A number, perhaps with decimals: `2`, `0.3`.
    case decimal(ClosedRange<Double>)
    /// A number of bytes: `65536`, `64KiB`, `1MiB`, `256MB`.
    case bytes(ClosedRange<Int>)
    /// A number of seconds: `90`, `90s`, `15min`, `2h`, `30d`.
    case seconds(ClosedRange<Int>)
    /// One of some words.
    case choice([String])
    /// Any text that is not empty; the word is what help calls it.
    case text(String)
    /// Several of them, separated by commas; as a flag also repeated.
    case list(String)
}

/// Where an option may be set.
package enum OptionReach: Sendable {
    /// By flag, by environment, and in the config file.
    case everywhere
    /// By flag and environment.
    case flagAndEnvironment
    /// By flag alone: what concerns one run.
    case flagOnly
}

/// One row of an option table.
package struct Option: Sendable {
    /// The flag without its dashes, `line-bytes-max`; environment name and config key follow from
    /// it.
    package let name: String
    package let kind: OptionKind
    /// The value where none is given, as it would be written; nil for none.
    package let fallback: String?
    /// Which heading of the help it stands under.
    package let group: OptionGroup
    /// One sentence for people.
    package let summary: String
    package let reach: OptionReach
    /// Not in the help: for tests of the program.
    package let isHidden: Bool

    package init(
        _ name: String, _ kind: OptionKind, _ fallback: String? = nil, in group: OptionGroup,
        _ summary: String, reach: OptionReach = .everywhere, isHidden: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.fallback = fallback
        self.group = group
        self.summary = summary
        self.reach = reach
        self.isHidden = isHidden
    }

    /// `--line-bytes-max`.
    package var flag: String { "--" + name }

    /// `line_bytes_max`: the key of a config file, and where it is a limit the member of `Limits`.
    package var key: String { String(name.map { $0 == "-" ? "_" : $0 }) }

    /// `MUSE_LINE_BYTES_MAX`.
    package var environmentName: String { "MUSE_" + key.uppercased() }

    /// Whether a flag of this name needs no value.
    package var isFlag: Bool { if case .flag = kind { true } else { false } }

    package var isList: Bool { if case .list = kind { true } else { false } }

    /// What the help writes after the flag; nil for none.
    package var placeholder: String? {
        switch kind {
        case .flag: nil
        case .integer, .decimal: "NUMBER"
        case .bytes: "BYTES"
        case .seconds: "SECONDS"
        case .choice(let words): words.joined(separator: "|")
        case .text(let word), .list(let word): word
        }
    }
}

/// The headings of the help.
package enum OptionGroup: String, CaseIterable, Sendable {
    case general = "Options"
    case listening = "Where it listens"
    case data = "What it keeps"
    case people = "People and tokens"
    case limits = "Limits (0 is off, where 0 is allowed)"
    case operation = "Operation"
}

/// Why the words of a command, an environment variable or a config file cannot be used.
package struct UsageError: Error, Sendable, Equatable {
    /// One line, without a full stop.
    package let message: String

    package init(_ message: String) {
        self.message = message
    }
}
