// The HTTP room: the values of some fields, and pages' links. Pure.
package import MuseBase
package import MuseJSON
internal import MuseServer

/// The field `Accept` (RFC 9110 section 12.5.1).
package enum Accept {
    /// Whether an answer of that type may be sent.
    package static func admits(_ field: String?, _ type: String, _ subtype: String) -> Bool {
        guard let field, !field.allSatisfy({ $0 == " " }) else { return true }
        return quality(field, type, subtype) > 0
    }

    /// How much it is wanted: of the ranges that match, the most specific one's weight.
    package static func quality(_ field: String, _ type: String, _ subtype: String) -> Double {
        var best = (specificity: 0, weight: 0.0)
        for part in Text.pieces(field, ",") {
            let pieces = Text.pieces(part, ";", omittingEmpty: false).map { $0.lowercased() }
            guard let range = pieces.first else { continue }
            let specificity: Int
            switch range {
            case "\(type)/\(subtype)": specificity = 3
            case "\(type)/*": specificity = 2
            case "*/*", "*": specificity = 1
            default: continue
            }
            guard specificity > best.specificity else { continue }
            best = (specificity, weight(pieces.dropFirst()))
        }
        return best.weight
    }

    /// The weight among parameters: from 0 to 1; 1 where there is none, 0 for what is no weight
    /// (RFC 9110 section 12.4.2).
    static func weight(_ parameters: some Sequence<String>) -> Double {
        for parameter in parameters where parameter.utf8.starts(with: "q=".utf8) {
            let text = String(parameter.unicodeScalars.dropFirst(2))
            guard text.allSatisfy({ "0123456789.".contains($0) }), let weight = Double(text),
                weight <= 1
            else { return 0 }
            return weight
        }
        return 1
    }
}

/// The field `Content-Type`.
package enum MediaType {
    /// Whether it is JSON in UTF-8.
    package static func isJSON(_ field: String?) -> Bool {
        guard let field else { return false }
        let pieces = Text.pieces(field, ";", omittingEmpty: false).map { $0.lowercased() }
        guard pieces.first == "application/json" else { return false }
        for piece in pieces.dropFirst() where piece.utf8.starts(with: "charset=".utf8) {
            let name = String(piece.unicodeScalars.dropFirst(8)).filter { $0 != "\"" }
            guard name == "utf-8" || name == "utf8" else { return false }
        }
        return true
    }
}

/// Texts of fields.
enum Text {
    /// What stands between the marks, without the blanks around it. By scalars: a mark is
    /// one whatever a client has put before it and after it.
    static func pieces(
        _ text: String, _ mark: Unicode.Scalar, omittingEmpty: Bool = true
    ) -> [String] {
        text.unicodeScalars.split(separator: mark, omittingEmptySubsequences: omittingEmpty)
            .map { trimmed(String($0)) }
    }

    /// Without the blanks around it.
    static func trimmed(_ text: String) -> String {
        var bytes = Array(text.utf8)[...]
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes.removeFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A page's relation to the next one.
package enum Page {
    /// The field `Link` (RFC 8288) with the address of the next page; nil at the end.
    package static func link(_ body: borrowing JSONWriter, _ target: Target) -> String? {
        guard let cursor = cursor(body) else { return nil }
        var text = JSONWriter()
        text.raw("<")
        for segment in target.segments {
            text.raw("/")
            append(segment, to: &text)
        }
        text.raw("?")
        for item in target.query where item.name != "cursor" {
            append(item.name, to: &text)
            text.raw("=")
            append(item.value, to: &text)
            text.raw("&")
        }
        text.raw("cursor=")
        append(cursor, to: &text)
        text.raw(">; rel=\"next\"")
        return text.string()
    }

    /// The cursor at the end of a page that was just written.
    private static func cursor(_ body: borrowing JSONWriter) -> String? {
        unsafe body.withBytes { bytes in
            let tail = unsafe bytes.suffix(512)
            guard unsafe tail.suffix(2).elementsEqual("\"}".utf8) else { return nil }
            let text = unsafe tail.dropLast(2)
            guard let quote = unsafe text.lastIndex(of: UInt8(ascii: "\"")) else { return nil }
            return unsafe String(decoding: text[(quote + 1)...], as: UTF8.self)
        }
    }

    /// Percent-encoded but for what needs no encoding (RFC 3986 section 2.3).
    private static func append(_ part: String, to text: inout JSONWriter) {
        let bytes = part.utf8.span
        for index in bytes.indices {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                text.byte(byte)
            default:
                text.raw("%")
                text.byte(hex(byte >> 4))
                text.byte(hex(byte & 15))
            }
        }
    }

    private static func hex(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") - 10 + digit
    }
}

/// Who calls, by the word of a trusted proxy.
package enum ForwardedAddress {
    /// The last address that is not a trusted proxy's own; nil where none can be read.
    ///
    /// A proxy writes one of the two fields, and lets the other through as the client wrote it:
    /// where both are there and do not agree, neither is believed.
    package static func client(
        forwarded: String?, forwardedFor: String?, isTrusted: (NetworkAddress) -> Bool
    ) -> NetworkAddress? {
        let standard = forwarded.map { last(elements($0), isTrusted) }
        let usual = forwardedFor.map { last(Text.pieces($0, ","), isTrusted) }
        guard let standard else { return usual ?? nil }
        guard let usual else { return standard }
        return standard == usual ? standard : nil
    }

    private static func last(
        _ addresses: [String], _ isTrusted: (NetworkAddress) -> Bool
    ) -> NetworkAddress? {
        var found: NetworkAddress?
        for text in addresses.reversed() {
            guard let address = read(text) else { return found }
            found = address
            if !isTrusted(address) { break }
        }
        return found
    }

    /// What each element says `for`; nothing, which is no address, where it does not (RFC 7239
    /// section 4).
    private static func elements(_ forwarded: String) -> [String] {
        Text.pieces(forwarded, ",").map { element in
            for pair in Text.pieces(element, ";")
            where pair.lowercased().utf8.starts(with: "for=".utf8) {
                return String(pair.unicodeScalars.dropFirst(4))
            }
            return ""
        }
    }

    /// An address, quoted or not, in brackets or not, with or without a port.
    static func read(_ text: String) -> NetworkAddress? {
        var text = text.unicodeScalars[...]
        if text.count >= 2, text.first == "\"", text.last == "\"" {
            text = text.dropFirst().dropLast()
        }
        if text.first == "[", let close = text.firstIndex(of: "]") {
            text = text[..<close].dropFirst()
        } else if text.count(where: { $0 == ":" }) == 1, let colon = text.firstIndex(of: ":") {
            text = text[..<colon]
        }
        return NetworkAddress(text: String(text))
    }
}
