// Twin of ServeCommand.swift: starting, refusing to start, and ending.
internal import Foundation
internal import Spawning
internal import Testing

@Suite struct ServeTests {
    let sandbox: Sandbox

    init() throws {
        sandbox = try Sandbox()
    }

    /// A refused start: one line, and the folder of the test as it was.
    private func refused(_ words: String..., says expected: String) throws {
        let before = try sandbox.contents()
        let run = try sandbox.run(words: ["serve"] + words, input: "", environment: [:])
        #expect(run.status != 0)
        #expect(run.errors.contains(expected), "\(run.errors)")
        #expect(run.errors.split(separator: "\n").count == 1)
        #expect(try sandbox.contents() == before)
    }

    @Test func `the first line of the log says where it listens`() throws {
        let server = try RunningProgram(sandbox, "--port", "0")
        let first = try #require(server.events.first)
        #expect(first["event"] as? String == "listening")
        #expect(first["transport"] as? String == "tcp")
        #expect(first["host"] as? String == "127.0.0.1")
        #expect((first["port"] as? Int ?? 0) > 0)
    }

    @Test func `the data folder and what is in it are for their owner alone`() throws {
        let server = try RunningProgram(sandbox, "--port", "0")
        #expect(try sandbox.mode("mentalmuse-data") == 0o700)
        #expect(try sandbox.mode("mentalmuse-data/keys") == 0o700)
        for name in ["mentalmuse.db", "mentalmuse.db-wal", "lock", "admin.sock"] {
            #expect(try sandbox.mode("mentalmuse-data/" + name) == 0o600, "\(name)")
        }
        #expect(server.stop() == 0)
    }

    @Test func `SIGTERM leaves with 0, and what was written is there at the next start`() throws {
        let first = try RunningProgram(sandbox, "--port", "0")
        let words = ["username=ada", "password=correct horse 7"]
        #expect(try first.call("auth.register", words[0], words[1]).status == 0)
        #expect(first.stop() == 0)
        let second = try RunningProgram(sandbox, "--port", "0")
        #expect(try second.call("users.get", "username=ada").status == 0)
    }

    @Test func `SIGHUP is passed over while it drains`() throws {
        let server = try RunningProgram(sandbox, "--port", "0")
        let port = try #require(try server.event("listening")["port"] as? Int)
        // A line begun keeps it from ending.
        let client = ChildProcess()
        let (lines, answers) = (Pipe(), Pipe())
        client.executableURL = URL(filePath: "/usr/bin/env")
        client.arguments = ["nc", "127.0.0.1", "\(port)"]
        (client.standardInput, client.standardOutput) = (lines, answers)
        try client.run()
        defer {
            kill(client.processIdentifier, SIGKILL)
            client.waitUntilExit()
        }
        let ping = #"{"jsonrpc":"2.0","id":1,"method":"server.ping"}"# + "\n"
        lines.fileHandleForWriting.write(Data((ping + ping.prefix(16)).utf8))
        #expect(!answers.fileHandleForReading.availableData.isEmpty)
        server.send(SIGTERM)
        _ = try server.event("draining")
        server.sendAndWait(SIGHUP)
        lines.fileHandleForWriting.write(Data(ping.dropFirst(16).utf8))
        _ = try server.event("stopped")
        let said = server.events.compactMap { $0["event"] as? String }
        #expect(Array(said.suffix(2)) == ["draining", "stopped"])
    }

    @Test func `what was acknowledged is there after kill -9`() throws {
        let first = try RunningProgram(sandbox, "--port", "0")
        #expect(
            try first.call("auth.register", "username=ada", "password=correct horse 7").status == 0)
        _ = first.stop(SIGKILL)
        let second = try RunningProgram(sandbox, "--port", "0")
        #expect(try second.call("users.get", "username=ada").status == 0)
        #expect(second.stop() == 0)
        #expect(try sandbox.run("verify").output.hasSuffix("no faults\n"))
    }

    @Test func `a second server on the same data folder is refused`() throws {
        let server = try RunningProgram(sandbox, "--port", "0")
        let run = try sandbox.run("serve", "--port", "0")
        #expect(run.status == 1)
        #expect(run.errors.contains("another process has this data folder"))
        #expect(try server.call("server.ping").output == "\"pong\"\n")
    }

    @Test func `a port in use is refused, and no data folder is made`() throws {
        let server = try RunningProgram(sandbox, "--port", "0", "--data", "one")
        let port = try #require(try server.event("listening")["port"] as? Int)
        let run = try sandbox.run("serve", "--port", "\(port)", "--data", "two")
        #expect(run.status == 1)
        #expect(run.errors.contains("Address already in use"))
        #expect(!sandbox.exists("two"))
    }

    @Test func `a data folder that others may enter is refused`() throws {
        try sandbox.makeFolder("open", mode: 0o755)
        try refused("--port", "0", "--data", "open", says: "others may use it (mode 0755)")
    }

    @Test func `a data folder that is none is refused`() throws {
        try sandbox.write("x", to: "file")
        try refused("--port", "0", "--data", "file", says: "file: is no folder")
        try refused("--port", "0", "--data", "no/such", says: "cannot make the data folder no/such")
    }

    @Test func `a key that cannot be used is refused, and the database stays as it is`() throws {
        #expect(try RunningProgram(sandbox, "--port", "0").stop() == 0)
        let path = try sandbox.write("no key", to: "mentalmuse-data/keys/x.pem")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        let run = try sandbox.run("serve", "--port", "0")
        #expect(run.status == 1)
        #expect(run.errors.contains("keys/x.pem: it holds no Ed25519 private key"))
        #expect(run.errors.split(separator: "\n").count == 1)
    }

    @Test(arguments: [
        ("port = x", "muse.conf:1: port: 'x' is no whole number from 0 to 65535"),
        ("# a comment\n\nprt = 1", "muse.conf:3: unknown key 'prt'; did you mean 'port'?"),
        ("port = 0\nport = 1", "muse.conf:2: port stands already in line 1"),
        ("port", "muse.conf:1: 'port' is no 'key = value'"),
        ("demo = true", "muse.conf:1: unknown key 'demo'"),
    ])
    func `a bad config file is refused with the line`(text: String, says expected: String) throws {
        try sandbox.write(text, to: "muse.conf")
        try refused("--config", "muse.conf", says: expected)
    }

    @Test func `plain TCP for everybody is refused unless asked for`() throws {
        try refused("--host", "0.0.0.0", "--port", "0", says: "'0.0.0.0' is not loopback")
        let server = try RunningProgram(sandbox, "--host", "0.0.0.0", "--port", "0", "--plaintext")
        #expect(try server.event("listening")["host"] as? String == "0.0.0.0")
    }

    @Test func `half a certificate is refused`() throws {
        try refused("--tls-key", "key.pem", says: "--tls-key needs --tls-certificate")
        try refused("--tls-port", "0", says: "--tls-port needs --tls-certificate and --tls-key")
        try refused(
            "--tls-key", "key.pem", "--tls-certificate", "chain.pem",
            says: "cannot read chain.pem: No such file or directory")
    }

    @Test func `flags go before variables, those before the config file, that before defaults`()
        throws
    {
        try sandbox.write(
            "batch_max = 7 # not 100\nnesting_max=9\nline_bytes_max = 2MiB\n", to: "muse.conf")
        let server = try RunningProgram(
            sandbox, "--port", "0", "--config", "muse.conf", "--line-bytes-max=3MiB",
            environment: ["MUSE_NESTING_MAX": "10", "MUSE_LINE_BYTES_MAX": "4MiB"])
        let info = try server.call("server.info").output
        for part in [
            #""batch_max":7,"#, #""nesting_max":10,"#, #""line_bytes_max":3145728,"#,
            #""in_flight_max":128,"#,
        ] {
            #expect(info.contains(part), "\(part)")
        }
    }

    @Test func `rate limits are off on loopback, unless they are asked for`() throws {
        let quiet = try RunningProgram(sandbox, "--port", "0", "--data", "one")
        #expect(
            try quiet.call("server.info").output.contains(#""writes_per_minute_max":0"#))
        let strict = try RunningProgram(
            sandbox, "--port", "0", "--data", "two", "--writes-per-minute-max", "5")
        #expect(
            try strict.call("server.info").output.contains(#""writes_per_minute_max":5"#))
        let open = try RunningProgram(
            sandbox, "--port", "0", "--data", "three", "--host", "0.0.0.0", "--plaintext")
        let port = try #require(try open.event("listening")["port"] as? Int)
        let info = try sandbox.run("call", "server.info", "--url", "tcp://127.0.0.1:\(port)")
        #expect(info.output.contains(#""writes_per_minute_max":600"#))
        #expect(info.output.contains(#""registrations_per_hour_max":20"#))
    }

    @Test func `a demonstration has people, 50 posts and comments, and leaves nothing`() throws {
        let server = try RunningProgram(
            sandbox, "--port", "0", "--demo", environment: ["TMPDIR": sandbox.folder.path])
        let person = try server.event("demo")
        let name = try #require(person["username"] as? String)
        let password = try #require(person["password"] as? String)
        let login = try server.call(
            "auth.login", "username=\(name)", "password=-", input: password + "\n")
        #expect(login.status == 0)
        let posts = try server.call("posts.list", "limit=100").output
        #expect(posts.ranges(of: "\"comment_count\":").count == 50)
        #expect(posts.contains("\"comment_count\":3"))
        #expect(server.stop() == 0)
        #expect(try sandbox.contents().allSatisfy { !$0.contains("mentalmuse-demo") })
    }
}
