// Twin of BenchCommand.swift: a small run against its own server and against one that runs, and
// what is left of it.
internal import Foundation
internal import Spawning
internal import Testing

@Suite struct BenchTests {
    let sandbox: Sandbox
    /// Not pinned: other tests are on the same cores.
    private let quick = [
        "--seconds", "0.2", "--rounds", "1", "--connections", "2", "--depth", "2", "--pin", "off",
    ]

    init() throws {
        sandbox = try Sandbox()
    }

    private func json(_ name: String) throws -> [String: Any] {
        let data = try Data(contentsOf: sandbox.folder.appending(path: name))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private func points(_ name: String) throws -> [[String: Any]] {
        try #require(try json(name)["points"] as? [[String: Any]])
    }

    /// A point's answers a second; nil for log-ins, which may take longer than they are measured.
    private func rate(_ point: [String: Any]) throws -> Double? {
        guard point["operation"] as? String != "login" else { return nil }
        let rate = try #require(point["per_second"] as? [String: Any])
        return try #require(rate["median"] as? Double)
    }

    /// In a folder for temporary files that is the sandbox's own.
    private var variables: [String: String] { ["TMPDIR": sandbox.folder.path] }

    @Test("Its own server is filled, measured, and gone when it ends")
    func own() throws {
        let words =
            ["bench", "--posts", "2", "--load", "0.5"] + quick
            + ["--json", "out.json", "--svg", "out.svg"]
        var run = try sandbox.run(words: words, input: "", environment: variables)
        #expect(run.status == 0, "\(run.errors)")
        var points = try points("out.json")
        if try points.contains(where: { try rate($0) == 0 }) {
            // On a busy machine nothing may come of so short a time.
            run = try sandbox.run(
                words: words + ["--seconds", "3"], input: "", environment: variables)
            #expect(run.status == 0, "\(run.errors)")
            points = try self.points("out.json")
        }
        let names = points.map { "\($0["operation"] ?? "") \($0["loop"] ?? "")" }
        let operations = ["ping", "page", "get", "create", "login"]
        #expect(names == operations.map { $0 + " closed" } + operations.map { $0 + " open" })
        for point in points {
            #expect((point["cpu_us"] as? [String: Any]) != nil)
            #expect(try rate(point) != 0)
        }
        for operation in operations { #expect(run.output.contains("\n" + operation)) }
        let drawing = try String(
            contentsOf: sandbox.folder.appending(path: "out.svg"), encoding: .utf8)
        #expect(drawing.hasPrefix("<svg ") && drawing.hasSuffix("</svg>\n"))
        #expect(try sandbox.contents() == ["out.json", "out.svg"])
    }

    @Test("A server that runs is measured as somebody who registers, and not filled unasked")
    func other() throws {
        let server = try RunningProgram(sandbox, "--data", "data", "--port", "0")
        let words = ["bench", "--url", try server.url] + quick
        let none = try sandbox.run(
            words: words + ["--operations", "ping,page"], input: "", environment: variables)
        #expect(none.status == 1)
        #expect(none.errors.contains("there are no posts for page: give --posts"))
        let run = try sandbox.run(
            words: words + ["--operations", "page,page-token", "--posts", "1"], input: "",
            environment: variables)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.contains("\npage-token"))
        let again = try sandbox.run(
            words: words + ["--operations", "get"], input: "", environment: variables)
        #expect(again.status == 0, "\(again.errors)")
    }

    @Test("An account that is given logs in with the password from standard input")
    func account() throws {
        let server = try RunningProgram(sandbox, "--data", "data", "--port", "0")
        let registered = try server.call(
            "auth.register", "username=bea", "password=-", input: "seven wizards mix quartz\n")
        #expect(registered.status == 0)
        let words =
            ["bench", "--url", try server.url, "--username", "bea", "--operations", "login"] + quick
        for (password, status) in [("seven wizards mix quartz", 0), ("seven wizards", 1)] {
            let run = try sandbox.run(words: words, input: password + "\n", environment: variables)
            #expect(Int(run.status) == status, "\(run.errors)")
        }
    }

    @Test("Nobody at the address is status 3")
    func nobody() throws {
        let run = try sandbox.run("bench", "--url", "tcp://127.0.0.1:1", environment: variables)
        #expect(run.status == 3)
        #expect(run.errors.contains("no connection to 127.0.0.1 port 1"))
    }

    @Test("Errors make a run worth nothing: they are counted, and the status is 1")
    func refusals() throws {
        let server = try RunningProgram(
            sandbox, "--data", "data", "--port", "0", "--writes-per-minute-max", "1")
        let run = try sandbox.run(
            words: ["bench", "--url", try server.url, "--operations", "create"] + quick, input: "",
            environment: variables)
        #expect(run.status == 1)
        #expect(run.errors.contains("errors 1501") || run.errors.contains("is refused"))
    }

    @Test("SIGINT ends it with its server, and nothing is left", arguments: [SIGINT, SIGTERM])
    func interrupted(_ signal: Int32) throws {
        let process = sandbox.process(
            ["bench", "--seconds", "60", "--posts", "1", "--operations", "ping"], variables)
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        var said = ""
        while !said.contains("round 1") {
            let more = errors.fileHandleForReading.availableData
            try #require(!more.isEmpty, "\(said)")
            said += String(decoding: more, as: UTF8.self)
        }
        #expect(try sandbox.contents().contains { $0.hasSuffix("/data/lock") })
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(process.terminationStatus == 130)
        let rest = errors.fileHandleForReading.readDataToEndOfFile()
        #expect(String(decoding: rest, as: UTF8.self).isEmpty)
        #expect(try sandbox.contents().isEmpty)
    }

    @Test("A comparison puts its table between the page's marks, and its drawing beside the page")
    func comparison() throws {
        let page = "Before.\n<!-- measured: begin -->\nOld.\n<!-- measured: end -->\nAfter.\n"
        try sandbox.write(page, to: "page.md")
        let run = try sandbox.run(
            words: [
                "bench", "--compare", "--seconds", "0.05", "--rounds", "1", "--posts", "2",
                "--pin", "off", "--json", "out.json", "--into", "page.md",
            ], input: "", environment: variables)
        #expect(run.status == 0, "\(run.errors)")
        let file = sandbox.folder.appending(path: "page.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text.hasPrefix("Before.\n<!-- measured: begin -->\n") && !text.contains("Old."))
        #expect(text.hasSuffix("\n<!-- measured: end -->\nAfter.\n"))
        #expect(text.contains("](page.svg)"))
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| p") || $0.hasPrefix("| w") }
        #expect(rows.count == 40)
        #expect(rows.count { $0.contains("| REST, 304 |") } == 4)
        #expect(try (json("out.json")["points"] as? [Any])?.count == 40)
        #expect(try sandbox.contents() == ["out.json", "page.md", "page.svg"])
    }
}
