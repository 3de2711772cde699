// A process that a test starts. Used by the tests of the program, of the transcripts and of TLS.
//
// Foundation's own looks for the open descriptors with a copy of each whole directory entry, which
// reads past the end of its buffer once there are some thousand: beside all other tests there are.
internal import CSpawning
package import Foundation
internal import Glibc
internal import MuseBase

/// A child by posix_spawn(3), set up and asked as Foundation's `Process` is. It inherits the three
/// standard streams alone, no signal mask, and no ignored signal.
package final class ChildProcess {
    package var executableURL = URL(filePath: "/bin/false")
    package var arguments: [String] = []
    /// nil: this process's.
    package var environment: [String: String]?
    package var currentDirectoryURL: URL?
    /// A Pipe or a FileHandle; nil: this process's.
    package var standardInput: Any?
    package var standardOutput: Any?
    package var standardError: Any?
    package private(set) var processIdentifier: Int32 = 0
    private var waited: Int32?

    package init() {}

    /// Starts it, and lets go of the pipes' ends that are the child's.
    /// - Throws: POSIXError where it cannot be started.
    package func run() throws {
        let streams = [standardInput, standardOutput, standardError]
        let numbers = streams.enumerated().map { number, stream -> Int32 in
            switch stream {
            case let pipe as Pipe: Self.end(pipe, number).fileDescriptor
            case let handle as FileHandle where handle === FileHandle.nullDevice: -2
            case let handle as FileHandle: handle.fileDescriptor
            default: -1
            }
        }
        let variables = environment ?? ProcessInfo.processInfo.environment
        let result = unsafe withTextList([executableURL.path] + arguments) { words in
            unsafe withTextList(variables.map { "\($0)=\($1)" }) { lines in
                unsafe spawn_child(
                    &processIdentifier, executableURL.path, words, lines,
                    currentDirectoryURL?.path, numbers)
            }
        }
        guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: result) ?? .EINVAL) }
        for (number, stream) in streams.enumerated() {
            if let pipe = stream as? Pipe { try? Self.end(pipe, number).close() }
        }
    }

    /// The child's end of a pipe that is its stream of that number.
    private static func end(_ pipe: Pipe, _ number: Int) -> FileHandle {
        number == 0 ? pipe.fileHandleForReading : pipe.fileHandleForWriting
    }

    /// Waits for its end.
    package func waitUntilExit() { _ = wait(0) }

    package var isRunning: Bool { processIdentifier > 0 && wait(WNOHANG) == nil }

    /// Its status where it ended by itself, else the signal that ended it.
    package var terminationStatus: Int32 {
        let status = wait(0) ?? 0
        return status & 0x7F == 0 ? status >> 8 & 0xFF : status & 0x7F
    }

    package var terminationReason: Process.TerminationReason {
        (wait(0) ?? 0) & 0x7F == 0 ? .exit : .uncaughtSignal
    }

    private func wait(_ options: Int32) -> Int32? {
        if let waited { return waited }
        guard processIdentifier > 0 else { return nil }
        var status: Int32 = 0
        while true {
            let found = unsafe waitpid(processIdentifier, &status, options)
            if found == processIdentifier { break }
            guard found < 0 else { return nil }
            if errno != EINTR { break }
        }
        waited = status
        return status
    }
}
