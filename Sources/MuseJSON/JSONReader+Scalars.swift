// The JSON room: strings, numbers and literals, validated as they are passed.

extension JSONReader {
    // MARK: Strings

    /// Goes past a string, validating it: the range between its quotes, and whether it has escapes.
    package mutating func string(_ bytes: Span<UInt8>) throws(JSONError) -> JSONText {
        skipSpace(bytes)
        guard position < end, bytes[position] == UInt8(ascii: "\"") else { throw unexpected(bytes) }
        position += 1
        let start = position
        position = ByteScan.plainText(bytes, from: start, end: end)
        if position < end, bytes[position] == UInt8(ascii: "\"") {
            position += 1
            return JSONText(start: start, end: position - 1, hasEscapes: false)
        }
        return try restOfString(bytes, from: start)
    }

    /// Goes on where something else than plain text stands in a string that began at `start`.
    private mutating func restOfString(
        _ bytes: Span<UInt8>, from start: Int
    ) throws(JSONError) -> JSONText {
        var hasEscapes = false
        while true {
            guard position < end else { throw JSONError(offset: end, reason: .unexpectedEnd) }
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let text = JSONText(start: start, end: position, hasEscapes: hasEscapes)
                position += 1
                return text
            } else if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                try escape(bytes)
            } else if byte < 0x20 {
                throw JSONError(offset: position, reason: .controlCharacter)
            } else if byte < 0x80 {
                position += 1
            } else {
                try multibyte(bytes)
            }
            position = ByteScan.plainText(bytes, from: position, end: end)
        }
    }

    /// Goes past an escape (RFC 8259 section 7). A surrogate must come as a pair.
    private mutating func escape(_ bytes: Span<UInt8>) throws(JSONError) {
        let start = position
        guard position + 1 < end else { throw JSONError(offset: end, reason: .unexpectedEnd) }
        switch bytes[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            position += 2
            let unit = try hexUnit(bytes)
            if unit >> 10 == 0b110111 { throw JSONError(offset: start, reason: .loneSurrogate) }
            guard unit >> 10 == 0b110110 else { return }
            guard position + 1 < end, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            else { throw JSONError(offset: start, reason: .loneSurrogate) }
            position += 2
            guard try hexUnit(bytes) >> 10 == 0b110111 else {
                throw JSONError(offset: start, reason: .loneSurrogate)
            }
        default:
            throw JSONError(offset: start, reason: .invalidEscape)
        }
    }

    private mutating func hexUnit(_ bytes: Span<UInt8>) throws(JSONError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard position < end else { throw JSONError(offset: end, reason: .unexpectedEnd) }
            guard let digit = JSONText.hexDigit(bytes[position]) else {
                throw JSONError(offset: position, reason: .invalidEscape)
            }
            unit = unit << 4 | digit
            position += 1
        }
        return unit
    }

    /// Goes past one character of two to four bytes: the well-formed sequences of Unicode's table
    /// 3-7.
    mutating func multibyte(_ bytes: Span<UInt8>) throws(JSONError) {
        let lead = bytes[position]
        let length: Int
        var low: UInt8 = 0x80
        var high: UInt8 = 0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, low) = (3, 0xA0)
        case 0xED: (length, high) = (3, 0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, low) = (4, 0x90)
        case 0xF4: (length, high) = (4, 0x8F)
        case 0xF1...0xF3: length = 4
        default: throw JSONError(offset: position, reason: .invalidUTF8)
        }
        for index in 1..<length {
            guard position + index < end else {
                throw JSONError(offset: position, reason: .invalidUTF8)
            }
            let byte = bytes[position + index]
            guard byte >= low, byte <= high else {
                throw JSONError(offset: position, reason: .invalidUTF8)
            }
            low = 0x80
            high = 0xBF
        }
        position += length
    }

    // MARK: Numbers and literals

    /// Goes past a number (RFC 8259 section 6), validating it.
    package mutating func number(_ bytes: Span<UInt8>) throws(JSONError) -> JSONNumber {
        skipSpace(bytes)
        let start = position
        if position < end, bytes[position] == UInt8(ascii: "-") { position += 1 }
        guard position < end else { throw JSONError(offset: end, reason: .unexpectedEnd) }
        if bytes[position] == UInt8(ascii: "0") {
            position += 1
            if position < end, isDigit(bytes[position]) {
                throw JSONError(offset: position, reason: .invalidNumber)
            }
        } else {
            try digits(bytes)
        }
        var isInteger = true
        if position < end, bytes[position] == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            try digits(bytes)
        }
        if position < end, bytes[position] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            position += 1
            if position < end,
                bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-")
            {
                position += 1
            }
            try digits(bytes)
        }
        return JSONNumber(start: start, end: position, isPlain: isInteger)
    }

    @inline(__always)
    private mutating func digits(_ bytes: Span<UInt8>) throws(JSONError) {
        guard position < end else { throw JSONError(offset: end, reason: .unexpectedEnd) }
        guard isDigit(bytes[position]) else {
            throw JSONError(offset: position, reason: .invalidNumber)
        }
        while position < end, isDigit(bytes[position]) { position += 1 }
    }

    private func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    /// Goes past `true` or `false`.
    package mutating func boolean(_ bytes: Span<UInt8>) throws(JSONError) -> Bool {
        skipSpace(bytes)
        if position < end, bytes[position] == UInt8(ascii: "t") {
            try literal(bytes, "true")
            return true
        }
        try literal(bytes, "false")
        return false
    }

    /// Goes past `null`.
    package mutating func null(_ bytes: Span<UInt8>) throws(JSONError) {
        skipSpace(bytes)
        try literal(bytes, "null")
    }

    /// Goes past null if that is what stands here; false, and nothing passed, if not.
    package mutating func skipNull(_ bytes: Span<UInt8>) throws(JSONError) -> Bool {
        guard try kind(bytes) == .null else { return false }
        try null(bytes)
        return true
    }

    mutating func literal(_ bytes: Span<UInt8>, _ text: StaticString) throws(JSONError) {
        for index in 0..<text.utf8CodeUnitCount {
            // The index is below the literal's own length.
            let wanted = unsafe text.utf8Start[index]
            guard position < end, bytes[position] == wanted else { throw unexpected(bytes) }
            position += 1
        }
    }
}
