// Tests of the JSON room: strings as they stand, decoded, compared and counted.
internal import MuseJSON
internal import Testing

struct JSONTextTests {
    /// JSON text of a string and its characters.
    static let texts: [(String, String)] = [
        ("", ""), ("plain", "plain"), ("é€😀", "é€😀"), ("a\\n\\t\\r\\b\\f", "a\n\t\r\u{8}\u{C}"),
        ("\\\"\\\\\\/", "\"\\/"), ("\\u0041b", "Ab"), ("\\u00e9", "é"), ("\\u20ac!", "€!"),
        ("\\ud83d\\ude00", "😀"), ("x\\uD83D\\uDE00y", "x😀y"), ("\\u0000", "\0"),
        ("é\\u00e9e\\u0301", "éée\u{301}"), ("\\uFFFF", "\u{FFFF}"),
        ("\\udbff\\udfff", "\u{10FFFF}"),
    ]

    @Test(arguments: texts)
    func `a string says its characters, escapes decoded`(json: String, characters: String) throws {
        let bytes = Array("\"\(json)\"".utf8)
        var reader = JSONReader(position: 0, end: bytes.count)
        let text = try reader.string(bytes.span)
        #expect(Array(text.string(bytes.span).utf8) == Array(characters.utf8))
        #expect(text.utf8Count(bytes.span) == characters.utf8.count)
        #expect(text.scalarCount(bytes.span) == characters.unicodeScalars.count)
        #expect(text.hasEscapes == json.contains("\\"))
        var decoded: [UInt8] = []
        text.decode(bytes.span) { decoded.append($0) }
        #expect(decoded == Array(characters.utf8))
    }

    private func says(_ json: String, _ wanted: StaticString) throws -> Bool {
        let bytes = Array("\"\(json)\"".utf8)
        var reader = JSONReader(position: 0, end: bytes.count)
        return try reader.string(bytes.span).equals(bytes.span, wanted)
    }

    @Test func `a name is the same name with escapes and without`() throws {
        #expect(try says("method", "method"))
        #expect(try says("\\u006dethod", "method"))
        #expect(try !says("Method", "method"))
        #expect(try !says("metho", "method"))
        #expect(try !says("methods", "method"))
        #expect(try !says("\\u006dethods", "method"))
        #expect(try says("", ""))
    }

    @Test func `names are compared by bytes, not by what Unicode holds equivalent`() throws {
        // U+212A KELVIN SIGN is canonically equivalent to K, U+037E to the semicolon.
        #expect(try !says("\\u212A", "K"))
        #expect(try !says("\\u037e", ";"))
        #expect(try !says("e\\u0301", "\u{E9}"))
        #expect(try says("\\u00e9", "\u{E9}"))
    }
}

@Suite struct EqualityTests {
    @Test func `a text equals the literal and nothing that differs in one byte`() {
        let literals: [StaticString] = [
            "", "i", "id", "body", "jsonrpc", "username", "like_count", "access_token",
            "comments.create", "comments.create!", "refresh_expires_at_and_more",
        ]
        for literal in literals {
            let plain = Array("\(literal)".utf8)
            let padded = [0x22] + plain + [0x22]
            let text = JSONText(start: 1, end: 1 + plain.count, hasEscapes: false)
            let isEqual = text.equals(padded.span, literal)
            #expect(isEqual)
            for index in plain.indices {
                var other = padded
                other[1 + index] ^= 1
                let isStillEqual = text.equals(other.span, literal)
                #expect(!isStillEqual, "byte \(index) of \(literal)")
            }
            let longer = JSONText(start: 1, end: 2 + plain.count, hasEscapes: false)
            let isLonger = longer.equals(padded.span, literal)
            #expect(!isLonger)
            guard !plain.isEmpty else { continue }
            let shorter = JSONText(start: 1, end: plain.count, hasEscapes: false)
            let isShorter = shorter.equals(padded.span, literal)
            #expect(!isShorter)
        }
    }
}
