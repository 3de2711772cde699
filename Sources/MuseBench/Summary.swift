// The measuring room: what the rounds come to together.
internal import MuseBase

/// A figure over the rounds.
package struct Spread: Sendable {
    package let median: Double
    package let least: Double
    package let most: Double

    /// Of at least one value; of none it is all 0.
    package init(_ values: [Double]) {
        let sorted = values.sorted()
        least = sorted.first ?? 0
        most = sorted.last ?? 0
        let middle = sorted.count / 2
        if sorted.isEmpty {
            median = 0
        } else if sorted.count % 2 == 1 {
            median = sorted[middle]
        } else {
            median = (sorted[middle - 1] + sorted[middle]) / 2
        }
    }
}

/// The parts of a latency that are told.
enum Percentile: String, CaseIterable {
    case p50, p90, p99, p999 = "p99.9", max

    var part: Double {
        switch self {
        case .p50: 0.5
        case .p90: 0.9
        case .p99: 0.99
        case .p999: 0.999
        case .max: 1
        }
    }
}

extension LoadFigures {
    /// Microseconds.
    func latency(_ percentile: Percentile) -> Double {
        Double(latency.quantile(percentile.part)) / 1_000
    }

    /// A figure for each of `count`; 0 of none.
    fileprivate func each(_ amount: Double, _ count: Int) -> Double {
        count > 0 ? amount / Double(count) : 0
    }
}

/// A row of loads alike.
protocol Rounds {
    var rounds: [LoadFigures] { get }
}

extension Point: Rounds {
    /// `page 64x16`, `page 64 at 0.9`.
    var name: String {
        guard let rate else { return "\(operation.rawValue) \(connections)x\(depth)" }
        let load = share.map { Decimals.text($0, 2) } ?? Decimals.text(rate, 0) + "/s"
        return "\(operation.rawValue) \(connections) at \(load)"
    }
}

extension Rounds {
    private func spread(_ figure: (LoadFigures) -> Double) -> Spread { Spread(rounds.map(figure)) }

    var perSecond: Spread { spread(\.perSecond) }
    /// Microseconds.
    func latency(_ percentile: Percentile) -> Spread { spread { $0.latency(percentile) } }
    var bytesOut: Spread { spread { $0.each(Double($0.bytesOut), $0.sent) } }
    var bytesIn: Spread { spread { $0.each(Double($0.bytesIn), $0.answers) } }
    var unanswered: Int { rounds.reduce(0) { $0 + $1.unanswered } }
    var due: Int { rounds.reduce(0) { $0 + $1.due } }

    /// Microseconds of the server's processor for a call; nil where they are not known.
    var processor: Spread? {
        let known = rounds.compactMap { round in
            round.cpuNanoseconds.map { round.each(Double($0) / 1_000, round.answers) }
        }
        return known.count == rounds.count && !known.isEmpty ? Spread(known) : nil
    }

    /// Error answers by code or status, the least code first.
    var errors: [(code: Int, count: Int)] {
        rounds.reduce(into: [Int: Int]()) { all, round in
            all.merge(round.errors) { $0 + $1 }
        }
        .sorted { $0.key < $1.key }.map { (code: $0.key, count: $0.value) }
    }
}

extension Rounds {
    /// Why the figures are not to be trusted; empty where every request had its answer.
    func offences(_ name: String) -> [String] {
        var offences: [String] = []
        func note(_ count: Int, _ what: String) {
            if count > 0 { offences.append("\(name): \(count) \(what)") }
        }
        note(rounds.reduce(0) { $0 + $1.wrong }, "answers to no request")
        note(rounds.reduce(0) { $0 + $1.missing }, "requests without an answer")
        for error in errors { note(error.count, "errors \(error.code)") }
        return offences
    }
}

/// Numbers as text.
package enum Decimals {
    /// With so many decimals, the last one rounded.
    package static func text(_ value: Double, _ decimals: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "-" }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = Int64((abs(value) * scale).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        let whole = String(scaled / Int64(scale))
        guard decimals > 0 else { return sign + whole }
        let part = String(scaled % Int64(scale))
        return sign + whole + "." + String(repeating: "0", count: decimals - part.count) + part
    }

    /// As exact as its size asks for: three digits and more.
    package static func short(_ value: Double) -> String {
        text(value, abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : 2)
    }

    /// With a comma after each three digits.
    package static func grouped(_ value: Double) -> String {
        var text = text(value, 0)
        var place = text.utf8.count - 3
        while place > 0 {
            text.insert(",", at: text.index(text.startIndex, offsetBy: place))
            place -= 3
        }
        return text
    }
}
