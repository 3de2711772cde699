// Conformance tests: the transcripts, as files beside this package.
internal import Foundation
internal import MuseJSON
internal import Testing

/// A golden conversation.
struct Transcript: Sendable, CustomTestStringConvertible {
    /// `posts.create`, `rule-order`.
    let name: String
    var testDescription: String { name }

    /// One step, and the line in which it stands.
    struct Step: Sendable {
        let line: Int
        let value: JSONValue
    }

    /// The head, and the steps.
    func read() throws -> (head: JSONValue, steps: [Step]) {
        let url = Corpus.folder.appending(path: name + ".jsonl")
        let text = try String(contentsOf: url, encoding: .utf8)
        var steps: [Step] = []
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.isEmpty {
            do {
                steps.append(Step(line: index + 1, value: try JSONValue(String(line))))
            } catch {
                throw Differs("\(name):\(index + 1) is no JSON: \(error)")
            }
        }
        guard let head = steps.first?.value, head["about"] != nil else {
            throw Differs("\(name): the first line tells what it is about")
        }
        return (head, Array(steps.dropFirst()))
    }
}

enum Corpus {
    /// The top folder of the repository.
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let folder = root.appending(path: "Protocol/transcripts")

    static let transcripts: [Transcript] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".jsonl") }.sorted().map {
            Transcript(name: String($0.dropLast(6)))
        }
    }()

    static let schema = Result { try SchemaTypes() }
}
