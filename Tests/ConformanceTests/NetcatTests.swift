// Conformance tests: the conversations of clients/netcat/README.md are real, and its shell
// functions work.
internal import Foundation
internal import MuseJSON
internal import Spawning
internal import Testing
internal import Transcripts

/// A fenced block of a page.
struct Block: Sendable {
    let line: Int
    let language: String
    let lines: [String]

    static func all(of path: String) throws -> [Block] {
        let text = try String(contentsOf: Corpus.root.appending(path: path), encoding: .utf8)
        var blocks: [Block] = []
        var open: (line: Int, language: String, lines: [String])?
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            guard line.hasPrefix("```") else {
                open?.lines.append(String(line))
                continue
            }
            if let done = open {
                blocks.append(Block(line: done.line, language: done.language, lines: done.lines))
                open = nil
            } else {
                open = (index + 1, String(line.dropFirst(3)), [])
            }
        }
        return blocks
    }
}

struct NetcatTests {
    private static let folder = "clients/netcat"

    @Test func `every conversation of the page can be had with a server`() throws {
        let server = try Program.server(flags: [], alone: true)
        let shape = Shape()
        var count = 0
        for block in try Block.all(of: Self.folder + "/README.md") where block.language == "rpc" {
            let wire = try Wire(server.place("tcp"))
            for (index, line) in block.lines.enumerated() {
                do {
                    try Self.take(line, wire, shape)
                } catch {
                    throw Differs("line \(block.line + index + 1): \(error)")
                }
                count += 1
            }
            try wire.halfClose()
            #expect(try wire.line() == nil, "the conversation in line \(block.line) goes on")
        }
        #expect(count > 20)
    }

    /// `> ` is sent, with what is bound in it replaced; `< ` is what comes, but for ids, times,
    /// tokens.
    private static func take(_ line: String, _ wire: Wire, _ shape: Shape) throws {
        let text = String(line.dropFirst(2))
        if line.hasPrefix("> ") {
            let sent = (try? JSONValue(text)).map { shape.filled($0).text() } ?? text
            try wire.send(Array((sent + "\n").utf8))
        } else if line.hasPrefix("< ") {
            guard let answer = try wire.line() else { throw Differs("closed") }
            try shape.compare(JSONValue(text), JSONValue(answer.span))
        } else if !line.isEmpty {
            throw Differs("neither > nor <: \(line)")
        }
    }

    @Test(arguments: ["tcp", "tls", "unix"])
    func `the shell functions register, write and read, and tell a refusal`(over: String) throws {
        let server = try Program.server(flags: [], alone: false)
        let url =
            switch over {
            case "tcp": "tcp://127.0.0.1:\(server.tcp)"
            case "tls": "tls://localhost:\(server.tls)"
            default: "unix:" + server.data + "/admin.sock"
            }
        let mark = Program.mark()
        let script = """
            . ./muse.sh
            muse_open || exit 9
            muse_call auth.register '{"username":"sh_\(mark)","password":"correct horse battery 7","attach":true}' >/dev/null || exit 10
            post=$(muse_call posts.create '{"body":"From a shell."}' | muse_member id)
            muse_call posts.get "{\\"id\\":\\"$post\\"}" | muse_member body
            muse_call posts.get '["nothing"]' >/dev/null
            test $? = 1 || exit 11
            muse_close
            muse_call server.ping
            MUSE_URL=tcp://127.0.0.1:1 muse_call server.ping 2>/dev/null
            test $? = 3 || exit 12
            """
        let (status, output) = try Self.shell(script, ["MUSE_URL": url, "MUSE_CA": server.roots])
        #expect(status == 0)
        #expect(output == "From a shell.\n\"pong\"\n")
    }

    private static func shell(
        _ script: String, _ more: [String: String]
    ) throws -> (Int32, String) {
        let process = ChildProcess()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", script]
        process.currentDirectoryURL = Corpus.root.appending(path: folder)
        process.environment = ProcessInfo.processInfo.environment.merging(more) { $1 }
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }
}
