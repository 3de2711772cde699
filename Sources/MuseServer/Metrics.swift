// The server room: counters. Each worker counts alone; whoever asks adds them up.
internal import MentalMuseProtocol
internal import MuseBase
internal import Synchronization

/// A row of counters that one thread adds to and any may read.
@safe
final class Counters: @unchecked Sendable {
    private let counters: UnsafeMutableBufferPointer<Atomic<UInt64>>

    init(_ count: Int) {
        unsafe counters = .allocate(capacity: count)
        for index in 0..<count {
            unsafe counters.initializeElement(at: index, to: Atomic<UInt64>(0))
        }
    }

    deinit {
        unsafe counters.deinitialize()
        unsafe counters.deallocate()
    }

    var count: Int { unsafe counters.count }

    subscript(index: Int) -> UInt64 {
        unsafe counters[index].load(ordering: .relaxed)
    }

    /// By the owner's thread alone: a load and a store, no locked instruction.
    func add(_ index: Int, _ amount: UInt64 = 1) {
        let value = unsafe counters[index].load(ordering: .relaxed)
        unsafe counters[index].store(value &+ amount, ordering: .relaxed)
    }

    /// By the owner's thread alone.
    func raise(_ index: Int, to value: UInt64) {
        let old = unsafe counters[index].load(ordering: .relaxed)
        if value > old { unsafe counters[index].store(value, ordering: .relaxed) }
    }

    /// By the owner's thread alone.
    func set(_ index: Int, _ value: UInt64) {
        unsafe counters[index].store(value, ordering: .relaxed)
    }
}

/// Buckets of durations: eight an octave, from an eighth of a microsecond up.
enum DurationBucket {
    static let count = 456
    private static let buckets = LogLinear(bits: 3)

    static func index(nanoseconds: UInt64) -> Int {
        buckets.index(of: nanoseconds >> 7)
    }

    /// Where a bucket ends, in nanoseconds.
    static func end(_ index: Int) -> UInt64 {
        let last = buckets.last(index)
        return last < 1 << 56 ? (last + 1) << 7 : .max
    }

    /// The middle of a bucket, in microseconds.
    static func microseconds(_ index: Int) -> Int {
        let (start, last) = (buckets.start(index), buckets.last(index))
        let middle = start + (last - start + 1) / 2
        return middle < 1 << 50 ? Int(middle) * 128 / 1_000 : .max
    }
}

/// What came of a method in one style.
package struct CallFigures: Sendable {
    /// The bounds of a histogram of durations, in nanoseconds.
    package static let bounds: [UInt64] = [
        10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
        10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000, 1_000_000_000,
        10_000_000_000,
    ]

    package let style: CallStyle
    package let method: String
    package let requests: Int
    package let errors: Int
    /// All durations together.
    package let nanoseconds: UInt64
    /// How many took at most so long, by the bounds; to within an eighth.
    package let within: [Int]
}

/// What one worker counts.
final class WorkerMetrics: Sendable {
    enum Total: Int, CaseIterable {
        case bytesIn, bytesOut, buffered, linesUnparsable, responsesDropped
    }

    /// Methods of the schema, and after them `rpc.discover`.
    static let discover = MethodID.allCases.count

    let totals = Counters(Total.allCases.count)
    private let requests = Counters(discover + 1)
    private let errors = Counters(discover + 1)
    private let longest = Counters(discover + 1)
    private let sums = Counters(discover + 1)
    private let durations = Counters((discover + 1) * DurationBucket.count)
    private let codes = Lock<[Int: (name: String, answers: Int)]>([:])

    /// `count` calls of a method were answered, `nanoseconds` after they came.
    func note(_ method: Int, count: Int, nanoseconds: UInt64) {
        requests.add(method, UInt64(count))
        longest.raise(method, to: nanoseconds)
        sums.add(method, nanoseconds &* UInt64(count))
        let bucket = DurationBucket.index(nanoseconds: nanoseconds)
        durations.add(
            method * DurationBucket.count + min(bucket, DurationBucket.count - 1), UInt64(count))
    }

    /// A refusal was made. `method`: nil where it was not known.
    func noteError(_ method: Int?, code: Int, name: String) {
        if let method { errors.add(method) }
        codes.withLock { $0[code, default: (name, 0)].answers += 1 }
    }

    func add(_ total: Total, _ amount: Int) {
        totals.add(total.rawValue, UInt64(amount))
    }

    // MARK: Reading, from any thread

    static func sum(_ workers: [WorkerMetrics], _ total: Total) -> Int {
        workers.reduce(0) { $0 + Int(clamping: $1.totals[total.rawValue]) }
    }

    static func methods(_ workers: [WorkerMetrics]) -> [MethodMetrics] {
        (0...discover).compactMap { method in
            let requests = workers.reduce(0) { $0 + Int(clamping: $1.requests[method]) }
            guard requests > 0 else { return nil }
            let buckets = (0..<DurationBucket.count).map { bucket in
                workers.reduce(0) {
                    $0 + Int(clamping: $1.durations[method * DurationBucket.count + bucket])
                }
            }
            let longest = workers.map { $0.longest[method] }.max() ?? 0
            let longestMicroseconds = Int(clamping: longest / 1_000)
            return MethodMetrics(
                method: MethodID(rawValue: UInt8(method))?.name ?? SchemaDocument.discoverMethod,
                requests: requests,
                errors: workers.reduce(0) { $0 + Int(clamping: $1.errors[method]) },
                p50Us: min(quantile(buckets, 0.5), longestMicroseconds),
                p99Us: min(quantile(buckets, 0.99), longestMicroseconds),
                maxUs: longestMicroseconds)
        }
    }

    /// What came of each method in one style, for histograms.
    static func figures(_ workers: [WorkerMetrics], _ style: CallStyle) -> [CallFigures] {
        (0...discover).compactMap { method in
            let requests = workers.reduce(0) { $0 + Int(clamping: $1.requests[method]) }
            guard requests > 0 else { return nil }
            var within = CallFigures.bounds.map { _ in 0 }
            for bucket in 0..<DurationBucket.count {
                let count = workers.reduce(0) {
                    $0 + Int(clamping: $1.durations[method * DurationBucket.count + bucket])
                }
                guard count > 0 else { continue }
                let end = DurationBucket.end(bucket)
                for (index, bound) in CallFigures.bounds.enumerated() where end <= bound {
                    within[index] += count
                }
            }
            return CallFigures(
                style: style,
                method: MethodID(rawValue: UInt8(method))?.name ?? SchemaDocument.discoverMethod,
                requests: requests,
                errors: workers.reduce(0) { $0 + Int(clamping: $1.errors[method]) },
                nanoseconds: workers.reduce(0) { $0 &+ $1.sums[method] }, within: within)
        }
    }

    static func errors(_ workers: [WorkerMetrics]) -> [ErrorMetrics] {
        var sum: [Int: (name: String, answers: Int)] = [:]
        for worker in workers {
            worker.codes.withLock { codes in
                for (code, value) in codes {
                    sum[code, default: (value.name, 0)].answers += value.answers
                }
            }
        }
        return sum.sorted { $0.key < $1.key }.map {
            ErrorMetrics(code: $0.key, name: $0.value.name, answers: $0.value.answers)
        }
    }

    private static func quantile(_ buckets: [Int], _ part: Double) -> Int {
        let wanted = Double(buckets.reduce(0, +)) * part
        var seen = 0
        for (index, count) in buckets.enumerated() {
            seen += count
            if count > 0, Double(seen) >= wanted { return DurationBucket.microseconds(index) }
        }
        return 0
    }
}
