// Tests of the vocabulary room: which characters a text may have, against Unicode's own properties.
internal import MentalMuseProtocol
internal import MuseJSON
internal import Testing

struct TextTests {
    /// Every scalar that is a control, a format character or white space, those beside them, and
    /// others.
    private static let scalars: [Unicode.Scalar] = {
        var chosen: Set<UInt32> = []
        for value in UInt32(0)...0x10FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let isSpecial =
                switch scalar.properties.generalCategory {
                case .control, .format: true
                default: scalar.properties.isWhitespace
                }
            if isSpecial { chosen.formUnion([value, value &+ 1, value == 0 ? 0 : value - 1]) }
            if value % 4_099 == 0 { chosen.insert(value) }
        }
        return chosen.sorted().compactMap(Unicode.Scalar.init)
    }()

    private func isTaken(_ method: MethodID, _ member: String, _ text: String) -> Bool {
        var writer = JSONWriter()
        writer.raw("{\"")
        writer.raw(text: member)
        writer.raw("\":")
        writer.string(text)
        writer.raw("}")
        return Outcome(method, writer.string()).offences.isEmpty
    }

    private func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control
    }

    private func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        let category = scalar.properties.generalCategory
        return !scalar.properties.isWhitespace && category != .control && category != .format
    }

    @Test func `within a post every character may stand but controls other than line feed and tab`()
    {
        for scalar in Self.scalars {
            let wanted = !isControl(scalar) || scalar == "\n" || scalar == "\t"
            #expect(
                isTaken(.postsCreate, "body", "a\(scalar)b") == wanted,
                "U+\(String(scalar.value, radix: 16))")
        }
    }

    @Test func `within a line no control may stand`() {
        for scalar in Self.scalars {
            #expect(
                isTaken(.usersUpdate, "display_name", "a\(scalar)b") == !isControl(scalar),
                "U+\(String(scalar.value, radix: 16))")
        }
    }

    @Test func `a text has something to see`() {
        for scalar in Self.scalars {
            #expect(
                isTaken(.postsCreate, "body", " \(scalar)\n") == isVisible(scalar),
                "U+\(String(scalar.value, radix: 16))")
        }
        #expect(!isTaken(.postsCreate, "body", "\u{FEFF}\u{200B}\u{2060}\u{E0020}"))
        #expect(isTaken(.postsCreate, "body", "\u{200B}."))
    }
}
