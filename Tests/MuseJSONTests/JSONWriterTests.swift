// Tests of the JSON room: what is written, and where it stops.
internal import MuseJSON
internal import Testing

struct JSONWriterTests {
    private struct State: Equatable {
        var count: Int
        var overflowed: Bool
    }

    private func state(limit: Int, _ body: (inout JSONWriter) -> Void) -> State {
        var writer = JSONWriter(limit: limit)
        body(&writer)
        return State(count: writer.count, overflowed: writer.overflowed)
    }

    private func written(limit: Int = .max, _ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter(limit: limit)
        body(&writer)
        return writer.string()
    }

    @Test(arguments: [
        (0, "0"), (-1, "-1"), (9, "9"), (10, "10"), (-10, "-10"), (99, "99"), (100, "100"),
        (Int64.max, "9223372036854775807"), (Int64.min, "-9223372036854775808"),
    ])
    func `an integer is written in full`(value: Int64, text: String) {
        #expect(written { $0.int(value) } == text)
    }

    @Test func `integers around every power of ten are written in full`() {
        var power: Int64 = 1
        for _ in 0..<18 {
            power *= 10
            for value in [power - 1, power, power + 1, -power, 1 - power] {
                #expect(written { $0.int(value) } == String(value))
            }
        }
    }

    @Test(arguments: [
        ("", "\"\""), ("a", "\"a\""), ("\"\\", "\"\\\"\\\\\""), ("/", "\"/\""),
        ("\n\r\t\u{8}\u{C}", "\"\\n\\r\\t\\b\\f\""), ("\0\u{1F}", "\"\\u0000\\u001f\""),
        ("\u{7F}é€😀", "\"\u{7F}é€😀\""), ("01234567\"89", "\"01234567\\\"89\""),
    ])
    func `a string is escaped where it must be and nowhere else`(text: String, json: String) {
        #expect(written { $0.string(text) } == json)
    }

    @Test func `every byte below 128 comes back at every place in a word`() throws {
        for byte in UInt8(0)..<128 {
            for pad in 0...9 {
                let text =
                    String(repeating: "a", count: pad) + String(Unicode.Scalar(byte))
                    + "é tail of more than a word"
                let json = written { $0.string(text) }
                #expect(try JSONValue(json).string == text)
                #expect(json.utf8.allSatisfy { $0 >= 0x20 })
            }
        }
    }

    @Test func `the limit holds to the byte for every kind of write`() {
        let writes: [(Int, (inout JSONWriter) -> Void)] = [
            (1, { $0.byte(0x41) }), (4, { $0.raw("null") }), (5, { $0.bool(false) }),
            (4, { $0.bool(true) }), (4, { $0.null() }), (3, { $0.raw(text: String("abc")) }),
            (1, { $0.int(7) }), (2, { $0.int(-7) }), (20, { $0.int(Int64.min) }),
            (5, { $0.string("abc") }), (300, { $0.raw([UInt8](repeating: 0x61, count: 300).span) }),
        ]
        for (size, write) in writes {
            let fits = state(limit: 10 + size) {
                $0.raw("0123456789")
                write(&$0)
            }
            #expect(fits == State(count: 10 + size, overflowed: false))
            let short = state(limit: 9 + size) {
                $0.raw("0123456789")
                write(&$0)
            }
            #expect(short.overflowed)
            #expect(short.count <= 9 + size)
        }
    }

    @Test func `what passes the limit is dropped, said, and never exceeds it`() {
        var dice = Dice(3)
        for _ in 0..<200 {
            let limit = Int.random(in: 0...600, using: &dice)
            let lengths = (0..<60).map { _ in Int.random(in: 0...30, using: &dice) }
            let state = state(limit: limit) { writer in
                for length in lengths { writer.raw([UInt8](repeating: 0x62, count: length).span) }
            }
            #expect(state.count <= limit)
            #expect(state.overflowed == (lengths.reduce(0, +) > limit))
        }
    }

    @Test func `a writer can be cut back, emptied and used again`() {
        var writer = JSONWriter(limit: 20)
        writer.raw("0123456789")
        writer.truncate(to: 4)
        writer.raw("x")
        let cut = writer.string()
        #expect(cut == "0123x")
        writer.raw([UInt8](repeating: 0x61, count: 99).span)
        let overflowed = writer.overflowed
        #expect(overflowed)
        writer.removeAll()
        let emptied = (writer.overflowed, writer.count, writer.string())
        #expect(emptied == (false, 0, ""))
        writer.raw("again")
        let again = writer.string()
        #expect(again == "again")
    }

    @Test func `a large buffer is emptied and used again`() {
        var writer = JSONWriter()
        writer.raw([UInt8](repeating: 0x61, count: 1 << 20).span)
        let count = writer.count
        #expect(count == 1 << 20)
        writer.removeAll()
        writer.raw("small")
        let text = writer.string()
        #expect(text == "small")
    }
}
