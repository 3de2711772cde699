// Conformance tests: comparing an answer with one that is written in a document, where ids, times
// and tokens were other ones. What stands for what is kept, so that later requests can name it.
internal import MuseJSON
internal import Transcripts

final class Shape {
    /// The texts of the document, and what the server said in their place.
    var bound: [String: String] = [:]

    /// Members that differ from server to server, or from build to build.
    private static let changing: Set<String> = [
        "kid", "x", "version", "schema_hash", "libraries", "retry_after_ms", "elapsed_ms", "bytes",
    ]

    /// The same value with everything that is bound in it replaced.
    func filled(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): .string(bound[text] ?? text)
        case .array(let items): .array(items.map(filled))
        case .object(let members): .object(members.map { .init($0.name, filled($0.value)) })
        default: value
        }
    }

    /// The same members, of the same types, and equal where nothing had to differ.
    func compare(_ written: JSONValue, _ given: JSONValue, _ place: String = "") throws {
        switch (written, given) {
        case (.object(let members), .object(let others)):
            guard Set(members.map(\.name)) == Set(others.map(\.name)) else {
                throw Differs("\(place): \(given.brief) instead of \(written.brief)")
            }
            for member in members where !Self.changing.contains(member.name) {
                try compare(member, given[member.name] ?? .null, "\(place)/\(member.name)")
            }
        case (.array(let items), .array(let others)):
            guard items.count == others.count else {
                throw Differs("\(place): \(others.count) items instead of \(items.count)")
            }
            for (index, item) in items.enumerated() {
                try compare(item, others[index], "\(place)/\(index)")
            }
        case (.string(let text), .string(let other)):
            try compare(text, other, place)
        default:
            guard written.equals(given) else {
                throw Differs("\(place): \(given.brief) instead of \(written.brief)")
            }
        }
    }

    private func compare(_ member: JSONValue.Member, _ given: JSONValue, _ place: String) throws {
        if member.name == "next_cursor", let text = member.value.string, let other = given.string {
            bound[text] = other
        } else {
            try compare(member.value, given, place)
        }
    }

    private func compare(_ text: String, _ other: String, _ place: String) throws {
        if text == other { return }
        let isAlike =
            (Kinds.isID(text) && Kinds.isID(other)) || (Kinds.isTime(text) && Kinds.isTime(other))
            || (text.hasPrefix("eyJ") && Kinds.isToken(other))
        guard isAlike else { throw Differs("\(place): \(other) instead of \(text)") }
        if Kinds.isTime(text) { return }
        if let before = bound[text], before != other {
            throw Differs("\(place): \(other), and \(before) before, instead of \(text)")
        }
        bound[text] = other
    }
}
