// Twin of CallCommand.swift, ServerCaller.swift and ShellCommand.swift: calls of a real server, and
// of one that says what the test wants.
internal import Foundation
internal import MuseBase
internal import Spawning
internal import Testing

@Suite struct CallTests {
    let sandbox: Sandbox

    init() throws {
        sandbox = try Sandbox()
    }

    @Test func `a session is kept for its owner alone, and used until the log-out`() throws {
        let server = try RunningProgram(sandbox, "--port", "0")
        let registered = try server.call(
            "auth.register", "username=ada", "password=-", input: "correct horse 7\n")
        #expect(registered.status == 0)
        #expect(try sandbox.mode(".local/state/mentalmuse/session.json") == 0o600)
        #expect(try server.call("auth.whoami").output.contains(#""username":"ada""#))
        #expect(try server.call("auth.logout").output == "{}\n")
        let refused = try server.call("auth.whoami")
        #expect(refused.status == 1)
        #expect(refused.output == "")
        #expect(refused.errors.contains(#""name":"unauthenticated""#))
    }

    @Test func `a refusal is status 1 with its error object`() throws {
        let server = try RunningProgram(sandbox, "--port", "0")
        let run = try server.call("users.get", "username=nobody")
        #expect(run.status == 1)
        #expect(run.errors.hasPrefix(#"{"code":1201,"#))
    }

    @Test func `params are words typed by the schema, raw JSON, or a whole`() throws {
        let fake = try FakeServer { request in
            [#"{"jsonrpc":"2.0","id":\#(request.id),"result":\#(request.params)}"#]
        }
        func sent(_ words: String..., input: String = "") throws -> String {
            try sandbox.run(
                words: ["call", "--anonymous"] + words, input: input,
                environment: ["MUSE_URL": fake.url]
            ).output
        }
        #expect(
            try sent("posts.list", "limit=5", "order=oldest") == #"{"limit":5,"order":"oldest"}"#
                + "\n")
        #expect(try sent("users.get", "username=5") == #"{"username":"5"}"# + "\n")
        #expect(
            try sent("auth.login", "username=a", "password=-", "attach=true", input: "x=y\n")
                == #"{"username":"a","password":"x=y","attach":true}"# + "\n")
        #expect(try sent("posts.get", "id:=null") == #"{"id":null}"# + "\n")
        #expect(try sent("posts.get", #"["x"]"#) == #"["x"]"# + "\n")
        #expect(try sent("posts.get", "-", input: #"{"id": "x"}"#) == #"{"id":"x"}"# + "\n")
        let deadline = try sent("posts.get", "id=x", "--deadline-ms", "5")
        #expect(deadline == #"{"id":"x","_meta":{"deadline_ms":5}}"# + "\n")
    }

    @Test func `a write whose answer is lost is repeated with the same key`() throws {
        let keys = Lock<[String]>([])
        let fake = try FakeServer { request in
            let key = request.params.firstMatch(of: /"idempotency_key":"([0-9a-f]{32})"/)?.1
            let count = keys.withLock {
                $0.append(String(key ?? "none"))
                return $0.count
            }
            guard count > 1 else { return nil }
            return [#"{"jsonrpc":"2.0","id":\#(request.id),"result":{}}"#]
        }
        let run = try sandbox.run("call", "posts.create", "body=x", "--url", fake.url)
        #expect(run.status == 0)
        let seen = keys.withLock { $0 }
        #expect(seen.count == 2)
        #expect(seen.first != "none" && seen.first == seen.last)
    }

    @Test func `an expired token is refreshed once, with a key, and the call is made again`() throws
    {
        let log = Lock<[String]>([])
        let fake = try FakeServer { request in
            log.withLock { $0.append(request.method) }
            let head = #"{"jsonrpc":"2.0","id":\#(request.id),"#
            switch request.method {
            case "auth.login": return [head + Self.grant(1)]
            case "auth.refresh":
                #expect(request.params.contains(#""refresh_token":"refresh1""#))
                #expect(request.params.contains(#""idempotency_key":""#))
                return [head + Self.grant(2)]
            default:
                return request.params.contains(#""access_token":"access2""#)
                    ? [head + #""result":"done"}"#]
                    : [head + #""error":{"code":1002,"message":"expired"}}"#]
            }
        }
        let variables = ["MUSE_URL": fake.url]
        _ = try sandbox.run(
            "call", "auth.login", "username=a", "password=b", environment: variables)
        let runs = try (0..<2).map { _ in
            try sandbox.run("call", "auth.whoami", environment: variables)
        }
        #expect(runs.allSatisfy { $0.output == "\"done\"\n" })
        #expect(
            log.withLock { $0 } == [
                "auth.login", "auth.whoami", "auth.refresh", "auth.whoami", "auth.whoami",
            ])
    }

    @Test func `two at once refresh the session once`() throws {
        let refreshes = Lock(0)
        let fake = try FakeServer { request in
            let head = #"{"jsonrpc":"2.0","id":\#(request.id),"#
            switch request.method {
            case "auth.login": return [head + Self.grant(1)]
            case "auth.refresh":
                refreshes.withLock { $0 += 1 }
                return [head + Self.grant(2)]
            default:
                return request.params.contains(#""access_token":"access2""#)
                    ? [head + #""result":"done"}"#]
                    : [head + #""error":{"code":1002,"message":"expired"}}"#]
            }
        }
        let variables = ["MUSE_URL": fake.url]
        _ = try sandbox.run(
            "call", "auth.login", "username=a", "password=b", environment: variables)
        let processes = (0..<4).map { _ in sandbox.process(["call", "auth.whoami"], variables) }
        for process in processes {
            process.standardOutput = FileHandle.nullDevice
            try process.run()
        }
        for process in processes {
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
        #expect(refreshes.withLock { $0 } == 1)
    }

    @Test func `a session that the server has ended is forgotten`() throws {
        let fake = try FakeServer { request in
            let head = #"{"jsonrpc":"2.0","id":\#(request.id),"#
            if request.method == "auth.login" { return [head + Self.grant(1)] }
            return request.params.contains("access_token")
                ? [head + #""error":{"code":1004,"message":"ended"}}"#]
                : [head + #""result":"nobody"}"#]
        }
        let variables = ["MUSE_URL": fake.url]
        _ = try sandbox.run(
            "call", "auth.login", "username=a", "password=b", environment: variables)
        #expect(try sandbox.run("call", "posts.list", environment: variables).status == 1)
        #expect(
            try sandbox.run("call", "posts.list", environment: variables).output == "\"nobody\"\n")
    }

    @Test func `the shell runs lines over one connection and shows what comes unasked`() throws {
        let fake = try FakeServer { request in
            [
                #"{"jsonrpc":"2.0","method":"server.draining","params":{}}"#,
                #"{"jsonrpc":"2.0","id":\#(request.id),"result":\#(request.id)}"#,
            ]
        }
        let run = try sandbox.run(
            "shell",
            input: "server.ping\n\n# a comment\nposts.get id='a b'\nposts.gt\nexit\nserver.ping\n",
            environment: ["MUSE_URL": fake.url])
        #expect(run.status == 1)
        #expect(run.errors.hasPrefix("unknown method 'posts.gt'; did you mean 'posts.get'?"))
        let lines = run.output.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines.last == "2")
        #expect(lines.first?.contains("server.draining") == true)
    }

    private static func grant(_ number: Int) -> String {
        #""result":{"user":{"username":"a"},"session_id":"s","access_token":"access\#(number)","#
            + #""refresh_token":"refresh\#(number)"}}"#
    }
}
