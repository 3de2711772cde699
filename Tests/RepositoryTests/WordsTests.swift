// Tests of the repository: words that do not belong in it.
internal import Foundation
internal import Testing

struct WordsTests {
    /// A pattern, and why what it finds does not belong here. They are written in pieces, so that
    /// this file does not find itself.
    private static let forbidden: [(pattern: String, why: String)] = [
        ("/wo" + "rk/", "a path of one machine"),
        ("/ho" + "me/[a-z]", "a path of one machine"),
        ("/Us" + "ers/[A-Za-z]", "a path of one machine"),
        (
            "(?i)\\b(this|next|previous|last|later|our) sess"
                + "ions? (of work|will|should|must|did)",
            "the product only, not how it was made"
        ),
        ("(?i)\\bissue #?[0-9]+", "the product only, not how it was made"),
        ("(?i)\\b(in|of|by|see) (this|the) iss" + "ue\\b", "the product only, not how it was made"),
        (
            "(?i)\\b(cla" + "ude|chat" + "gpt|co" + "pilot|language mo" + "del|ll" + "m)\\b",
            "the product only, not how it was made"
        ),
        (
            "\\b(TO" + "DO|FIX" + "ME|X" + "XX|HA" + "CK)\\b",
            "finish it, or say plainly what is missing"
        ),
        (
            "(?i)registry\\.npm" + "js|py" + "pi\\.org|crates\\.i" + "o|proxy\\.golang|ghcr\\.i"
                + "o|docker\\.i" + "o",
            "a registry's host"
        ),
        ("\\btry" + "!", "use try, and say what is thrown"),
        ("\\bas" + "! ", "use as?, and say what else it may be"),
    ]

    @Test(
        arguments: Repository.files(
            under: ["Sources", "Tests", "clients", "Protocol"],
            extensions: ["swift", "c", "h", "py", "ts", "js", "mjs", "sh", "md", "json", "jsonl"])
            + [
                Repository.file("Package.swift"), Repository.file("README.md"),
                Repository.file(".ci/run"),
            ]
            .compactMap { $0 })
    func `a file speaks of the product only, and handles its errors`(file: Repository.File) throws {
        for (pattern, why) in Self.forbidden {
            guard let found = try Self.first(pattern, file.text) else { continue }
            let line = file.text[..<found.lowerBound].utf8.count { $0 == 0x0A } + 1
            Issue.record("\(file.path):\(line): «\(file.text[found])»: \(why)")
        }
    }

    private static func first(_ pattern: String, _ text: String) throws -> Range<String.Index>? {
        text.range(of: pattern, options: .regularExpression)
    }

    @Test func `each pattern finds what it is meant for`() throws {
        let examples = [
            "/wo" + "rk/x", "/ho" + "me/me", "/Us" + "ers/me", "a later sess" + "ion will",
            "iss" + "ue 17",
            "see the iss" + "ue", "Cla" + "ude", "TO" + "DO: x", "https://registry.npm" + "js.org",
            "try" + "! f()",
            "x as" + "! Y",
        ]
        #expect(examples.count == Self.forbidden.count)
        for (example, (pattern, _)) in zip(examples, Self.forbidden) {
            #expect(try Self.first(pattern, example) != nil, "\(pattern) misses \(example)")
        }
    }
}

/// Promises that the compiler cannot check: how many there are, file by file. A number here may
/// only shrink.
struct UncheckedTests {
    /// `Sendable` on the word of a comment: a lock is the reason in each.
    static let unchecked: [String: Int] = [
        "Sources/MuseBase/Sources.swift": 2, "Sources/MuseNet/EventLoop.swift": 1,
        "Sources/MuseServer/Metrics.swift": 1, "Sources/MuseTLS/TLSContext.swift": 3,
    ]
    static let unsafeGlobals: [String: Int] = ["Sources/MuseTLS/TLSStream.swift": 1]

    private func count(_ pattern: String) throws -> [String: Int] {
        let regex = try Regex(pattern)
        var counts: [String: Int] = [:]
        for file in Repository.swift
        where file.text.contains("unchecked") || file.text.contains("nonisolated(unsafe)") {
            guard !file.path.hasPrefix("Tests/RepositoryTests/") else { continue }
            let count = file.lines.count { line in
                let code = line.prefix(upTo: line.range(of: "//")?.lowerBound ?? line.endIndex)
                return code.firstMatch(of: regex) != nil
            }
            if count > 0 { counts[file.path] = count }
        }
        return counts
    }

    @Test func `unchecked promises are exactly the counted ones`() throws {
        #expect(try count("@unchecked\\s+Sendable") == Self.unchecked)
        #expect(try count("nonisolated\\(unsafe\\)") == Self.unsafeGlobals)
    }
}
