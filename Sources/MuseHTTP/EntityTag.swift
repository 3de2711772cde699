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
        for part in Text.pieces(acceptEncoding, ",") {
            let pieces = Text.pieces(part, ";", omittingEmpty: false).map { $0.lowercased() }
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
        var rest = Array(field.utf8)[...]
        var digests: [EntityDigest] = []
        let quote = UInt8(ascii: "\"")
        while let open = rest.firstIndex(of: quote),
            let close = rest[(open + 1)...].firstIndex(of: quote)
        {
            let isWeak = rest[..<open].suffix(2).elementsEqual("W/".utf8)
            if let found = digest(Array(rest[(open + 1)..<close]), isWeak) { digests.append(found) }
            rest = rest[(close + 1)...]
        }
        return .these(digests)
    }
}
