// Tests of the JSON room: beside Foundation's JSONSerialization, where the two mean the same.
internal import Foundation
internal import MuseJSON
internal import Testing

struct FoundationTests {
    private func foundation(_ bytes: [UInt8]) -> Any? {
        try? JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed])
    }

    /// Whether Foundation's value is ours. (It drops a U+FEFF that begins a string; we keep every
    /// character.)
    private func agrees(_ ours: JSONValue, _ theirs: Any) -> Bool {
        switch ours {
        case .null: return theirs is NSNull
        case .string(let text):
            return (theirs as? String).map { Array($0.utf8) == Array(trimmed(text).utf8) } ?? false
        case .bool(let flag): return (theirs as? Bool) == flag
        case .number(let text):
            guard let number = theirs as? NSNumber, let value = Double(text) else { return false }
            return number.doubleValue == value
        case .array(let elements):
            guard let others = theirs as? [Any], others.count == elements.count else {
                return false
            }
            return zip(elements, others).allSatisfy { agrees($0, $1) }
        case .object(let members):
            guard let others = theirs as? [String: Any], others.count == members.count else {
                return false
            }
            return members.allSatisfy { member in
                others[trimmed(member.name)].map { agrees(member.value, $0) } ?? false
            }
        }
    }

    private func trimmed(_ text: String) -> String {
        text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    }

    @Test func `random documents mean the same to both`() throws {
        for seed in UInt64(1_000)..<1_300 {
            var dice = Dice(seed)
            let value = JSONValue.random(using: &dice, depth: 4)
            let theirs = try #require(foundation(Array(value.text().utf8)), "seed \(seed)")
            #expect(agrees(value, theirs), "seed \(seed): \(value.text())")
        }
    }

    @Test func `what we read after one byte has changed, Foundation reads as well`() {
        var read = 0
        for seed in UInt64(0)..<3_000 {
            var dice = Dice(seed)
            var bytes = Array(JSONValue.random(using: &dice, depth: 3).text().utf8)
            let at = Int.random(in: 0..<bytes.count, using: &dice)
            bytes[at] = UInt8.random(in: 0...255, using: &dice)
            guard let value = treed(bytes).value, value.isWithinFoundation else { continue }
            read += 1
            guard let theirs = foundation(bytes) else {
                Issue.record(
                    "seed \(seed): we alone read \(String(decoding: bytes, as: UTF8.self))")
                continue
            }
            #expect(agrees(value, theirs), "seed \(seed)")
        }
        #expect(read > 200, "too few to mean anything: \(read)")
    }

    /// Foundation forgives a comma before the end, and takes zero bytes for UTF-16; we do not.
    private static let refused = (JSONReaderTests.structure + JSONReaderTests.numbers).filter {
        !$0.bytes.contains(0) && !$0.bytes.suffix(2).elementsEqual(",]".utf8)
            && !$0.bytes.suffix(2).elementsEqual(",}".utf8)
    }

    @Test(arguments: refused)
    func `what we refuse for its structure or its numbers, Foundation refuses as well`(fault: Fault)
    {
        #expect(foundation(fault.bytes) == nil)
    }
}

extension JSONValue {
    /// Whether Foundation can hold it: no member twice, no number beyond a Double.
    fileprivate var isWithinFoundation: Bool {
        switch self {
        case .array(let elements): elements.allSatisfy(\.isWithinFoundation)
        case .object(let members):
            Set(members.map(\.name)).count == members.count
                && members.allSatisfy(\.value.isWithinFoundation)
        case .number(let text): Double(text)?.isFinite ?? false
        default: true
        }
    }
}
