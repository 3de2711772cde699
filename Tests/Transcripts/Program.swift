// Transcripts: the real program, started on throw-away folders. One server for each set of
// flags, which all transcripts with these flags share; a new one for those that have to be alone. A
// shell holds each by a pipe, so that none outlives the tests, however they end.
internal import Foundation
internal import MuseBase
internal import MuseJSON
internal import Spawning

/// A server that was started here.
package struct Server: Sendable {
    package let tcp: UInt16
    package let tls: UInt16
    package let roots: String
    package let data: String
    /// An empty folder for whatever a transcript lets the server write.
    package let folder: String

    package func place(_ transport: String) -> Place {
        switch transport {
        case "tcp": .tcp(port: tcp)
        case "tls": .tls(port: tls, roots: roots)
        default: .unix(path: data + "/admin.sock")
        }
    }
}

package enum Program {
    /// What every server of a replay is started with; a head's own flags follow.
    static let flags = [
        "--argon2-memory-kib=64", "--argon2-passes=1", "--login-failures-address-max=1000000",
    ]

    private struct State {
        var shared: [[String]: Server] = [:]
        var children: [ChildProcess] = []
        var pipes: [Pipe] = []
        var folder: URL?
        var program: URL?
    }

    private static let state = Lock(State())

    /// A server with these flags: a new one if it is to be alone, else one for all who ask.
    package static func server(flags: [String], alone: Bool) throws -> Server {
        try state.withLock { (state) throws -> Server in
            if !alone, let server = state.shared[flags] { return server }
            let server = try start(flags, &state)
            if !alone { state.shared[flags] = server }
            return server
        }
    }

    /// Six letters and digits that no other run of these tests has.
    package static func mark() -> String {
        let all = Array("0123456789abcdefghijklmnopqrstuvwxyz")
        return String((0..<6).map { _ in all.randomElement() ?? "0" })
    }

    // MARK: Starting

    /// The program to start; without one, the product beside the test bundle.
    package static func use(_ path: String) {
        state.withLock { $0.program = URL(filePath: path) }
    }

    private static var executable: URL {
        let bundle = URL(filePath: CommandLine.arguments.first ?? "").deletingLastPathComponent()
        let beside = bundle.appending(path: "mentalmuse")
        if FileManager.default.isExecutableFile(atPath: beside.path) { return beside }
        return Bundle.main.bundleURL.deletingLastPathComponent().appending(path: "mentalmuse")
    }

    private static func start(_ flags: [String], _ state: inout State) throws -> Server {
        let folder = try state.folder ?? makeFolder()
        state.folder = folder
        let data = folder.appending(path: "d\(state.children.count)").path
        let more = data + "-more"
        try FileManager.default.createDirectory(atPath: more, withIntermediateDirectories: false)
        let roots = folder.appending(path: "cert.pem").path
        let process = ChildProcess()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments =
            ["-c", "\"$@\" & pid=$!; cat >/dev/null; kill -9 $pid", "sh"]
            + [(state.program ?? executable).path, "serve"]
            + ["--data", data, "--host", "127.0.0.1", "--port", "0", "--tls-port", "0"]
            + ["--tls-certificate", roots, "--tls-key", folder.appending(path: "key.pem").path]
            + Self.flags + flags
        let held = Pipe()
        let log = Pipe()
        process.standardInput = held
        process.standardError = log
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        state.children.append(process)
        state.pipes += [held, log]
        let ports = try listening(log.fileHandleForReading)
        return Server(tcp: ports.tcp, tls: ports.tls, roots: roots, data: data, folder: more)
    }

    /// Reads the log until both ports are told; a handler then keeps its pipe empty.
    private static func listening(_ log: FileHandle) throws -> (tcp: UInt16, tls: UInt16) {
        var ports: [String: UInt16] = [:]
        var pending = Data()
        var said = ""
        while ports["tcp"] == nil || ports["tls"] == nil {
            let more = log.availableData
            guard !more.isEmpty else { throw Differs("the server did not start: \(said)") }
            pending += more
            while let end = pending.firstIndex(of: 10) {
                let line = String(decoding: pending[..<end], as: UTF8.self)
                pending.removeSubrange(...end)
                said += line + "\n"
                guard let event = try? JSONValue(line), event["event"]?.string == "listening",
                    let transport = event["transport"]?.string, let port = event["port"]?.int
                else { continue }
                ports[transport] = UInt16(clamping: port)
            }
        }
        log.readabilityHandler = { _ = $0.availableData }
        return (ports["tcp"] ?? 0, ports["tls"] ?? 0)
    }

    private static func makeFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "muse-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        try SelfSigned.make(
            certificate: folder.appending(path: "cert.pem").path,
            key: folder.appending(path: "key.pem").path, names: "DNS:localhost,IP:127.0.0.1")
        atexit { Program.end() }
        return folder
    }

    private static func end() {
        state.withLock { state in
            for pipe in state.pipes { try? pipe.fileHandleForWriting.close() }
            for child in state.children { child.waitUntilExit() }
            if let folder = state.folder { try? FileManager.default.removeItem(at: folder) }
        }
    }
}
