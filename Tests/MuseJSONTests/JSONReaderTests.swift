// Tests of the JSON room: what is JSON, what is not, and where it goes wrong.
internal import MuseJSON
internal import Testing

struct JSONReaderTests {
    static let valid: [String] = [
        "null", "true", "false", "0", "-0", "1", "-1", "10", "1.5", "1e5", "1E+5", "1e-5",
        "-0.0e-0",
        "123456789012345678901234567890", "1e400", "\"\"", "\"a\"", "\"\u{7F}\"", "\"é€😀\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0041\\u00e9\\u20AC\\ud83d\\uDE00\"", "\"\\u0000\"",
        "\"\u{FEFF}\"", "\"\u{2028}\u{2029}\"", "\"\\uFFFF\"", "\"\u{10FFFF}\"", "[]", "[ ]", "{}",
        "{ }", " \t\r\n1\n", "[1,2]", "[ 1 , 2 ]", "[[],[[]],{}]", "{\"a\":1}",
        "{\"a\":{\"b\":[]}}",
        "{ \"a\" : 1 , \"b\" : 2 }", "{\"a\":1,\"a\":2}", "{\"\":0}", "[null,true,false]",
        "[\"01234567890123456789\",\"0123456\\n89\"]",
    ]

    @Test(arguments: valid)
    func `what RFC 8259 calls JSON is read`(text: String) {
        let (skip, tree) = verdict(Array(text.utf8))
        #expect(skip == nil)
        #expect(tree == nil)
    }

    static let structure: [Fault] = [
        Fault("", 0, .unexpectedEnd), Fault("  ", 2, .unexpectedEnd),
        Fault("nul", 3, .unexpectedEnd), Fault("nulL", 3, .unexpectedByte),
        Fault("True", 0, .unexpectedByte), Fault("tru ", 3, .unexpectedByte),
        Fault("truee", 4, .trailingBytes), Fault("fals", 4, .unexpectedEnd),
        Fault("[", 1, .unexpectedEnd), Fault("[1", 2, .unexpectedEnd),
        Fault("[1 2]", 3, .unexpectedByte), Fault("[,1]", 1, .unexpectedByte),
        Fault("[1,]", 3, .unexpectedByte), Fault("[1,,2]", 3, .unexpectedByte),
        Fault("[1]]", 3, .trailingBytes), Fault("]", 0, .unexpectedByte),
        Fault("[1}", 2, .unexpectedByte), Fault("[1:2]", 2, .unexpectedByte),
        Fault("{", 1, .unexpectedEnd), Fault("{1:2}", 1, .unexpectedByte),
        Fault("{\"a\"}", 4, .unexpectedByte), Fault("{\"a\":}", 5, .unexpectedByte),
        Fault("{\"a\":1,}", 7, .unexpectedByte), Fault("{,}", 1, .unexpectedByte),
        Fault("{\"a\" 1}", 5, .unexpectedByte), Fault("{\"a\":1 \"b\":2}", 7, .unexpectedByte),
        Fault("{'a':1}", 1, .unexpectedByte), Fault("{a:1}", 1, .unexpectedByte),
        Fault("{\"a\":1", 6, .unexpectedEnd), Fault("{\"a\"", 4, .unexpectedEnd),
        Fault("{\"a", 3, .unexpectedEnd), Fault("{\"a\":1]", 6, .unexpectedByte),
        Fault("{null:1}", 1, .unexpectedByte), Fault("1 2", 2, .trailingBytes),
        Fault("{}{}", 2, .trailingBytes), Fault("/* */1", 0, .unexpectedByte),
        Fault("1 // x", 2, .trailingBytes), Fault("#", 0, .unexpectedByte),
        Fault("\u{C}1", 0, .unexpectedByte), Fault("\0", 0, .unexpectedByte),
        Fault("1\0", 1, .trailingBytes), Fault("\u{A0}1", 0, .unexpectedByte),
        Fault("[\u{2028}1]", 1, .unexpectedByte), Fault("é", 0, .unexpectedByte),
    ]

    static let numbers: [Fault] = [
        Fault("-", 1, .unexpectedEnd), Fault("-a", 1, .invalidNumber),
        Fault("+1", 0, .unexpectedByte), Fault(".5", 0, .unexpectedByte),
        Fault("1.", 2, .unexpectedEnd), Fault("1.a", 2, .invalidNumber),
        Fault("1.e2", 2, .invalidNumber), Fault("01", 1, .invalidNumber),
        Fault("-01", 2, .invalidNumber), Fault("00", 1, .invalidNumber),
        Fault("1e", 2, .unexpectedEnd), Fault("1e+", 3, .unexpectedEnd),
        Fault("1ex", 2, .invalidNumber), Fault("1e+-1", 3, .invalidNumber),
        Fault("1e1.5", 3, .trailingBytes), Fault("[1.]", 3, .invalidNumber),
        Fault("[-]", 2, .invalidNumber), Fault("0x10", 1, .trailingBytes),
        Fault("[0x10]", 2, .unexpectedByte), Fault("1_000", 1, .trailingBytes),
        Fault("NaN", 0, .unexpectedByte), Fault("Infinity", 0, .unexpectedByte),
        Fault("-Infinity", 1, .invalidNumber), Fault("--1", 1, .invalidNumber),
        Fault("\u{FF11}", 0, .unexpectedByte), Fault("1\u{661}", 1, .trailingBytes),
    ]

    static let strings: [Fault] = [
        Fault("\"", 1, .unexpectedEnd), Fault("\"\\", 2, .unexpectedEnd),
        Fault("\"a\\\"", 4, .unexpectedEnd), Fault("\"\\x\"", 1, .invalidEscape),
        Fault("\"\\'\"", 1, .invalidEscape), Fault("\"\\U0041\"", 1, .invalidEscape),
        Fault("\"\\u12", 5, .unexpectedEnd), Fault("\"\\u12g4\"", 5, .invalidEscape),
        Fault("\"\\u12\"", 5, .invalidEscape), Fault("\"\\u+123\"", 3, .invalidEscape),
        Fault("\"\\\u{0}\"", 1, .invalidEscape), Fault("\"a\tb\"", 2, .controlCharacter),
        Fault("\"\n\"", 1, .controlCharacter), Fault("\"01234567\u{0}\"", 9, .controlCharacter),
        Fault("\"\u{1F}\"", 1, .controlCharacter), Fault("\"\\ud800\"", 1, .loneSurrogate),
        Fault("\"\\udc00\"", 1, .loneSurrogate), Fault("\"\\udfff\\ud800\"", 1, .loneSurrogate),
        Fault("\"\\ud800\\ud800\"", 1, .loneSurrogate), Fault("\"\\ud800x\"", 1, .loneSurrogate),
        Fault("\"\\ud800\\n\"", 1, .loneSurrogate), Fault("\"\\ud800\\u0041\"", 1, .loneSurrogate),
        Fault("\"\\ud800\\u\"", 9, .invalidEscape), Fault("\"ab\\ud83d\"", 3, .loneSurrogate),
        Fault("\"\\ud83d\\ude00\\ude00\"", 13, .loneSurrogate),
        Fault("{\"\\ud800\":1}", 2, .loneSurrogate), Fault("'a'", 0, .unexpectedByte),
    ]

    static let encodings: [Fault] = [
        Fault("\u{FEFF}1", 0, .byteOrderMark), Fault(" \u{FEFF}1", 1, .byteOrderMark),
        Fault("[\u{FEFF}1]", 1, .byteOrderMark), Fault("\u{FEFF}", 0, .byteOrderMark),
        Fault(bytes: [0xEF, 0xBB], 0, .invalidUTF8), Fault(bytes: [0xFF, 0xFE], 0, .invalidUTF8),
        Fault(bytes: [0x22, 0x80, 0x22], 1, .invalidUTF8),
        Fault(bytes: [0x22, 0xC0, 0x80, 0x22], 1, .invalidUTF8),
        Fault(bytes: [0x22, 0xED, 0xA0, 0x80, 0x22], 1, .invalidUTF8),
        Fault(bytes: [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], 1, .invalidUTF8),
        Fault(bytes: [0x22, 0x61, 0xE2, 0x82, 0x22], 2, .invalidUTF8),
        Fault(bytes: [0x22, 0x61, 0xE2, 0x82], 2, .invalidUTF8),
        Fault(bytes: [0x5B, 0xC3, 0x28, 0x5D], 1, .invalidUTF8),
        // UTF-16 in either order.
        Fault(bytes: [0x31, 0x00], 1, .trailingBytes),
        Fault(bytes: [0x00, 0x31], 0, .unexpectedByte),
    ]

    @Test(arguments: structure + numbers + strings + encodings)
    func `what is no JSON is refused at the first wrong byte, with its reason`(fault: Fault) {
        let (skip, tree) = verdict(fault.bytes)
        #expect(skip == fault.error)
        #expect(tree == fault.error)
    }

    @Test(arguments: [1, 2, 31, 32, 64, 512])
    func `nesting is allowed up to the limit and no deeper`(limit: Int) {
        for (open, close) in [("[", "]"), ("{\"k\":", "}")] {
            func nested(_ levels: Int) -> [UInt8] {
                let inner = open == "[" ? "" : "0"
                let text =
                    String(repeating: open, count: levels) + inner
                    + String(repeating: close, count: levels)
                return Array(text.utf8)
            }
            let fits = verdict(nested(limit), depthMax: limit)
            #expect(fits.skip == nil && fits.tree == nil)
            let deeper = verdict(nested(limit + 1), depthMax: limit)
            let offset = limit * open.utf8.count
            #expect(deeper.skip == JSONError(offset: offset, reason: .tooDeep))
            #expect(deeper.tree == deeper.skip)
        }
    }

    @Test func `no more than 512 levels can be asked for`() {
        let text = Array(String(repeating: "[", count: 100_000).utf8)
        let deep = verdict(text, depthMax: .max)
        #expect(deep.skip == JSONError(offset: 512, reason: .tooDeep))
        #expect(deep.tree == deep.skip)
    }

    @Test func `many levels open and close on one line without counting together`() {
        let text = "[" + Array(repeating: "[[{\"a\":[]}]]", count: 500).joined(separator: ",") + "]"
        #expect(skipped(Array(text.utf8), depthMax: 5) == nil)
        #expect(skipped(Array(text.utf8), depthMax: 4)?.reason == .tooDeep)
    }

    @Test func `objects and arrays keep apart however deep they stand`() {
        // Each level in turn an object or an array by one bit of a pattern; closing them wrongly
        // must fail.
        var dice = Dice(20)
        for _ in 0..<50 {
            let levels = Int.random(in: 1...300, using: &dice)
            let objects = (0..<levels).map { _ in Bool.random(using: &dice) }
            let opening = objects.map { $0 ? "{\"k\":" : "[" }.joined()
            let closing = objects.reversed().map { $0 ? "}" : "]" }
            let good = opening + "0" + closing.joined()
            #expect(skipped(Array(good.utf8), depthMax: 512) == nil)
            var wrong = closing
            let at = Int.random(in: 0..<levels, using: &dice)
            wrong[at] = wrong[at] == "}" ? "]" : "}"
            let error = skipped(Array((opening + "0" + wrong.joined()).utf8), depthMax: 512)
            #expect(
                error == JSONError(offset: opening.utf8.count + 1 + at, reason: .unexpectedByte))
        }
    }

    @Test func `a reader keeps to its range of the bytes`() {
        let wanted = JSONError(offset: 6, reason: .unexpectedEnd)
        #expect(error("xx[1,2]yy", 2..<7) { try $0.skipValue($1) } == nil)
        #expect(error("xx[1,2]yy", 2..<6) { try $0.skipValue($1) } == wanted)
        #expect(error("xx[1,2]yy", 2..<7) { try $0.whole($1) } == nil)
        #expect(
            error("xx[1,2]yy", 2..<8) { try $0.whole($1) }
                == JSONError(offset: 7, reason: .trailingBytes))
        #expect(error("\"ab\"c", 0..<4) { _ = try $0.string($1) } == nil)
        #expect(
            error("\"ab\"c", 0..<3) { _ = try $0.string($1) }
                == JSONError(offset: 3, reason: .unexpectedEnd))
    }

    /// What reading in a range of the text throws.
    private func error(
        _ text: String, _ range: Range<Int>? = nil,
        _ body: (inout JSONReader, Span<UInt8>) throws -> Void
    ) -> JSONError? {
        let bytes = Array(text.utf8)
        let range = range ?? 0..<bytes.count
        var reader = JSONReader(position: range.lowerBound, end: range.upperBound)
        do {
            try body(&reader, bytes.span)
            return nil
        } catch {
            return error as? JSONError
        }
    }

    @Test func `members and elements come in their order with the cursor at each value`() throws {
        let bytes = Array(" { \"a\" : [ 1 , true ] , \"b\\u0063\" : null } ".utf8)
        var reader = JSONReader(position: 0, end: bytes.count)
        var names: [String] = []
        try reader.beginObject(bytes.span)
        var isFirst = true
        while let name = try reader.nextMember(bytes.span, isFirst: &isFirst) {
            names.append(name.string(bytes.span))
            if name.equals(bytes.span, "a") {
                try reader.beginArray(bytes.span)
                var isFirstElement = true
                #expect(try reader.nextElement(bytes.span, isFirst: &isFirstElement))
                #expect(try reader.number(bytes.span).int64(bytes.span) == 1)
                #expect(try reader.nextElement(bytes.span, isFirst: &isFirstElement))
                #expect(try reader.boolean(bytes.span))
                #expect(try !reader.nextElement(bytes.span, isFirst: &isFirstElement))
            } else {
                #expect(try reader.skipNull(bytes.span))
            }
        }
        try reader.expectEnd(bytes.span)
        #expect(names == ["a", "bc"])
    }

    @Test func `asking for one kind where another stands is an error at its first byte`() {
        let wrong = JSONError(offset: 1, reason: .unexpectedByte)
        #expect(error(" 1") { _ = try $0.string($1) } == wrong)
        #expect(error(" 1") { try $0.beginObject($1) } == wrong)
        #expect(error(" 1") { try $0.beginArray($1) } == wrong)
        #expect(error(" 1") { _ = try $0.boolean($1) } == wrong)
        #expect(error(" 1") { try $0.null($1) } == wrong)
        #expect(error(" x") { _ = try $0.kind($1) } == wrong)
        #expect(
            error(" x") { _ = try $0.number($1) } == JSONError(offset: 1, reason: .invalidNumber))
    }
}

extension JSONReader {
    /// Reads one value to the end of the text.
    fileprivate mutating func whole(_ bytes: Span<UInt8>) throws {
        try skipValue(bytes)
        try expectEnd(bytes)
    }
}
