// The command `shell`: calls typed line by line over one connection.
internal import Glibc
internal import MuseJSON
internal import MuseOptions

/// `mentalmuse shell`.
enum ShellCommand {
    static let command = Command(
        path: ["shell"], summary: "Talk to a running server over one connection, line by line.",
        details: [
            "A line is a method and its params, as for 'mentalmuse call': 'posts.create body=\"Hello "
                + "there\"', 'posts.get {\"id\": \"…\"}'. Tab completes methods and params; 'help' and "
                + "'help METHOD' tell more; 'exit' or ^D leaves. What the server says unasked is shown "
                + "as it comes.",
            "The history is kept in ~/.local/state/mentalmuse/history ($XDG_STATE_HOME; mode 0600); "
                + "lines that name a secret are not. Without a terminal the lines are read from standard "
                + "input, and the exit status is 1 where one of them was refused.",
        ],
        options: ClientOptions.connection,
        run: { (input) throws(CommandFailure) in
            let shell = Shell(caller: try ServerCaller(input.settings))
            if isatty(0) == 1 { try shell.runTyped() } else { try shell.runPiped() }
        })
}

/// One conversation.
private struct Shell {
    let caller: ServerCaller

    private static let help = """
        METHOD [name=value | name:=JSON | JSON]   call a method; Tab completes
        help                                      this, and all methods
        help METHOD                               what a method takes and gives
        exit                                      leave
        """

    // MARK: Without a terminal

    /// Reads lines until the end.
    /// - Throws: no connection; the failure of a line without a message, at the end.
    func runPiped() throws(CommandFailure) {
        caller.onNotification = { Output.line($0.text()) }
        var isRefused = false
        while let line = InputLines.next(most: 16 << 20) {
            do throws(CommandFailure) {
                guard try run(line) else { break }
            } catch {
                if error.status == ExitStatus.connection { throw error }
                if let message = error.message { Output.line(message, to: .error) }
                isRefused = true
            }
        }
        caller.finish()
        if isRefused { throw CommandFailure(nil) }
    }

    // MARK: At a terminal

    /// Takes lines as they are typed, and shows what comes meanwhile.
    func runTyped() throws(CommandFailure) {
        do throws(ConnectionError) {
            _ = try caller.connected()
        } catch {
            throw CommandFailure(error.message, status: ExitStatus.connection)
        }
        let folder = SessionStore.folder()
        if let folder { try? Files.makeFolder(folder) }
        let editor = LineEditor(historyPath: folder.map { $0 + "/history" })
        let who = caller.username().map { ", as \($0)" } ?? ""
        Output.line("connected to \(caller.endpoint)\(who); 'help' tells more")
        caller.onNotification = { Output.line("* " + $0.text()) }
        editor.begin(Self.prompt)
        while true {
            let (isTyped, hasInput) = wait()
            if hasInput { takeUnasked(editor) }
            guard isTyped, let event = editor.read() else { continue }
            guard case .line(let line) = event else { break }
            editor.stop()
            if !Text.trimmed(line).isEmpty, !Self.namesSecret(line) { editor.remember(line) }
            do throws(CommandFailure) {
                guard try run(line) else { return }
            } catch {
                if let message = error.message { Output.line(message, to: .error) }
            }
            editor.begin(Self.prompt)
        }
        editor.stop()
        Output.line("")
    }

    private static let prompt = "mentalmuse> "

    /// Waits for a key or for the server.
    private func wait() -> (isTyped: Bool, hasInput: Bool) {
        var entries = [pollfd(fd: 0, events: Int16(POLLIN), revents: 0)]
        if let connection = caller.connection, !connection.hasEnded {
            entries.append(pollfd(fd: connection.readiness, events: Int16(POLLIN), revents: 0))
        }
        let count = unsafe poll(&entries, nfds_t(entries.count), -1)
        guard count > 0 else { return (false, false) }
        return (entries[0].revents != 0, entries.count > 1 && entries[1].revents != 0)
    }

    /// Shows what the server says unasked.
    private func takeUnasked(_ editor: LineEditor) {
        guard let connection = caller.connection else { return }
        do throws(ConnectionError) {
            try connection.fill(seconds: 1)
            while let line = connection.buffered() { editor.show("* " + line) }
            if connection.hasEnded {
                editor.show("* the server has closed the connection; the next call makes a new one")
            }
        } catch {
            editor.show("* " + error.message)
        }
    }

    /// A line that sets a secret is not for the history.
    private static func namesSecret(_ line: String) -> Bool {
        let words = (try? ShellWords.split(line)) ?? []
        guard let method = words.first.flatMap(SchemaIndex.builtIn.method) else { return false }
        return method.params.contains { $0.isSecret } && words.count > 1
            || line.contains("access_token")
    }

    // MARK: A line

    /// - Returns: false to leave.
    private func run(_ line: String) throws(CommandFailure) -> Bool {
        let words: [String]
        do throws(UsageError) {
            words = try ShellWords.split(line)
        } catch {
            throw CommandFailure(error)
        }
        guard let name = words.first, !name.hasPrefix("#") else { return true }
        switch name {
        case "exit", "quit": return false
        case "help":
            showHelp(words.dropFirst().first)
        default:
            let method = SchemaIndex.builtIn.method(name)
            let params = try CallParams(
                Array(words.dropFirst()), of: method, name: name, secret: Secrets.read)
            try CallCommand.show(try caller.call(name, method, params))
        }
        return true
    }

    private func showHelp(_ name: String?) {
        guard let name else {
            let names = SchemaIndex.builtIn.methods.map(\.name).joined(separator: " ")
            Output.line(Self.help + "\n\n" + Text.wrapped(names, 96).joined(separator: "\n"))
            return
        }
        if let method = SchemaIndex.builtIn.method(name) {
            Output.line(Help.method(method))
        } else {
            let near = SchemaIndex.builtIn.near(name).map { "; did you mean '\($0)'?" } ?? ""
            Output.line("unknown method '\(name)'\(near)", to: .error)
        }
    }
}
