// Tests of the JSON room: trees of values.
internal import MuseJSON
internal import Testing

struct JSONValueTests {
    @Test func `a tree keeps the order of members, repeated ones and the text of numbers`() throws {
        let text = "{\"b\":1.50,\"a\":[1e2,-0],\"b\":null}"
        let value = try JSONValue(text)
        #expect(value.text() == text)
        #expect(value.members?.map(\.name) == ["b", "a", "b"])
        #expect(value["b"] == .number("1.50"))
        #expect(value["a"]?[0]?.int == 100)
        #expect(value["a"]?[2] == nil)
        #expect(value["c"] == nil)
        #expect(value[0] == nil)
    }

    @Test func `each kind is itself alone`() throws {
        let text = "[null,true,\"s\",2,[],{}]"
        let all = try #require(try JSONValue(text).array)
        #expect(all.map(\.isNull) == [true, false, false, false, false, false])
        #expect(all.map { $0.bool != nil } == [false, true, false, false, false, false])
        #expect(all.map { $0.string != nil } == [false, false, true, false, false, false])
        #expect(all.map { $0.int != nil } == [false, false, false, true, false, false])
        #expect(all.map { $0.double != nil } == [false, false, false, true, false, false])
        #expect(all.map { $0.array != nil } == [false, false, false, false, true, false])
        #expect(all.map { $0.members != nil } == [false, false, false, false, false, true])
    }

    @Test func `an indented text has a line a value and reads the same`() throws {
        let value: JSONValue = ["a": [1, 2, []], "b": ["c": "d", "e": ["f": true]], "g": [:]]
        let indented = value.text(indented: true)
        #expect(
            indented == """
                {
                  "a": [
                    1,
                    2,
                    []
                  ],
                  "b": {
                    "c": "d",
                    "e": {
                      "f": true
                    }
                  },
                  "g": {}
                }
                """)
        #expect(try JSONValue(indented) == value)
    }

    @Test func `random trees come back, on one line and indented`() throws {
        for seed in UInt64(0)..<200 {
            var dice = Dice(seed)
            let value = JSONValue.random(using: &dice, depth: 5)
            #expect(try JSONValue(value.text()) == value, "seed \(seed)")
            #expect(try JSONValue(value.text(indented: true)) == value, "seed \(seed)")
        }
    }

    @Test func `512 levels are read and written without recursion`() throws {
        let text = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
        #expect(try JSONValue(text, depthMax: 512).text() == text)
    }
}

extension JSONValue {
    /// A value with everything in it, of at most `depth` levels.
    static func random(using dice: inout Dice, depth: Int) -> JSONValue {
        let texts = [
            "", "a", "name", "two words", "é€😀", "\"\\/\n\t\0\u{1F}", "0123456789abcdef",
            "\u{FEFF}x",
            "\u{2028}", "a\u{301}",
        ]
        let numbers = ["0", "-0", "1", "-17", "2.5", "1e3", "1.25E-2", "9007199254740993", "20.0"]
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &dice) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &dice))
        case 2: return .number(numbers.randomElement(using: &dice) ?? "0")
        case 3, 4: return .string(texts.randomElement(using: &dice) ?? "")
        case 5, 6:
            let count = Int.random(in: 0...5, using: &dice)
            return .array((0..<count).map { _ in random(using: &dice, depth: depth - 1) })
        default:
            let count = Int.random(in: 0...5, using: &dice)
            return .object(
                (0..<count).map { index in
                    let name = (texts.randomElement(using: &dice) ?? "") + String(index)
                    return Member(name, random(using: &dice, depth: depth - 1))
                })
        }
    }
}
