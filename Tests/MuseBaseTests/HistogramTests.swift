// Twin of Histogram.swift: every value in one bucket, the buckets in a row, quantiles.
internal import MuseBase
internal import Testing

@Suite struct HistogramTests {
    @Test(
        "Buckets follow one another, and each holds its own first and last value", arguments: 0...9)
    func buckets(_ bits: Int) {
        let buckets = LogLinear(bits: bits)
        #expect(buckets.start(0) == 0)
        for index in 0..<buckets.count {
            #expect(buckets.index(of: buckets.start(index)) == index)
            #expect(buckets.index(of: buckets.last(index)) == index)
            if index > 0 { #expect(buckets.last(index - 1) + 1 == buckets.start(index)) }
        }
        #expect(buckets.last(buckets.count - 1) == .max)
    }

    @Test("A bucket is no wider than its part of the value")
    func width() {
        let buckets = LogLinear(bits: 6)
        for value: UInt64 in [64, 65, 1_000, 123_456_789, .max / 3] {
            let index = buckets.index(of: value)
            #expect((buckets.last(index) - buckets.start(index)) <= value >> 6)
        }
    }

    @Test("Quantiles are the values at their ranks, to within a bucket, and not above the greatest")
    func quantiles() {
        var histogram = Histogram(bits: 6)
        #expect(histogram.quantile(0.5) == 0)
        for value: UInt64 in 1...1_000 { histogram.add(value * 1_000) }
        #expect(histogram.total == 1_000)
        let expected: [(Double, UInt64)] = [(0.5, 500_000), (0.9, 900_000), (0.99, 990_000)]
        for (part, value) in expected {
            let found = histogram.quantile(part)
            #expect(found >= value && found <= value + value >> 6)
        }
        #expect(histogram.quantile(1) == 1_000_000)
        #expect(histogram.quantile(0) <= 1_000 + 1_000 >> 6)
    }

    @Test("Small values are told exactly")
    func small() {
        var histogram = Histogram(bits: 2)
        for value: UInt64 in [0, 1, 2, 3] { histogram.add(value) }
        #expect(histogram.quantile(0.25) == 0)
        #expect(histogram.quantile(0.75) == 2)
        #expect(histogram.quantile(1) == 3)
    }
}
