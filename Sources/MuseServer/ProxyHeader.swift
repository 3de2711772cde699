// The server room: what a trusted proxy says before the first line of a connection: the PROXY
// protocol, versions 1 (a line) and 2 (bytes), as HAProxy's proxy-protocol.txt has them. No I/O.
package import MuseBase

package enum ProxyHeader {
    /// What the first bytes are.
    package enum Step: Equatable {
        /// No header: the first line begins here.
        case none
        /// Perhaps a header, but not all of it.
        case needMore
        /// A header of so many bytes. `source`: the caller's address; nil where the proxy speaks
        /// for itself.
        case header(bytes: Int, source: NetworkAddress?)
        /// It began as a header, and is none.
        case malformed
    }

    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]
    private static let word: [UInt8] = Array("PROXY ".utf8)
    /// The longest line of version 1, and the most that is read of version 2.
    private static let lineMax = 107
    private static let bytesMax = 4_096

    package static func read(_ bytes: Span<UInt8>) -> Step {
        if begins(bytes, word) { return bytes.count < word.count ? .needMore : line(bytes) }
        if begins(bytes, signature) { return bytes.count < 16 ? .needMore : binary(bytes) }
        return .none
    }

    /// Whether one begins as the other does, as far as both go.
    private static func begins(_ bytes: Span<UInt8>, _ wanted: [UInt8]) -> Bool {
        for index in 0..<min(bytes.count, wanted.count) where bytes[index] != wanted[index] {
            return false
        }
        return true
    }

    // MARK: Version 1

    private static func line(_ bytes: Span<UInt8>) -> Step {
        var characters: [UInt8] = []
        for index in 0..<min(bytes.count, lineMax) {
            guard bytes[index] == UInt8(ascii: "\n") else {
                characters.append(bytes[index])
                continue
            }
            guard characters.last == UInt8(ascii: "\r") else { return .malformed }
            return line(String(decoding: characters.dropLast(), as: UTF8.self), index + 1)
        }
        return bytes.count >= lineMax ? .malformed : .needMore
    }

    private static func line(_ text: String, _ length: Int) -> Step {
        let words = text.unicodeScalars.split(separator: " ", omittingEmptySubsequences: false)
            .map { String($0) }
        if words.count >= 2, words[1] == "UNKNOWN" { return .header(bytes: length, source: nil) }
        guard words.count == 6, let source = NetworkAddress(text: words[2]),
            let destination = NetworkAddress(text: words[3]), isPort(words[4]), isPort(words[5])
        else { return .malformed }
        switch (words[1], source, destination) {
        case ("TCP4", .ipv4, .ipv4), ("TCP6", .ipv6, .ipv6):
            return .header(bytes: length, source: source)
        default: return .malformed
        }
    }

    /// A number without sign and leading zeros.
    private static func isPort(_ word: String) -> Bool {
        UInt16(word).map { String($0) } == word
    }

    // MARK: Version 2

    private static func binary(_ bytes: Span<UInt8>) -> Step {
        let length = 16 + Int(bytes[14]) << 8 + Int(bytes[15])
        guard bytes[12] >> 4 == 2, bytes[12] & 15 <= 1, length <= bytesMax else {
            return .malformed
        }
        guard bytes.count >= length else { return .needMore }
        // LOCAL: the proxy's own, a check of health for one.
        if bytes[12] & 15 == 0 { return .header(bytes: length, source: nil) }
        switch bytes[13] {
        case 0x11:
            guard length >= 16 + 12 else { return .malformed }
            let source = UInt32(truncatingIfNeeded: integer(bytes, 16, 4))
            return .header(bytes: length, source: .ipv4(source))
        case 0x21:
            guard length >= 16 + 36 else { return .malformed }
            let source = NetworkAddress.ipv6(integer(bytes, 16, 8), integer(bytes, 24, 8))
            return .header(bytes: length, source: source)
        default: return .header(bytes: length, source: nil)
        }
    }

    private static func integer(_ bytes: Span<UInt8>, _ at: Int, _ count: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in at..<(at + count) { value = value << 8 | UInt64(bytes[index]) }
        return value
    }
}
