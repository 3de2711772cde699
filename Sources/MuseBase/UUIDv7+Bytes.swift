// The base room: identifiers as sixteen bytes, as RFC 9562 section 4 orders them. Called where ids
// are part of a record's bytes.

extension UUIDv7 {
    /// How many bytes one has.
    package static let byteCount = 16

    /// Its sixteen bytes, the most significant first.
    package var bytes: [UInt8] { Self.bytes(of: CollectionOfOne(self)) }

    /// Those of several, one after the other.
    package static func bytes(of ids: some Collection<UUIDv7>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(ids.count * byteCount)
        for id in ids {
            id.high.append(to: &bytes)
            id.low.append(to: &bytes)
        }
        return bytes
    }

    /// The ids of a record; what is left after the last whole one is not looked at.
    package static func all(in bytes: [UInt8]) -> [UUIDv7] {
        stride(from: 0, through: bytes.count - byteCount, by: byteCount).map { start in
            let halves = [start, start + 8].map { half in
                bytes[half..<half + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            }
            return UUIDv7(high: halves[0], low: halves[1])
        }
    }
}

extension UInt64 {
    /// Appends its eight bytes, the most significant first.
    fileprivate func append(to bytes: inout [UInt8]) {
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: self >> UInt64(shift)))
        }
    }
}
