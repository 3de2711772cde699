// Tests of the repository: the operator's page and the program name the same signals, events,
// metrics, parts of the health and flags.
internal import Foundation
internal import MuseJSON
internal import Testing

struct OperatingTests {
    private struct Missing: Error { let type: String }

    private static let path = "Sources/mentalmuse/OPERATING.md"

    /// What the page shows in backquotes, word by word.
    private static func shown() throws -> Set<String> {
        shown(in: try #require(Repository.file(path)).text)
    }

    private static func shown(in text: String) -> Set<String> {
        Set(text.matches(of: /`([^`\n]+)`/).map { String($0.output.1) })
    }

    /// The words in the first column of the tables under a heading.
    private static func rows(_ heading: String) throws -> Set<String> {
        let lines = try #require(Repository.file(path)).lines
        let start = try #require(lines.firstIndex(of: "## \(heading)"))
        let section = lines[(start + 1)...].prefix { !$0.hasPrefix("## ") }
        return Set(
            section.filter { $0.hasPrefix("| `") }.flatMap { line in
                shown(in: String(line.split(separator: "|").first ?? ""))
            })
    }

    private static func names(_ pattern: Regex<(Substring, Substring)>, in files: [String])
        -> Set<String>
    {
        Set(
            Repository.swift.filter { file in files.contains { file.path.hasPrefix($0) } }
                .flatMap { $0.text.matches(of: pattern).map { String($0.output.1) } })
    }

    private static func members(_ type: String) throws -> Set<String> {
        let schema = try JSONValue(try #require(Repository.file("Protocol/openrpc.json")).text)
        guard case .object(let members)? = schema["components"]?["schemas"]?[type]?["properties"]
        else { throw Missing(type: type) }
        return Set(members.map { $0.name })
    }

    @Test func `every event of the log is on the operator's page, and no other`() throws {
        let events = Self.names(
            /(?:\.event|\.log|\slog)\(\s*"([a-z_]+)"/,
            in: ["mentalmuse", "MuseService", "MuseServer", "MuseHTTP"].map { "Sources/\($0)/" })
        #expect(events.count > 10 && events.contains("listening") && events.contains("incident"))
        #expect(try Self.rows("Log events") == events)
    }

    @Test func `every signal is on the operator's page`() throws {
        let signals = Self.names(
            /\b(SIG(?:TERM|INT|HUP|USR\d|QUIT))\b/, in: ["Sources/mentalmuse/Serve/"])
        #expect(signals.count == 3)
        #expect(try Self.rows("Signals").subtracting(["SIGKILL"]) == signals)
    }

    @Test func `every metric is on the operator's page, and no other`() throws {
        let metrics = try Self.members("Metrics").union(Self.members("WriterMetrics"))
        let collected = Self.names(/"(mentalmuse_[a-z_]+)"/, in: ["Sources/MuseHTTP/"])
        #expect(collected.count > 20)
        #expect(try Self.rows("Metrics") == metrics.union(collected))
        let inner = try Self.members("MethodMetrics").union(Self.members("ErrorMetrics"))
        #expect(try inner.isSubset(of: Self.shown()))
    }

    @Test func `every part of the health is on the operator's page, and no other`() throws {
        let parts = Self.names(
            /HealthPart\(\s*name: "([a-z_]+)"/, in: ["Sources/MuseService/Server/"])
        #expect(parts.count > 3)
        #expect(try Self.rows("Health") == parts)
    }

    @Test func `every flag of serve is on the operator's page, and none that is not there`() throws
    {
        let table = try #require(Repository.file("Sources/mentalmuse/Options/ServeOptions.swift"))
        let text = try #require(table.text.components(separatedBy: "enum ClientOptions").first)
        var flags: Set<String> = []
        for option in text.components(separatedBy: "Option(").dropFirst()
        where !option.contains("isHidden: true") {
            guard let name = option.firstMatch(of: /^\s*"([a-z0-9-]+)"/) else { continue }
            flags.insert("--" + name.output.1)
        }
        #expect(flags.count > 40 && flags.contains("--host"))
        let shown = try Self.shown().filter { $0.hasPrefix("--") }
        #expect(shown == flags)
        let limits = try Self.members("Limits").map { "--" + $0.replacing("_", with: "-") }
        #expect(try Self.rows("Limits").isSuperset(of: limits))
    }

    @Test func `the README leads to the operator's page`() throws {
        #expect(try #require(Repository.file("README.md")).text.contains("(\(Self.path))"))
    }
}
