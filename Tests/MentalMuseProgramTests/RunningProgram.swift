// The program's tests: a server that runs as a process until its test ends.
internal import Foundation
internal import Spawning

/// `mentalmuse serve` in a sandbox, on a free port.
final class RunningProgram {
    private let process: ChildProcess
    private let errors = Pipe()
    private var log = Data()
    let sandbox: Sandbox

    /// Starts it and waits until it listens.
    /// - Parameter words: what follows `serve`; cheap password hashes are added.
    init(_ sandbox: Sandbox, _ words: String..., environment: [String: String] = [:]) throws {
        self.sandbox = sandbox
        let cheap = ["--argon2-memory-kib", "8", "--argon2-passes", "1", "--workers", "1"]
        process = sandbox.process(["serve"] + cheap + words, environment)
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        _ = try event("started")
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    /// The first event of that name in the log, which is read until it is there.
    func event(_ name: String) throws -> [String: Any] {
        while true {
            for event in events where event["event"] as? String == name { return event }
            let more = errors.fileHandleForReading.availableData
            guard !more.isEmpty else {
                throw Ended(log: String(decoding: log, as: UTF8.self))
            }
            log.append(more)
        }
    }

    /// All lines so far.
    var events: [[String: Any]] {
        log.split(separator: 0x0A).compactMap {
            try? JSONSerialization.jsonObject(with: $0) as? [String: Any]
        }
    }

    struct Ended: Error {
        let log: String
    }

    /// Where it listens.
    var url: String {
        get throws {
            guard let url = try event("listening")["url"] as? String else {
                throw Ended(log: "a listening event without an address")
            }
            return url
        }
    }

    /// Calls a method as the sandbox's user.
    func call(_ words: String..., input: String = "") throws -> Run {
        let variables = ["MUSE_URL": try url]
        return try sandbox.run(words: ["call"] + words, input: input, environment: variables)
    }

    func send(_ signal: Int32) {
        kill(process.processIdentifier, signal)
    }

    /// Sends a signal and waits until it has been dealt with: the program takes them one after
    /// another, and has taken the same once more.
    func sendAndWait(_ signal: Int32) {
        for _ in 0..<2 {
            send(signal)
            while process.isRunning, isPending(signal) { sched_yield() }
        }
    }

    /// Whether it has not taken a signal yet (proc_pid_status(5)).
    private func isPending(_ signal: Int32) -> Bool {
        let path = "/proc/\(process.processIdentifier)/status"
        guard let status = try? String(contentsOfFile: path, encoding: .utf8),
            let found = status.firstMatch(of: /ShdPnd:\s*([0-9a-f]+)/)
        else { return false }
        return (UInt64(found.1, radix: 16) ?? 0) >> UInt64(signal - 1) & 1 == 1
    }

    /// Sends a signal and waits for the end.
    func stop(_ signal: Int32 = SIGTERM) -> Int32 {
        send(signal)
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -1
    }
}
