// The shell: libedit, which knows one terminal a process, and calls back without a context.
internal import CEdit
internal import Glibc
internal import MuseBase

/// A line that is being typed, with history and completion.
struct LineEditor {
    /// What has happened at the terminal.
    enum Event: Sendable {
        case line(String)
        case end
    }

    private static let historyMax: Int32 = 1_000
    private let historyPath: String?

    /// - Parameter historyPath: where the lines of earlier runs are; nil keeps none.
    init(historyPath: String?) {
        self.historyPath = historyPath
        unsafe muse_edit_prepare(completeLine)
        using_history()
        stifle_history(Self.historyMax)
        if let historyPath { _ = unsafe read_history(historyPath) }
    }

    /// Shows the prompt and begins to take keys.
    func begin(_ prompt: String) {
        unsafe rl_callback_handler_install(prompt, takeLine)
    }

    /// Takes the keys that have come.
    /// - Returns: a line, once one is ended.
    func read() -> Event? {
        rl_callback_read_char()
        return finishedLine.withLock { event in
            defer { event = nil }
            return event
        }
    }

    /// Leaves the terminal as it was.
    func stop() {
        rl_callback_handler_remove()
    }

    /// Writes a text above the line that is being typed.
    func show(_ text: String) {
        Output.write("\r\u{1B}[K" + text + "\n")
        rl_forced_update_display()
    }

    /// Remembers a line, in this run and the next; the file is for its owner alone.
    func remember(_ line: String) {
        _ = unsafe add_history(line)
        guard let historyPath else { return }
        let mask = umask(0o077)
        _ = unsafe write_history(historyPath)
        umask(mask)
        _ = unsafe chmod(historyPath, 0o600)
    }
}

/// What the library's callback found, until `read` takes it.
private let finishedLine = Lock<LineEditor.Event?>(nil)

/// The words that `nextCompletion` hands out.
private let candidates = Lock<[String]>([])

private func takeLine(_ line: UnsafeMutablePointer<CChar>?) {
    guard let line = unsafe line else {
        finishedLine.withLock { $0 = .end }
        return
    }
    let text = unsafe String(cString: line)
    unsafe free(line)
    finishedLine.withLock { $0 = .line(text) }
}

private func completeLine(
    _ text: UnsafePointer<CChar>?, _ start: Int32, _ end: Int32
) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
    muse_edit_stop_completion()
    guard let text = unsafe text, let line = unsafe muse_edit_line() else { return nil }
    let before = unsafe String(cString: line).utf8.prefix(Int(start))
    var found = unsafe ShellWords.completions(
        String(cString: text), after: String(decoding: Array(before), as: UTF8.self))
    if found.count == 1, !found[0].hasSuffix("=") { found[0] += " " }
    candidates.withLock { $0 = found }
    return unsafe rl_completion_matches(text, nextCompletion)
}

private func nextCompletion(
    _ text: UnsafePointer<CChar>?, _ state: Int32
) -> UnsafeMutablePointer<CChar>? {
    unsafe candidates.withLock { words in
        guard !words.isEmpty else { return nil }
        return unsafe strdup(words.removeFirst())
    }
}
