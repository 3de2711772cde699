// Conformance tests: every golden conversation, with the real program, over TCP and over TLS.
internal import Foundation
internal import MuseBase
internal import MuseJSON
internal import Testing
internal import Transcripts

extension Transcript: CustomTestStringConvertible {
    public var testDescription: String { name }
}

struct TranscriptTests {
    @Test(arguments: Corpus.transcripts)
    func `the server passes a transcript over TCP`(transcript: Transcript) throws {
        try Table.row(transcript.name, "tcp") { try Replay.run(transcript, over: "tcp") }
    }

    @Test(arguments: Corpus.transcripts)
    func `the server passes a transcript over TLS`(transcript: Transcript) throws {
        try Table.row(transcript.name, "tls") { try Replay.run(transcript, over: "tls") }
    }

    @Test func `there are transcripts, each with steps, and each says what it shows`() throws {
        #expect(Corpus.transcripts.count > 50)
        for transcript in Corpus.transcripts {
            let (head, steps) = try transcript.read()
            #expect(head["about"]?.string?.isEmpty == false, "\(transcript.name)")
            #expect(!steps.isEmpty, "\(transcript.name)")
        }
    }
}

/// What was replayed and how long it took, printed once at the end.
enum Table {
    private static let cells = Lock<[String: [String: String]]>([:])

    /// Runs `body`, and notes what became of it. False means that it was not meant for this column.
    static func row(_ name: String, _ column: String, _ body: () throws -> Bool) throws {
        note(name, column, "FAILED")
        let began = ContinuousClock.now
        let isMeant = try body()
        let taken = (ContinuousClock.now - began) / .milliseconds(1)
        note(name, column, isMeant ? "\(Int(taken)) ms" : "-")
    }

    private static func note(_ name: String, _ column: String, _ cell: String) {
        cells.withLock { cells in
            if cells.isEmpty { atexit { Table.show() } }
            cells[name, default: [:]][column] = cell
        }
    }

    private static func show() {
        let all = cells.withLock { $0 }
        let columns = Set(all.values.flatMap(\.keys)).sorted()
        var text = line("transcript", columns)
        for (name, row) in all.sorted(by: { $0.key < $1.key }) {
            text += line(name, columns.map { row[$0] ?? "" })
        }
        FileHandle.standardOutput.write(Data(text.utf8))
    }

    private static func line(_ name: String, _ cells: [String]) -> String {
        let width = 36
        let padded = name + String(repeating: " ", count: max(1, width - name.count))
        return padded
            + cells.map { $0 + String(repeating: " ", count: max(1, 9 - $0.count)) }.joined()
            + "\n"
    }
}
