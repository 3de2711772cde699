// Conformance tests: what the transcripts show of each method of the schema.
internal import MuseJSON
internal import Testing
internal import Transcripts

struct CoverageTests {
    /// The methods of the schema that answer.
    static let methods: [String] = {
        let all = (try? Corpus.schema.get().root["methods"]?.array) ?? []
        return all.filter { $0["result"] != nil }.compactMap { $0["name"]?.string }
            + ["rpc.discover"]
    }()

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
        let possible = Set(names.map(String.init))
        // An expired token takes a server of its own: ExampleTests try it on every method, a new
        // one too; rule-expired has it for the clients.
        #expect(possible.subtracting(shown.errors).subtracting(["token_expired"]).isEmpty)
        // Beside what any method can answer, and what depends on flags and proxies.
        let common = try Corpus.schema.get().root["x-common-errors"]?.array ?? []
        let others = shown.errors.subtracting(possible)
            .subtracting(common.compactMap(\.string))
            .subtracting(["unauthenticated", "permission_denied"])
        #expect(method == "rpc.discover" || others.isEmpty)
    }

    @Test func `there are methods`() {
        #expect(Self.methods.count > 40)
    }
}
