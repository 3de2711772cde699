// The HTTP room: entity tags (RFC 9110 section 8.8.3): an answer's state, and the coding in which
// it is sent. Strong ones; one for each coding. Pure.
package import MentalMuseProtocol

/// How a body is coded.
package enum Coding: Sendable, Equatable {
    case identity, gzip

    /// What of a tag says so.
    fileprivate var suffix: String {
        switch self {
        case .identity: ""
        case .gzip: "-gzip"
        }
    }

    /// Which one an `Accept-Encoding` gets (RFC 9110 section 12.5.3).
    package static func chosen(_ acceptEncoding: String?) -> Coding {
        guard let acceptEncoding else { return .identity }
        var named: Double?
        var others = 0.0
        for part in acceptEncoding.split(separator: ",") {
            let pieces = part.split(separator: ";").map { Text.trimmed($0).lowercased() }
            switch pieces.first {
            case "gzip", "x-gzip": named = Accept.weight(pieces.dropFirst())
            case "*": others = Accept.weight(pieces.dropFirst())
            default: break
            }
        }
        return named ?? others > 0 ? .gzip : .identity
    }
}

/// The text of tags.
package enum EntityTag {
    package static func text(_ digest: EntityDigest, _ coding: Coding) -> String {
        "\"" + digest.text + coding.suffix + "\""
    }

    /// Reads `If-Match`: strong tags of any coding. What is no tag of ours matches nothing.
    package static func matches(_ field: String) -> KnownEntities {
        read(field) { opaque, isWeak in
            guard !isWeak else { return nil }
            return digest(opaque, .identity) ?? digest(opaque, .gzip)
        }
    }

    /// Reads `If-None-Match`: tags of the coding in which the answer would be sent, weak or strong.
    package static func known(_ field: String, _ coding: Coding) -> KnownEntities {
        read(field) { opaque, _ in digest(opaque, coding) }
    }

    private static func digest(_ opaque: [UInt8], _ coding: Coding) -> EntityDigest? {
        let suffix = Array(coding.suffix.utf8)
        guard opaque.count == 22 + suffix.count, opaque.suffix(suffix.count) == suffix[...] else {
            return nil
        }
        return EntityDigest(Array(opaque.prefix(22)).span)
    }

    private static func read(
        _ field: String, _ digest: ([UInt8], Bool) -> EntityDigest?
    ) -> KnownEntities {
        if Text.trimmed(field) == "*" { return .any }
        let bytes = Array(field.utf8)
        var digests: [EntityDigest] = []
        var index = 0
        while index < bytes.count {
            let isWeak =
                bytes[index] == UInt8(ascii: "W") && index + 1 < bytes.count
                && bytes[index + 1] == UInt8(ascii: "/")
            if isWeak { index += 2 }
            guard index < bytes.count else { break }
            guard bytes[index] == UInt8(ascii: "\"") else {
                index += 1
                continue
            }
            guard let end = bytes[(index + 1)...].firstIndex(of: UInt8(ascii: "\"")) else { break }
            if let found = digest(Array(bytes[(index + 1)..<end]), isWeak) { digests.append(found) }
            index = end + 1
        }
        return .these(digests)
    }
}
