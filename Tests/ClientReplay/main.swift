// Replays the golden conversations of Protocol/transcripts through the Swift client, on servers of
// its own: client-replay --program PATH [--over tcp|tls] [--report FILE] [NAME...]. Exit status 0
// if all agree, 1 if one does not.
internal import Foundation
internal import MuseJSON
internal import Transcripts

let usage = "usage: client-replay --program PATH [--over tcp|tls] [--report FILE] [NAME...]\n"

func fail(_ why: String) -> Never {
    FileHandle.standardError.write(Data(why.utf8))
    exit(2)
}

var program: String?
var over = ["tcp", "tls"]
var report: FileHandle?
var names: Set<String> = []
var arguments = CommandLine.arguments.dropFirst()
while let argument = arguments.popFirst() {
    switch argument {
    case "--program": program = arguments.popFirst()
    case "--over": over = (arguments.popFirst() ?? "").split(separator: ",").map(String.init)
    case "--report":
        let path = arguments.popFirst() ?? ""
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        report = FileHandle(forWritingAtPath: path)
        guard report != nil else { fail("\(path): cannot be written\n") }
        _ = try report?.seekToEnd()
    default:
        guard !argument.hasPrefix("-") else { fail(usage) }
        names.insert(argument)
    }
}
guard let program, !over.isEmpty, over.allSatisfy({ $0 == "tcp" || $0 == "tls" }) else {
    fail(usage)
}
Program.use(program)

/// One cell of the matrix.
@MainActor func note(
    _ transcript: String, _ transport: String, _ result: String, _ why: String?, _ ms: Int
) {
    let cell: JSONValue = .object([
        "client": .string("swift"), "transcript": .string(transcript), "over": .string(transport),
        "result": .string(result), "reason": why.map(JSONValue.string) ?? .null, "ms": .number(ms),
    ])
    report?.write(Data((cell.text() + "\n").utf8))
    print("\(transcript) over \(transport): \(result)\(why.map { ": \($0)" } ?? ", \(ms) ms")")
}

let schema = try Corpus.schema.get()
let results = ResultTypes(schema)
var counts: [String: Int] = [:]
for transcript in Corpus.transcripts where names.isEmpty || names.contains(transcript.name) {
    for transport in over {
        let began = ContinuousClock.now
        var result = "ok"
        var why: String?
        do {
            let isMeant = try Replay.run(transcript, over: transport) { place in
                try ClientConversation(place, results)
            }
            if !isMeant { (result, why) = ("skipped", "It is not about \(transport).") }
        } catch {
            (result, why) = ("failed", "\(error)")
        }
        let took = Int((ContinuousClock.now - began) / .milliseconds(1))
        note(transcript.name, transport, result, why, took)
        counts[result, default: 0] += 1
    }
}
let words = ["ok", "failed", "skipped"].map { "\(counts[$0] ?? 0) \($0)" }
print("Swift over \(over.joined(separator: ", ")): \(words.joined(separator: ", "))")
exit(counts["failed"] ?? 0 == 0 && counts["ok"] ?? 0 > 0 ? 0 : 1)
