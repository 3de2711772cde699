// Fuzzing: what a proxy says of its client: the PROXY protocol's header, the fields Forwarded and
// X-Forwarded-For, and addresses.
internal import MuseBase
internal import MuseHTTP
internal import MuseServer

extension FuzzTarget {
    /// Any bytes as the beginning of a connection, as either field, and as an address.
    package static let proxy = FuzzTarget(
        name: "proxy",
        tokens: [
            "PROXY ", "TCP4 ", "TCP6 ", "UNKNOWN", "192.0.2.1", "10.0.0.1", "2001:db8::1", "::1",
            "::ffff:192.0.2.1", " 80", " 65536", " +80", "\r\n", "\n", "\r\n\r\n\u{0}\r\nQUIT\n",
            "!\u{11}\u{0}\u{c}", "!!\u{0}$", " \u{0}\u{0}\u{0}", "for=", "For=\"[", "]:1\"", ",",
            ", ", ";", "by=", "\"", "\u{600}", "\u{301}", "\u{0}", "é", "/8", "/+8", "/129",
        ],
        failure: { headerFailure($0) ?? addressFailure($0.shown) ?? forwardedFailure($0) })

    // MARK: The header

    private static func headerFailure(_ bytes: [UInt8]) -> String? {
        let whole = ProxyHeader.read(bytes.span)
        let wanted = PlainProxy.read(bytes)
        guard whole == wanted else { return "\(whole), wanted \(wanted)" }
        if case .header(let count, _) = whole, count > bytes.count { return "longer than it is" }
        // What has come so far is enough, or a beginning; more of it changes no answer.
        var isDecided = false
        for count in 0...min(bytes.count, 130) {
            let step = ProxyHeader.read(Array(bytes[..<count]).span)
            if count > 0, isDecided, step != whole { return "\(step) at \(count), then \(whole)" }
            if count > 0, step != .needMore {
                isDecided = true
                if step != whole { return "\(step) at \(count), \(whole) at the end" }
            }
        }
        return nil
    }

    // MARK: Addresses

    private static func addressFailure(_ text: String) -> String? {
        let range = AddressRange(text)
        guard let address = NetworkAddress(text: text) else {
            return range == nil || text.contains("/") ? nil : "a range of no address: \(text)"
        }
        guard NetworkAddress(text: address.text) == address else {
            return "\(text) is written \(address.text)"
        }
        let isPlain = text.utf8.allSatisfy { byte in
            (0x30...0x3A).contains(byte) || byte == 0x2E || (0x41...0x46).contains(byte)
                || (0x61...0x66).contains(byte)
        }
        guard isPlain else { return "\(text) is an address" }
        guard range?.contains(address) ?? false else { return "\(text) is not in itself" }
        let width = if case .ipv4 = address { 32 } else { 128 }
        for bits in [0, 1, 8, 31, 32, 33, 64, 96, 128, 129] {
            guard let network = AddressRange("\(text)/\(bits)") else { continue }
            guard bits <= width, network.contains(address) else {
                return "\(text)/\(bits) is a range, without its own address"
            }
        }
        return nil
    }

    // MARK: Fields

    /// A proxy adds the address that it sees at the end, whatever its client sent before it.
    private static func forwardedFailure(_ bytes: [UInt8]) -> String? {
        let field = bytes.shown
        let ours = NetworkAddress.ipv4(0x0A00_0001)
        let seen = NetworkAddress.ipv4(0xC000_0207)
        let isTrusted = { (address: NetworkAddress) in address == ours }
        for tail in ["192.0.2.7", "192.0.2.7, 10.0.0.1"] {
            let usual = ForwardedAddress.client(
                forwarded: nil, forwardedFor: field + ", " + tail, isTrusted: isTrusted)
            guard usual == seen else { return "\(field), \(tail): \(String(describing: usual))" }
            let elements = tail.split(separator: ", ").map { "for=" + $0 }.joined(separator: ", ")
            let standard = ForwardedAddress.client(
                forwarded: field + ", " + elements, forwardedFor: nil, isTrusted: isTrusted)
            guard standard == seen else {
                return "\(field), \(elements): \(String(describing: standard))"
            }
            let both = ForwardedAddress.client(
                forwarded: field, forwardedFor: field + ", " + tail, isTrusted: isTrusted)
            guard both == nil || both == seen else {
                return "\(field): both say \(both?.text ?? "")"
            }
        }
        // Before everything, it is nobody's word as long as something else can be read.
        let last = ForwardedAddress.client(
            forwarded: nil, forwardedFor: "192.0.2.7, " + field, isTrusted: isTrusted)
        let wanted = plainClient(Array("192.0.2.7, ".utf8) + bytes.shown.utf8, isTrusted)
        return last == wanted ? nil : "\(field): \(String(describing: last)) is the last"
    }

    /// The last address that is not trusted, by a plain reading of bytes.
    private static func plainClient(
        _ field: [UInt8], _ isTrusted: (NetworkAddress) -> Bool
    ) -> NetworkAddress? {
        var found: NetworkAddress?
        for element in field.split(separator: UInt8(ascii: ",")).reversed() {
            let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
            let rest = Array(element.drop(while: isSpace))
            var text = Array(rest.prefix((rest.lastIndex { !isSpace($0) } ?? -1) + 1))
            if text.count > 1, text.first == 0x22, text.last == 0x22 {
                text = Array(text.dropFirst().dropLast())
            }
            if text.first == UInt8(ascii: "["), let close = text.firstIndex(of: UInt8(ascii: "]")) {
                text = Array(text[1..<close])
            } else if text.count(where: { $0 == 0x3A }) == 1,
                let colon = text.firstIndex(of: 0x3A)
            {
                text = Array(text[..<colon])
            }
            guard let address = NetworkAddress(text: text.shown) else { return found }
            found = address
            if !isTrusted(address) { return found }
        }
        return found
    }
}

/// The PROXY protocol's header by a plain reading.
private enum PlainProxy {
    private static let signature = Array("\r\n\r\n\u{0}\r\nQUIT\n".utf8)

    static func read(_ bytes: [UInt8]) -> ProxyHeader.Step {
        if bytes.starts(with: Array("PROXY ".utf8)) { return line(bytes) }
        if bytes.starts(with: signature) { return binary(bytes) }
        let isBeginning = Array("PROXY ".utf8).starts(with: bytes) || signature.starts(with: bytes)
        return isBeginning ? .needMore : .none
    }

    private static func line(_ bytes: [UInt8]) -> ProxyHeader.Step {
        guard let feed = bytes.prefix(107).firstIndex(of: 0x0A) else {
            return bytes.count < 107 ? .needMore : .malformed
        }
        guard bytes[feed - 1] == 0x0D else { return .malformed }
        let words = bytes[..<(feed - 1)].split(separator: 0x20, omittingEmptySubsequences: false)
            .map { Array($0).shown }
        if words[1].utf8.elementsEqual("UNKNOWN".utf8) {
            return .header(bytes: feed + 1, source: nil)
        }
        guard words.count == 6, let source = NetworkAddress(text: words[2]),
            let target = NetworkAddress(text: words[3]), family(source) == words[1],
            family(target) == words[1], isPort(words[4]), isPort(words[5])
        else { return .malformed }
        return .header(bytes: feed + 1, source: source)
    }

    private static func family(_ address: NetworkAddress) -> String {
        if case .ipv4 = address { "TCP4" } else { "TCP6" }
    }

    /// At most 65535; zeros lead no other digits.
    private static func isPort(_ word: String) -> Bool {
        let digits = Array(word.utf8)
        guard (1...5).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.count == 1 || digits[0] != 0x30
        else { return false }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) } <= 65_535
    }

    private static func binary(_ bytes: [UInt8]) -> ProxyHeader.Step {
        guard bytes.count >= 16 else { return .needMore }
        let count = 16 + Int(bytes[14]) * 256 + Int(bytes[15])
        guard bytes[12] == 0x20 || bytes[12] == 0x21, count <= 4_096 else { return .malformed }
        guard bytes.count >= count else { return .needMore }
        let addresses = Array(bytes[16..<count])
        switch (bytes[12], bytes[13]) {
        case (0x21, 0x11):
            guard addresses.count >= 12 else { return .malformed }
            let text = addresses[..<4].map { String($0) }.joined(separator: ".")
            return .header(bytes: count, source: NetworkAddress(text: text))
        case (0x21, 0x21):
            guard addresses.count >= 36 else { return .malformed }
            let groups = (0..<8).map {
                String(Int(addresses[2 * $0]) * 256 + Int(addresses[2 * $0 + 1]), radix: 16)
            }
            return .header(
                bytes: count, source: NetworkAddress(text: groups.joined(separator: ":")))
        default: return .header(bytes: count, source: nil)
        }
    }
}
