// Twin of UserCommands.swift, KeysCommands.swift, RestoreCommand.swift and their like: the
// operator's work, with a server and without one.
internal import Foundation
internal import Testing

@Suite struct OperatorTests {
    let sandbox: Sandbox
    private static let cheap = ["MUSE_ARGON2_MEMORY_KIB": "8", "MUSE_ARGON2_PASSES": "1"]

    init() throws {
        sandbox = try Sandbox()
    }

    private func operate(_ words: String..., input: String = "") throws -> Run {
        try sandbox.run(words: words, input: input, environment: Self.cheap)
    }

    @Test func `the first admin is made before the first start, and can log in after it`() throws {
        let made = try operate(
            "user", "create", "ada", "--role", "admin", input: "correct horse 7\n")
        #expect(made.status == 0, "\(made.errors)")
        #expect(made.output.contains(#""role":"admin""#))
        let server = try RunningProgram(sandbox, "--port", "0")
        let login = try server.call(
            "auth.login", "username=ada", "password=-", input: "correct horse 7\n")
        #expect(login.status == 0)
        #expect(try server.call("server.metrics").status == 0)
    }

    @Test func `a user is made through a running server, in effect at once`() throws {
        let server = try RunningProgram(sandbox, "--port", "0")
        #expect(try operate("user", "create", "bob", input: "correct horse 7\n").status == 0)
        #expect(try server.call("users.get", "username=bob").status == 0)
        let again = try operate("user", "create", "bob", input: "correct horse 7\n")
        #expect(again.status == 1)
        #expect(again.errors.contains("already_exists"))
    }

    @Test func `a new password ends the sessions`() throws {
        let server = try RunningProgram(sandbox, "--port", "0")
        _ = try server.call("auth.register", "username=ada", "password=correct horse 7")
        #expect(try server.call("auth.whoami").status == 0)
        #expect(try operate("user", "set-password", "ada", input: "another horse 8\n").status == 0)
        #expect(try server.call("auth.whoami").errors.contains("token_revoked"))
        #expect(
            try server.call("auth.login", "username=ada", "password=another horse 8").status == 0)
    }

    @Test func `keys are listed, rotated and retired, with and without a server`() throws {
        #expect(try operate("user", "create", "ada", input: "correct horse 7\n").status == 0)
        let first = try operate("keys", "list").output
        #expect(first.ranges(of: #""state":"signing""#).count == 1)
        #expect(try operate("keys", "rotate").output.contains(#""state":"published""#))
        let server = try RunningProgram(sandbox, "--port", "0")
        let keys = try operate("keys", "list").output
        let signing = try #require(
            keys.firstMatch(of: /"kid":"([^"]+)","state":"signing"/).map { String($0.1) })
        #expect(try operate("keys", "retire", signing, "--now").status == 0)
        #expect(try !server.call("auth.jwks").output.contains(signing))
        #expect(try operate("keys", "retire", signing).errors.contains("not_found"))
    }

    @Test
    func `a backup of a running server is restored into an empty folder without its sessions`()
        throws
    {
        // An address whose ports the other tests leave alone: it is to be had again.
        let host = ["--host", "127.0.0.2"]
        let server = try RunningProgram(sandbox, host[0], host[1], "--port", "0")
        _ = try server.call("auth.register", "username=ada", "password=correct horse 7")
        #expect(try operate("backup", "copy").status == 0)
        #expect(try sandbox.mode("copy") == 0o700)
        #expect(try sandbox.mode("copy/mentalmuse.db") == 0o600)
        #expect(try operate("backup", "copy").errors.contains("already_exists"))
        #expect(try operate("restore", "copy").errors.contains("Directory not empty"))
        #expect(try operate("restore", "nothing", "--data", "new").status == 1)
        #expect(!sandbox.exists("new"))
        #expect(try operate("restore", "copy", "--data", "new").status == 0)
        #expect(!sandbox.exists("copy/mentalmuse.db-wal"))
        #expect(try operate("restore", "copy", "--data", "kept", "--keep-sessions").status == 0)
        let port = try #require(try server.event("listening")["port"] as? Int)
        #expect(server.stop() == 0)
        // The same address, so that the stored session is offered.
        let ended = try RunningProgram(
            sandbox, host[0], host[1], "--port", "\(port)", "--data", "kept")
        #expect(try ended.call("auth.whoami").status == 0)
        #expect(ended.stop() == 0)
        let fresh = try RunningProgram(
            sandbox, host[0], host[1], "--port", "\(port)", "--data", "new")
        #expect(try fresh.call("auth.whoami").errors.contains("token_revoked"))
        #expect(
            try fresh.call("auth.login", "username=ada", "password=correct horse 7").status == 0)
    }

    @Test func `what needs the data folder alone is refused while a server has it`() throws {
        let server = try RunningProgram(sandbox, "--port", "0")
        for words in [["migrate", "status"], ["migrate", "run"], ["verify"]] {
            let run = try sandbox.run(words: words, input: "", environment: [:])
            #expect(run.status == 1)
            #expect(run.errors.contains("another process has this data folder"))
        }
        #expect(server.stop() == 0)
        #expect(try operate("migrate", "status").output.hasPrefix("1  first  applied "))
        #expect(try operate("migrate", "plan").output == "-- nothing to do\n")
        #expect(try operate("verify").status == 0)
    }
}
