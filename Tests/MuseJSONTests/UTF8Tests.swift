// Tests of the JSON room: the well-formed sequences of UTF-8 (Unicode table 3-7), by arithmetic.
internal import MuseJSON
internal import Testing

struct UTF8Tests {
    /// Whether `body` is well-formed as a sequence of exactly its own length, from the definition:
    /// shortest form, no surrogate, at most U+10FFFF.
    private func isCharacter(_ body: [UInt8]) -> Bool {
        guard body.count > 1, body.dropFirst().allSatisfy({ $0 & 0xC0 == 0x80 }) else {
            return false
        }
        let lead = UInt32(body[0])
        let (length, bits): (Int, UInt32)
        switch lead {
        case 0xC0...0xDF: (length, bits) = (2, lead & 0x1F)
        case 0xE0...0xEF: (length, bits) = (3, lead & 0x0F)
        case 0xF0...0xF7: (length, bits) = (4, lead & 0x07)
        default: return false
        }
        guard length == body.count else { return false }
        let value = body.dropFirst().reduce(bits) { $0 << 6 | UInt32($1 & 0x3F) }
        let least: UInt32 = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000
        return value >= least && Unicode.Scalar(value) != nil
    }

    /// Reads the body in quotes, after `pad` plain characters, and judges.
    private func expect(_ body: [UInt8], isRead: Bool, pad: Int = 0) {
        let text = [0x22] + [UInt8](repeating: 0x61, count: pad) + body + [0x22]
        let error = skipped(text)
        if isRead {
            guard error != nil else { return }
            Issue.record("\(body) is well-formed and was refused: \(String(describing: error))")
        } else {
            let wanted = JSONError(offset: 1 + pad, reason: .invalidUTF8)
            guard error != wanted else { return }
            Issue.record("\(body) is ill-formed: \(String(describing: error))")
        }
    }

    @Test func `of two bytes every sequence is judged as Unicode does`() {
        for lead in UInt8(0x80)...0xFF {
            for second in UInt8(0x20)...0xFF where second != 0x22 && second != 0x5C {
                let body = [lead, second]
                expect(body, isRead: isCharacter(body))
            }
        }
    }

    @Test func `of three bytes every sequence is judged as Unicode does`() {
        for lead in UInt8(0xE0)...0xEF {
            for second in UInt8(0x20)...0xFF where second != 0x22 && second != 0x5C {
                // Where the second byte is wrong already, the third tells nothing more.
                let isOpen = second & 0xC0 == 0x80
                let thirds: [UInt8] = isOpen ? Array(0x23...0xFF) : [0x7F, 0x80, 0xBF]
                for third in thirds where third != 0x5C {
                    let body = [lead, second, third]
                    expect(body, isRead: isCharacter(body))
                }
            }
        }
    }

    @Test func `of four bytes the boundary sequences are judged as Unicode does`() {
        let edges: [UInt8] = [0x7F, 0x80, 0x81, 0xBF, 0xC0, 0xFF]
        for lead in UInt8(0xF0)...0xFF {
            for second in UInt8(0x7F)...0xC0 {
                for third in edges {
                    for fourth in edges {
                        let body = [lead, second, third, fourth]
                        expect(body, isRead: isCharacter(body))
                    }
                }
            }
        }
    }

    @Test func `every character is read at every place in a word`() {
        let characters: [Unicode.Scalar] = [
            "\u{80}", "\u{7FF}", "\u{800}", "\u{D7FF}", "\u{E000}", "\u{FFFD}", "\u{FFFF}",
            "\u{10000}", "\u{10FFFF}",
        ]
        for pad in 0...17 {
            for character in characters {
                let body = Array(String(character).utf8)
                expect(body, isRead: true, pad: pad)
                // Cut short, it is refused at its first byte, whatever comes after.
                for count in 1..<body.count {
                    expect(Array(body.prefix(count)), isRead: false, pad: pad)
                    let open =
                        [0x22] + [UInt8](repeating: 0x61, count: pad) + Array(body.prefix(count))
                    #expect(skipped(open) == JSONError(offset: 1 + pad, reason: .invalidUTF8))
                }
            }
        }
    }

    @Test func `every scalar comes back as it was written, raw and escaped`() throws {
        // A stride through all planes, and the borders of each.
        var values = Set(stride(from: UInt32(0), through: 0x10FFFF, by: 251))
        for plane in UInt32(0)...16 { values.formUnion([plane << 16, plane << 16 | 0xFFFF]) }
        values.formUnion([0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000])
        for scalar in values.compactMap(Unicode.Scalar.init) {
            let escaped = scalar.utf16Escapes
            let value = try JSONValue("\"\(escaped)\"")
            #expect(value.string.map { Array($0.unicodeScalars) } == [scalar])
            let written = JSONValue.string(String(scalar)).text()
            #expect(try JSONValue(written).string.map { Array($0.unicodeScalars) } == [scalar])
        }
    }
}

extension Unicode.Scalar {
    /// The scalar as `\u` escapes.
    var utf16Escapes: String {
        String(self).utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
    }
}
