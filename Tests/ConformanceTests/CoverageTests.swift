// Conformance tests: what the transcripts show of each method. A method that is added to the schema
// has to be added here, with its transcript.
internal import MuseJSON
internal import Testing

struct CoverageTests {
    /// The methods, each by its name, as clients write it.
    static let methods = [
        "auth.register", "auth.login", "auth.refresh", "auth.logout", "auth.attach",
        "auth.detach", "auth.whoami", "auth.change_password", "auth.sessions",
        "auth.end_session", "auth.jwks", "users.get", "users.list", "users.update",
        "users.delete", "users.set_role", "users.ban", "users.unban", "posts.create",
        "posts.get", "posts.list", "posts.update", "posts.delete", "posts.like",
        "posts.unlike", "posts.likers", "comments.create", "comments.get", "comments.list",
        "comments.update", "comments.delete", "server.ping", "server.info", "server.health",
        "server.metrics", "admin.create_user", "admin.set_password", "admin.keys",
        "admin.rotate_keys", "admin.retire_key", "admin.backup", "admin.connections",
        "admin.disconnect", "admin.set_log", "rpc.discover",
    ]

    /// What all transcripts together show of one method.
    private struct Shown {
        var byName = 0
        var byPosition = 0
        var errors: Set<String> = []
    }

    private static let shown: Result<[String: Shown], any Error> = Result {
        var all: [String: Shown] = [:]
        for transcript in Corpus.transcripts {
            for step in try transcript.read().steps {
                guard let method = step.value["call"]?.string else { continue }
                if let error = step.value["error"]?.string {
                    all[method, default: Shown()].errors.insert(error)
                } else if step.value["params"]?.array != nil {
                    all[method, default: Shown()].byPosition += 1
                } else {
                    all[method, default: Shown()].byName += 1
                }
            }
        }
        return all
    }

    @Test(arguments: methods)
    func `transcripts show a method by name, by position, and each of its refusals`(
        method: String
    ) throws {
        #expect(
            Corpus.transcripts.contains { $0.name == method }, "it has no transcript of its own")
        let shown = try #require(Self.shown.get()[method])
        #expect(shown.byName > 0)
        #expect(shown.byPosition > 0)
        let schema = try Corpus.schema.get().root["methods"]?.array ?? []
        let stated = schema.first { $0["name"]?.string == method }?["errors"]?.array ?? []
        let names = stated.compactMap { $0["$ref"]?.string?.split(separator: "/").last }
        // An expired token takes a clock.
        let missing = Set(names.map(String.init)).subtracting(shown.errors)
            .subtracting(["token_expired"])
        #expect(missing.isEmpty)
    }

    @Test func `no method is missing here`() throws {
        let schema = try Corpus.schema.get().root["methods"]?.array ?? []
        let named = schema.filter { $0["result"] != nil }.compactMap { $0["name"]?.string }
        #expect(Set(named + ["rpc.discover"]) == Set(Self.methods))
    }
}
