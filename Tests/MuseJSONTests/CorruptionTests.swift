// Tests of the JSON room: texts cut and altered at every offset.
internal import MuseJSON
internal import Testing

struct CorruptionTests {
    static let documents: [String] = [
        "{\"jsonrpc\":\"2.0\",\"id\":\"a-1\",\"method\":\"posts.create\",\"params\":{\"body\":\"Hello é€😀\\n\"}}",
        "[{\"a\":[1,-2.5e+10,0.0,true,false,null]},{\"\":{\"k\":\"\\u00e9\\ud83d\\ude00\\\\\"}},[[],{}]]",
        "[\"0123456789abcdef\\t0123456789\",\"\u{7FF}\u{800}\u{FFFF}\u{10000}\"]",
        " [ 1 , { \"x\" : \"y\" , \"z\" : [ ] } ] \r\n",
    ]

    /// Whether both ways to read agree, the offset lies within, and what was read comes back when
    /// written.
    private func isSound(_ bytes: [UInt8]) -> Bool {
        let skip = skipped(bytes)
        let (value, error) = treed(bytes)
        guard skip == error else { return false }
        if let error { return error.offset >= 0 && error.offset <= bytes.count }
        guard let value else { return false }
        return (try? JSONValue(value.text())) == value
    }

    @Test(arguments: documents)
    func `a text cut at any place ends too early there`(text: String) {
        let whole = Array(text.utf8)
        let last = whole.lastIndex { $0 == UInt8(ascii: "]") || $0 == UInt8(ascii: "}") } ?? 0
        for count in 0...last {
            let bytes = Array(whole.prefix(count))
            #expect(isSound(bytes))
            let error = skipped(bytes)
            // Cut within a character, or between the halves of a surrogate pair, it says so
            // instead.
            switch error?.reason {
            case .unexpectedEnd: #expect(error?.offset == count)
            case .invalidUTF8: #expect((error?.offset ?? 0) >= count - 3)
            case .loneSurrogate: #expect((error?.offset ?? 0) >= count - 7)
            default: Issue.record("cut at \(count): \(String(describing: error))")
            }
        }
    }

    @Test(arguments: documents)
    func `a byte altered at any place is read soundly or refused`(text: String) {
        let bytes = Array(text.utf8)
        let others: [UInt8] = [
            0x00, 0x0A, 0x1F, 0x20, 0x22, 0x2C, 0x2D, 0x30, 0x39, 0x3A, 0x5B, 0x5C, 0x5D, 0x65,
            0x75,
            0x7B, 0x7D, 0x7F, 0x80, 0xBF, 0xC2, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xFF,
        ]
        for at in bytes.indices {
            for other in others {
                var altered = bytes
                altered[at] = other
                #expect(isSound(altered), "\(other) at \(at)")
            }
            for bit in 0..<8 {
                var flipped = bytes
                flipped[at] ^= 1 << UInt8(bit)
                #expect(isSound(flipped), "bit \(bit) at \(at)")
            }
        }
    }

    @Test(arguments: documents)
    func `a byte put in or taken out at any place is read soundly or refused`(text: String) {
        let bytes = Array(text.utf8)
        for at in bytes.indices {
            var shorter = bytes
            shorter.remove(at: at)
            #expect(isSound(shorter), "without \(at)")
            for other in [UInt8(0x20), 0x22, 0x2C, 0x5C, 0x5D, 0x7D, 0x80, 0xC3] {
                var longer = bytes
                longer.insert(other, at: at)
                #expect(isSound(longer), "\(other) put in at \(at)")
            }
        }
    }

    @Test func `random bytes are read soundly or refused`() {
        var dice = Dice(99)
        let alphabet =
            Array("{}[]\":,\\u0129aeEtrufalsn-+. \n\t😀é".utf8) + [0, 0x80, 0xFF, 0xED, 0xA0]
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...24, using: &dice)
            let bytes = (0..<count).map { _ in alphabet.randomElement(using: &dice) ?? 0 }
            #expect(isSound(bytes), "\(bytes)")
        }
    }
}
