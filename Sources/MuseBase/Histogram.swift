// The base room: how often something took how long. The server, its writer and the load generator
// count by it, each at its own fineness.

/// Buckets as wide as their values are large: `2^bits` to each power of two, so that a bucket's
/// ends are within one part in `2^bits` of each other. Values below `2^bits` have one each.
package struct LogLinear: Sendable, Equatable {
    @usableFromInline package let bits: Int

    /// `bits`: from 0 to 16.
    @inlinable
    package init(bits: Int) {
        precondition(bits >= 0 && bits <= 16, "so many buckets are of no use")
        self.bits = bits
    }

    /// How many buckets there are for all values of 64 bits.
    package var count: Int { (65 - bits) << bits }

    /// The bucket of a value.
    @inlinable
    package func index(of value: UInt64) -> Int {
        let power = 63 - value.leadingZeroBitCount
        guard power >= bits else { return Int(truncatingIfNeeded: value) }
        let place = Int(truncatingIfNeeded: value >> UInt64(power - bits)) & (1 << bits - 1)
        return (power - bits + 1) << bits + place
    }

    /// The least value of a bucket.
    package func start(_ index: Int) -> UInt64 {
        guard index >= 1 << bits else { return UInt64(index) }
        let place = UInt64(1 << bits + index & (1 << bits - 1))
        return place << UInt64(index >> bits - 1)
    }

    /// The greatest value of a bucket.
    package func last(_ index: Int) -> UInt64 {
        index + 1 < count ? start(index + 1) - 1 : .max
    }
}

/// How often values were met, by buckets.
package struct Histogram: Sendable {
    package let buckets: LogLinear
    private var counts: [UInt64]
    /// How many there were.
    package private(set) var total: UInt64 = 0
    /// The greatest; 0 where there was none.
    package private(set) var greatest: UInt64 = 0

    /// An empty one; `bits` as in `LogLinear`.
    package init(bits: Int) {
        buckets = LogLinear(bits: bits)
        counts = [UInt64](repeating: 0, count: buckets.count)
    }

    /// Counts a value.
    package mutating func add(_ value: UInt64) {
        counts[buckets.index(of: value)] &+= 1
        total &+= 1
        if value > greatest { greatest = value }
    }

    /// The value that `part` of all (0 to 1) do not exceed: the upper end of its bucket, at most
    /// the greatest; 0 where there was none.
    package func quantile(_ part: Double) -> UInt64 {
        guard total > 0 else { return 0 }
        let rank = max(1, UInt64((Double(total) * part).rounded(.up)))
        var seen: UInt64 = 0
        for (index, count) in counts.enumerated() {
            seen += count
            if seen >= rank { return min(buckets.last(index), greatest) }
        }
        return greatest
    }
}
