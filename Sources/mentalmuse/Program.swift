// The program: the table of commands, and the way from a command line to one of them.
internal import Glibc
internal import MuseOptions

/// How the program leaves.
enum ExitStatus {
    static let success: Int32 = 0
    /// A refusal, or what was asked for cannot be done.
    static let failure: Int32 = 1
    /// Wrong use: a bad command line, variable or config file.
    static let usage: Int32 = 2
    /// No connection to a server.
    static let connection: Int32 = 3
}

/// Why a command ends, as one line for people, and with which status.
struct CommandFailure: Error {
    /// Nil where everything has been said.
    let message: String?
    let status: Int32

    init(_ message: String?, status: Int32 = ExitStatus.failure) {
        self.message = message
        self.status = status
    }

    init(_ error: UsageError) {
        self.init(error.message, status: ExitStatus.usage)
    }
}

/// What a command is given.
struct CommandInput {
    let command: Command
    let settings: Settings
    let operands: [String]

    /// The operand at `index`.
    /// - Throws: wrong use, where there is none.
    func operand(_ index: Int) throws(CommandFailure) -> String {
        guard operands.indices.contains(index) else {
            throw CommandFailure(UsageError("\(command.operands[index]) is missing"))
        }
        return operands[index]
    }
}

/// One command: a row of the program's table.
struct Command: Sendable {
    /// `["user", "create"]`.
    let path: [String]
    /// One sentence.
    let summary: String
    /// Paragraphs of its help.
    var details: [String] = []
    /// What follows the flags, as the usage line names it; in brackets what may be left out, with
    /// dots what may be repeated.
    var operands: [String] = []
    /// The flags it takes.
    var options: [Option] = []
    /// The options that it reads from environment and config file; nil for those of `options`.
    var table: [Option]?
    var examples: [String] = []
    /// Not in the list of commands.
    var isHidden = false
    /// Its own help for its operands, where there is more to say than the usual; nil for the usual.
    var help: (@Sendable ([String]) -> String?)?
    /// Runs it.
    let run: @Sendable (CommandInput) throws(CommandFailure) -> Void

    fileprivate var operandsMax: Int? {
        operands.contains { $0.hasSuffix("...]") || $0.hasSuffix("...") } ? nil : operands.count
    }
}

/// From words to a command.
enum Program {
    /// The version of the program.
    static let version = "1.0.0"

    /// All commands, in the order of the help.
    static let commands: [Command] =
        [ServeCommand.command, CallCommand.command, ShellCommand.command, SchemaCommand.command]
        + UserCommands.commands + KeysCommands.commands + [BackupCommand.command]
        + [RestoreCommand.command, VerifyCommand.command] + MigrateCommands.commands
        + [BenchCommand.command, OptionsCommand.command]

    /// Runs the command that the words name.
    /// - Returns: the exit status.
    static func run(_ words: [String]) -> Int32 {
        guard let first = words.first else {
            Output.line(Help.program(commands.filter { !$0.isHidden }), to: .error)
            return ExitStatus.usage
        }
        switch first {
        case "--help", "-h", "help":
            let rest = Array(words.dropFirst())
            if first == "help", !rest.isEmpty { return run(rest + ["--help"]) }
            Output.line(Help.program(commands.filter { !$0.isHidden }))
            return ExitStatus.success
        case "--version", "version":
            Output.line("mentalmuse \(version)")
            return ExitStatus.success
        default:
            return dispatch(words)
        }
    }

    private static func dispatch(_ words: [String]) -> Int32 {
        let family = commands.filter { $0.path.first == words.first }
        if let command = family.first(where: { words.starts(with: $0.path) }) {
            return execute(command, Array(words.dropFirst(command.path.count)))
        }
        if let word = family.first?.path.first {
            if words.contains("--help") || words.contains("-h") {
                Output.line(Help.family(word, family))
                return ExitStatus.success
            }
            let second = words.dropFirst().first
            let near = second.flatMap { Suggestion.near($0, among: family.map { $0.path[1] }) }
            let said = second.map { "unknown command '\(word) \($0)'" } ?? "a command is missing"
            return complain(
                word, said + (near.map { "; did you mean '\(word) \($0)'?" } ?? ""),
                ExitStatus.usage)
        }
        let names = commands.filter { !$0.isHidden }.map { $0.path[0] }
        let near = Suggestion.near(words[0], among: names)
        return complain(
            nil, "unknown command '\(words[0])'" + (near.map { "; did you mean '\($0)'?" } ?? ""),
            ExitStatus.usage)
    }

    private static func execute(_ command: Command, _ words: [String]) -> Int32 {
        let name = command.path.joined(separator: " ")
        do throws(CommandFailure) {
            try start(command, words)
            return ExitStatus.success
        } catch {
            guard let message = error.message else { return error.status }
            return complain(name, message, error.status)
        }
    }

    private static func start(_ command: Command, _ words: [String]) throws(CommandFailure) {
        guard let input = try prepared(command, words) else { return }
        try command.run(input)
    }

    /// What the command is given; nil where only its help was wanted.
    private static func prepared(
        _ command: Command, _ words: [String]
    ) throws(CommandFailure) -> CommandInput? {
        do throws(UsageError) {
            let read = try CommandWords(words, options: command.options)
            if read.wantsHelp {
                Output.line(command.help?(read.operands) ?? Help.command(command))
                return nil
            }
            if let most = command.operandsMax, read.operands.count > most {
                throw UsageError("'\(read.operands[most])' is one word too many")
            }
            let settings = try Settings(
                command.table ?? command.options, flags: read.flags,
                environment: Environment.all(), file: Files.config)
            return CommandInput(command: command, settings: settings, operands: read.operands)
        } catch {
            throw CommandFailure(error)
        }
    }

    /// One line on standard error.
    private static func complain(_ command: String?, _ message: String, _ status: Int32) -> Int32 {
        let name = (["mentalmuse"] + (command.map { [$0] } ?? [])).joined(separator: " ")
        let hint = status == ExitStatus.usage ? " ('\(name) --help' tells more)" : ""
        Output.line("\(name): \(message)\(hint)", to: .error)
        return status
    }
}
