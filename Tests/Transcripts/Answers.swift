// Transcripts: JSON as the replayer sees it. Numbers keep their text; objects their members'
// order.
package import MuseJSON

/// The server, or a transcript, is not as it should be.
package struct Differs: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

extension JSONValue {
    /// An object of these members.
    package static func object(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
        .object(members.map { Member($0.key, $0.value) })
    }

    package static func number(_ value: Int) -> JSONValue { .number(String(value)) }

    /// The text, shortened for people.
    package var brief: String {
        let whole = text()
        return whole.count < 200 ? whole : whole.prefix(200) + "…"
    }

    /// The members without those of these names.
    package func without(_ names: Set<String>) -> [Member] {
        (members ?? []).filter { !names.contains($0.name) }
    }

    /// The same object with more members; one of the same name is replaced where it stands.
    package func adding(_ more: [Member]) -> JSONValue {
        var all = members ?? []
        for member in more {
            if let index = all.firstIndex(where: { $0.name == member.name }) {
                all[index] = member
            } else {
                all.append(member)
            }
        }
        return .object(all)
    }

    /// Whether the values are equal: numbers by what they are, not by how they are written.
    package func equals(_ other: JSONValue) -> Bool {
        switch (self, other) {
        case (.number(let left), .number(let right)):
            if left == right { return true }
            guard let left = Double(left), let right = Double(right) else { return false }
            return left == right && left.magnitude < 9_007_199_254_740_992
        case (.string(let left), .string(let right)):
            return left.unicodeScalars.elementsEqual(right.unicodeScalars)
        case (.array(let left), .array(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.equals($1) }
        case (.object(let left), .object(let right)):
            guard left.count == right.count else { return false }
            return left.allSatisfy { member in other[member.name]?.equals(member.value) ?? false }
        default: return self == other
        }
    }

    /// Whether any object in it has a member twice.
    var hasRepeats: Bool {
        switch self {
        case .object(let members):
            Set(members.map(\.name)).count != members.count
                || members.contains { $0.value.hasRepeats }
        case .array(let items): items.contains { $0.hasRepeats }
        default: false
        }
    }

    /// The bytes of the top level member `id` of a line, as they stand there.
    static func idBytes(of line: [UInt8]) throws -> String {
        let bytes = line.span
        var reader = JSONReader(position: 0, end: line.count)
        try reader.beginObject(bytes)
        var isFirst = true
        while let name = try reader.nextMember(bytes, isFirst: &isFirst) {
            reader.skipSpace(bytes)
            let start = reader.position
            try reader.skipValue(bytes)
            if name.equals(bytes, "id") {
                return String(decoding: line[start..<reader.position], as: UTF8.self)
            }
        }
        throw Differs("no id in \(String(decoding: line, as: UTF8.self))")
    }
}
