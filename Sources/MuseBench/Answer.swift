// The measuring room: what a line of the server says. Pure.
internal import MuseJSON

/// An answer, its result as a range of the line.
struct Answer {
    var id: Int?
    var result: Range<Int>?
    /// The error's code; nil where it is no error.
    var code: Int?

    /// Reads a line, whatever the order of its members; nil where it is no answer of JSON-RPC 2.0
    /// with exactly one of result and error.
    init?(_ bytes: Span<UInt8>, _ line: Range<Int>) {
        var reader = JSONReader(position: line.lowerBound, end: line.upperBound, depthMax: 64)
        do throws(JSONError) {
            let isVersion2 = try readMembers(bytes, &reader)
            guard isVersion2, (result == nil) != (code == nil) else { return nil }
        } catch {
            return nil
        }
    }

    private mutating func readMembers(
        _ bytes: Span<UInt8>, _ reader: inout JSONReader
    ) throws(JSONError) -> Bool {
        var isVersion2 = false
        try reader.beginObject(bytes)
        var isFirst = true
        while let name = try reader.nextMember(bytes, isFirst: &isFirst) {
            let kind = try reader.kind(bytes)
            let start = reader.position
            if name.equals(bytes, "jsonrpc"), kind == .string {
                isVersion2 = try reader.string(bytes).equals(bytes, "2.0")
            } else if name.equals(bytes, "id"), kind == .number {
                id = try reader.number(bytes).int64(bytes).map(Int.init)
            } else if name.equals(bytes, "error"), kind == .object {
                code = try JSONValue(bytes, &reader)["code"]?.int
            } else {
                try reader.skipValue(bytes)
                if name.equals(bytes, "result") { result = start..<reader.position }
            }
        }
        try reader.expectEnd(bytes)
        return isVersion2
    }
}

/// The part of an answer that is looked at under load: whose it is, and whether it is an error.
package struct AnswerHead: Equatable {
    package let id: Int
    /// The error's code; nil for a result.
    package let code: Int?

    private static let opening = Array("{\"jsonrpc\":\"2.0\",\"id\":".utf8)
    private static let result = Array(",\"result\":".utf8)

    /// Reads the head of an answer as this server writes it; whatever is written otherwise is read
    /// whole. nil where it is no answer.
    package static func read(_ bytes: Span<UInt8>, _ line: Range<Int>) -> AnswerHead? {
        var place = line.lowerBound
        if skip(opening, bytes, &place, line.upperBound) {
            var id = 0
            let first = place
            while place < line.upperBound, place < first + 10 {
                let digit = bytes[place] &- 48
                guard digit < 10 else { break }
                id = id * 10 + Int(digit)
                place += 1
            }
            // The last byte, as an answer that was cut short would not have it.
            if place > first, skip(result, bytes, &place, line.upperBound),
                bytes[line.upperBound - 1] == UInt8(ascii: "}")
            {
                return AnswerHead(id: id, code: nil)
            }
        }
        guard let answer = Answer(bytes, line), let id = answer.id else { return nil }
        return AnswerHead(id: id, code: answer.code)
    }

    private static func skip(
        _ text: [UInt8], _ bytes: Span<UInt8>, _ place: inout Int, _ end: Int
    ) -> Bool {
        guard place + text.count < end else { return false }
        for index in text.indices where bytes[place + index] != text[index] { return false }
        place += text.count
        return true
    }
}
