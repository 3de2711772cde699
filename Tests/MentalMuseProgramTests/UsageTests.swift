// Twin of Program.swift and the options: what wrong use gets, and what help says.
internal import Foundation
internal import Spawning
internal import Testing

@Suite struct UsageTests {
    let sandbox: Sandbox

    init() throws {
        sandbox = try Sandbox()
    }

    @Test(
        "Wrong use is one line on standard error, with what may have been meant, and status 2",
        arguments: [
            (["srve"], "unknown command 'srve'; did you mean 'serve'?"),
            (["user", "creat"], "did you mean 'user create'?"),
            (["serve", "--prot", "1"], "unknown option --prot; did you mean --port?"),
            (["serve", "--port"], "--port needs a value"),
            (["serve", "--port", "65536"], "--port: '65536' is no whole number from 0 to 65535"),
            (
                ["serve", "--line-bytes-max", "1MBit"],
                "--line-bytes-max: '1MBit' is no number of bytes"
            ),
            (["serve", "--log-requests", "al"], "did you mean all?"),
            (["serve", "--plaintext=maybe"], "--plaintext: 'maybe' is neither true nor false"),
            (
                ["serve", "--trusted-proxy", "10.0.0.1/8"],
                "--trusted-proxy: '10.0.0.1/8' is no address and no range of addresses"
            ),
            (["serve", "here"], "'here' is one word too many"),
            (["call"], "METHOD is missing"),
            (["call", "posts.lst"], "unknown method 'posts.lst'; did you mean 'posts.list'?"),
            (["call", "posts.list", "limt=1"], "did you mean 'limit'?"),
            (["call", "posts.list", "limit=many"], "limit: 'many' is no integer"),
            (["call", "posts.list", "limit=1", "limit=2"], "'limit' stands twice"),
            (["call", "posts.list", "{"], "the params are no JSON object or array"),
            (["call", "server.ping", "--url", "http://here"], "'http://here' is no address"),
            (["bench", "--secnds", "1"], "unknown option --secnds; did you mean --seconds?"),
            (["bench", "--seconds", "1e3"], "--seconds: '1e3' is no number from 0.05 to 3600.0"),
            (["bench", "--operations", "pong"], "'pong' is none of"),
            (["bench", "--operations", "pong"], "did you mean ping?"),
            (["bench", "--depth", "1,0"], "--depth: '0' is no depth from 1 to 128"),
            (["bench", "--load", "0.5", "--rate", "5"], "are two ways to say one thing"),
            (["bench", "--into", "page.md"], "--into needs --compare"),
            (["bench", "--compare", "--rate", "5"], "--rate has no meaning with --compare"),
            (["bench", "--username", "ada"], "--username needs --url"),
            (["bench", "--url", "http://here"], "'http://here' is no address"),
        ] as [([String], String)])
    func wrongUse(_ words: [String], _ expected: String) throws {
        let process = sandbox.process(words)
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let said = String(
            decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 2)
        #expect(said.contains(expected), "\(said)")
        #expect(said.split(separator: "\n").count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: sandbox.folder.path).isEmpty)
    }

    @Test("Every command has a help, on standard output, with status 0")
    func help() throws {
        let all = try sandbox.run("--help")
        #expect(all.status == 0)
        let commands = all.output.split(separator: "\n").filter { $0.hasPrefix("  ") }
            .compactMap { $0.split(separator: "  ").first.map(String.init) }
        #expect(commands.contains("call"))
        for command in commands {
            let process = sandbox.process(
                command.split(separator: " ").map(String.init) + ["--help"])
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let said = String(
                decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            #expect(said.hasPrefix("Usage: mentalmuse \(command)"), "\(said)")
        }
    }

    @Test("The help of a method shows its params and the schema's examples")
    func methodHelp() throws {
        let said = try sandbox.run("call", "posts.list", "--help").output
        #expect(said.contains("limit"))
        #expect(said.contains("1 to 100, default 20"))
        #expect(said.contains("mentalmuse call posts.list"))
    }

    @Test("The schema is printed as OpenRPC 1.4.1, and the same as 1.3.2 where asked")
    func schema() throws {
        let now = try sandbox.run("schema")
        let old = try sandbox.run("schema", "--openrpc", "1.3.2")
        #expect(now.output.hasPrefix(#"{"openrpc":"1.4.1","#))
        let swapped = now.output.replacing(#"{"openrpc":"1.4.1","#, with: #"{"openrpc":"1.3.2","#)
        #expect(old.output == swapped)
    }

    @Test("No connection is status 3")
    func noConnection() throws {
        let run = try sandbox.run("call", "server.ping", "--url", "unix:/nowhere/at/all")
        #expect(run.status == 3)
        #expect(run.errors.contains("no connection to unix:/nowhere/at/all"))
    }
}
