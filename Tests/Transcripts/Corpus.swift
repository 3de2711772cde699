// Transcripts: the golden conversations, as files beside this package.
package import Foundation
package import MuseJSON

/// A golden conversation.
package struct Transcript: Sendable {
    /// `posts.create`, `rule-order`.
    package let name: String

    /// One step, and the line in which it stands.
    package struct Step: Sendable {
        package let line: Int
        package let value: JSONValue

        package init(line: Int, value: JSONValue) {
            self.line = line
            self.value = value
        }
    }

    /// The head, and the steps.
    package func read() throws -> (head: JSONValue, steps: [Step]) {
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

package enum Corpus {
    /// The top folder of the repository.
    package static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    package static let folder = root.appending(path: "Protocol/transcripts")

    package static let transcripts: [Transcript] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".jsonl") }.sorted().map {
            Transcript(name: String($0.dropLast(6)))
        }
    }()

    package static let schema = Result { try SchemaTypes() }
}
