// The program's tests: running it as a process, in a folder of its own, without our environment.
internal import Foundation
internal import Spawning

/// What a run of the program left.
struct Run {
    let status: Int32
    let output: String
    let errors: String
}

/// A folder of a test, and the program run in it.
final class Sandbox {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(
            path: "mentalmuse-test-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// Writes a file into the folder.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let file = folder.appending(path: name)
        try Data(text.utf8).write(to: file)
        return file.path
    }

    func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: name).path)
    }

    func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(
            atPath: folder.appending(path: name).path)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
    }

    /// Makes a folder.
    func makeFolder(_ name: String, mode: Int) throws {
        try FileManager.default.createDirectory(
            at: folder.appending(path: name), withIntermediateDirectories: false,
            attributes: [.posixPermissions: mode])
    }

    /// The names of all that is in the folder, and below it.
    func contents() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
    }

    /// A process of the program that has not been started.
    func process(_ words: [String], _ environment: [String: String] = [:]) -> ChildProcess {
        let process = ChildProcess()
        process.executableURL = Self.program
        process.arguments = words
        process.currentDirectoryURL = folder
        var variables = ["HOME": folder.path, "PATH": "/usr/bin:/bin"]
        // Where a sanitizer's reports go (Tests/Sanitizers/run).
        for name in ["ASAN_OPTIONS", "TSAN_OPTIONS"] {
            variables[name] = ProcessInfo.processInfo.environment[name]
        }
        variables.merge(environment) { $1 }
        process.environment = variables
        return process
    }

    /// Runs the program to its end.
    func run(
        _ words: String..., input: String = "", environment: [String: String] = [:]
    ) throws -> Run {
        try run(words: words, input: input, environment: environment)
    }

    func run(words: [String], input: String, environment: [String: String]) throws -> Run {
        let process = process(words, environment)
        // Files and not pipes: a pipe that fills up would stop the program.
        let name = UUID().uuidString
        let paths = ["in", "out", "err"].map { folder.appending(path: ".\(name).\($0)") }
        for path in paths { try Data().write(to: path) }
        try Data(input.utf8).write(to: paths[0])
        let handles = (
            try FileHandle(forReadingFrom: paths[0]), try FileHandle(forWritingTo: paths[1]),
            try FileHandle(forWritingTo: paths[2])
        )
        (process.standardInput, process.standardOutput, process.standardError) = handles
        try process.run()
        process.waitUntilExit()
        let output = try String(contentsOf: paths[1], encoding: .utf8)
        let errors = try String(contentsOf: paths[2], encoding: .utf8)
        for path in paths { try? FileManager.default.removeItem(at: path) }
        return Run(status: process.terminationStatus, output: output, errors: errors)
    }

    /// Beside the tests, where the build puts it.
    static let program =
        Bundle.allBundles.map(\.bundleURL)
        .first { $0.pathExtension == "xctest" }
        .map { $0.deletingLastPathComponent().appending(path: "mentalmuse") }
        ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "mentalmuse")
}
