// The command `bench`: what it leaves behind: nothing. Its folder, its children, its line on the
// terminal.
internal import Glibc
internal import MuseBase
internal import MuseBench
internal import MuseOptions

/// A folder to be thrown away and the servers on it, which end with the command, by a signal too.
final class Workroom: Sendable {
    let household: Household
    let dial: @Sendable (Endpoint) throws(BenchError) -> Int32
    private let isInterrupted = Lock(false)

    /// Before any other thread is there: all of them are to hold the signals back.
    init(isPinned: Bool, _ settings: Settings) throws(CommandFailure) {
        let signals = Signals()
        let seconds = settings.int(ClientOptions.timeout)
        dial = { (endpoint) throws(BenchError) in try Self.dial(endpoint, seconds) }
        do throws(SystemError) {
            household = Household(
                program: try Files.ownProgram(),
                folder: try Files.makeTemporaryFolder("mentalmuse-bench"), children: Children(),
                isPinned: isPinned && Cores.count > 1, dial: dial)
        } catch {
            throw CommandFailure(error.message)
        }
        let (household, isInterrupted) = (household, isInterrupted)
        Thread.start {
            var signals = signals
            while case .none = signals.next(seconds: 600) {}
            isInterrupted.withLock { $0 = true }
            Self.clear(household)
            _exit(128 + SIGINT)
        }
    }

    /// Ends the servers and removes the folder; after a signal it does not return: that the servers
    /// have gone is no news then.
    func clear() {
        while isInterrupted.withLock({ $0 }) { sleep(1) }
        Self.clear(household)
    }

    private static func clear(_ household: Household) {
        household.children.stopAll()
        Files.removeAll(household.folder)
    }

    private static func dial(_ endpoint: Endpoint, _ seconds: Int) throws(BenchError) -> Int32 {
        let deadline = Deadline(seconds: seconds)
        do throws(ConnectionError) {
            switch endpoint {
            case .unix(let path): return try Dialer.connect(path: path, deadline)
            case .tcp(let host, let port), .tls(let host, let port):
                return try Dialer.connect(host: host, port: port, deadline)
            }
        } catch {
            throw BenchError(error.message, isUnreached: true)
        }
    }
}

/// What goes on, on standard error: one line that is written over on a terminal, elsewhere one line
/// for each round.
final class Progress {
    private var last = ""
    private let isTerminal = Output.Stream.error.isTerminal

    func tell(_ progress: BenchProgress) {
        switch progress {
        case .seeding(let part):
            show("writing posts and comments", "writing posts and comments", part)
        case .load(let round, let rounds, let part, let name):
            show("round \(round) of \(rounds)", "round \(round) of \(rounds): \(name)", part)
        }
    }

    /// Takes the line away.
    func end() {
        if isTerminal, !last.isEmpty { Output.write("\r\u{1B}[K", to: .error) }
        last = ""
    }

    private func show(_ line: String, _ whole: String, _ part: Double) {
        if isTerminal {
            let percent = String(Int(part * 100))
            last = Text.padded("\(percent) %", 6) + whole
            Output.write("\r\u{1B}[K\(last)", to: .error)
        } else if line != last {
            last = line
            Output.line(line, to: .error)
        }
    }
}
