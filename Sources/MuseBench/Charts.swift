// The measuring room: the charts: bars of throughput, and latency over load. Pure.
internal import Glibc

/// Where values stand on an axis.
protocol Scale {
    /// Round values, from the lower end.
    var ticks: [Double] { get }
    /// Where a value stands, 0 to 1.
    func place(_ value: Double) -> Double
}

/// A straight scale from 0, with round ticks.
struct LinearScale: Scale {
    let ticks: [Double]
    private let most: Double

    /// Up to `value`, with at most six ticks.
    init(to value: Double) {
        let most = max(value, 1e-9)
        self.most = most
        let rough = most / 5
        let power = pow(10, floor(log10(rough)))
        let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? rough
        ticks = (0...5).map { Double($0) * step }.filter { $0 <= most * 1.001 }
    }

    func place(_ value: Double) -> Double { min(1, max(0, value / most)) }
}

/// A scale of powers of ten.
struct LogScale: Scale {
    let ticks: [Double]
    private let low: Double
    private let high: Double

    /// Over the powers of ten around all values, which are above 0.
    init(_ values: [Double]) {
        let least = max(values.min() ?? 1, 0.01)
        let most = max(values.max() ?? 10, least)
        let low = floor(log10(least))
        let high = max(ceil(log10(most)), low + 1)
        (self.low, self.high) = (low, high)
        ticks = stride(from: low, through: high, by: 1).map { pow(10, $0) }
    }

    /// From the least of all values, which are above 0, to the most, with a tick at each.
    init(at values: [Double]) {
        ticks = Set(values).sorted()
        low = log10(ticks.first ?? 1)
        high = max(log10(ticks.last ?? 10), low + 0.01)
    }

    func place(_ value: Double) -> Double {
        min(1, max(0, (log10(max(value, 1e-9)) - low) / (high - low)))
    }
}

/// One bar.
struct Bar {
    let label: String
    let kind: String
    let value: Spread
}

/// A value at each of some loads or sizes.
struct Series {
    let label: String
    let kind: String
    /// The load or size, and the value.
    let points: [(Double, Double)]
}

extension Drawing {
    private static let barHeight = 18.0
    private static let line = 16.0

    /// How high `bars` is.
    static func heightOfBars(_ count: Int) -> Double { Double(count) * barHeight + 3.2 * line }

    /// Bars to the right from a common axis, with what the rounds spread over as a thin line.
    /// - Parameter most: where the axis ends.
    mutating func bars(
        _ title: String, _ bars: [Bar], to most: Double, _ x: Double, _ y: Double, width: Double
    ) {
        text(title, x, y + 12, kind: "title")
        let names = 92.0
        let room = width - names - 70
        let scale = LinearScale(to: most)
        let top = y + Self.line + 4
        let bottom = top + Double(bars.count) * Self.barHeight
        for tick in scale.ticks {
            let place = x + names + room * scale.place(tick)
            line([(place, top), (place, bottom + 3)], kind: tick == 0 ? "axis" : "grid")
            text(Self.short(tick), place, bottom + 14, .middle, kind: "faint")
        }
        for (index, bar) in bars.enumerated() {
            let row = top + Double(index) * Self.barHeight
            let end = x + names + room * scale.place(bar.value.median)
            text(bar.label, x + names - 6, row + 13, .end)
            self.bar(
                x + names, row + 2, max(1, end - x - names), Self.barHeight - 5, kind: bar.kind)
            let (from, to) = (scale.place(bar.value.least), scale.place(bar.value.most))
            line(
                [(x + names + room * from, row + 8.5), (x + names + room * to, row + 8.5)],
                kind: "axis")
            let beyond = x + names + room * max(to, scale.place(bar.value.median))
            text(Decimals.grouped(bar.value.median), beyond + 5, row + 13)
        }
    }

    static let heightOfCurves = 236.0

    /// Curves over loads or sizes.
    /// - Parameters:
    ///   - loads: what `across` is a scale of.
    ///   - values: what `up` is a scale of.
    mutating func curves(
        _ title: String, _ series: [Series], loads: String, across: any Scale, values: String,
        up: any Scale, _ x: Double, _ y: Double, width: Double
    ) {
        text(title, x, y + 12, kind: "title")
        text(values, x, y + 28, kind: "faint")
        let (left, right) = (x + 52, x + width - 62)
        let (top, bottom) = (y + 38, y + Self.heightOfCurves - 40)
        for tick in up.ticks {
            let place = bottom - (bottom - top) * up.place(tick)
            line([(left, place), (right, place)], kind: "grid")
            text(Self.short(tick), left - 6, place + 4, .end, kind: "faint")
        }
        for tick in across.ticks {
            let place = left + (right - left) * across.place(tick)
            line([(place, bottom), (place, bottom + 4)], kind: "axis")
            text(Self.short(tick), place, bottom + 16, .middle, kind: "faint")
        }
        line([(left, top), (left, bottom), (right, bottom)], kind: "axis")
        text(loads, (left + right) / 2, bottom + 32, .middle, kind: "faint")
        let placed = series.map { one in
            let places = one.points.map { point in
                (
                    left + (right - left) * across.place(point.0),
                    bottom - (bottom - top) * up.place(point.1)
                )
            }
            return (one, places, places.last ?? (right, bottom))
        }
        var label = -Double.infinity
        // From the uppermost curve down, so that no name lies on another.
        for (one, places, end) in placed.sorted(by: { $0.2.1 < $1.2.1 }) {
            line(places, kind: one.kind)
            for place in places { dot(place.0, place.1, kind: one.kind) }
            label = max(end.1 + 4, label + 13)
            dot(right + 12, label - 4, kind: one.kind)
            text(one.label, right + 19, label)
        }
    }

    /// `250`, `40 k`, `1.5 M`.
    private static func short(_ value: Double) -> String {
        func digits(_ value: Double) -> String {
            let text = Decimals.text(value, value < 10 ? 2 : 1)
            guard text.contains(".") else { return text }
            var trimmed = Substring(text)
            while trimmed.hasSuffix("0") { trimmed.removeLast() }
            if trimmed.hasSuffix(".") { trimmed.removeLast() }
            return String(trimmed)
        }
        if value >= 1e6 { return digits(value / 1e6) + " M" }
        return value >= 1e4 ? digits(value / 1e3) + " k" : digits(value)
    }
}

extension BenchReport {
    /// Throughput of the closed loops, and latency over load where there are open ones.
    package var svg: String {
        let margin = 16.0
        var drawing = Drawing(width: 820)
        var y = 12.0
        for operation in plan.operations {
            let points = points.filter { $0.operation == operation && $0.rate == nil }
            let most = points.map(\.perSecond.most).max() ?? 1
            drawing.bars(
                "\(operation.rawValue): calls a second, by connections × depth",
                points.map {
                    Bar(label: "\($0.connections) × \($0.depth)", kind: "a", value: $0.perSecond)
                }, to: most, margin, y, width: drawing.width - 2 * margin)
            y += Drawing.heightOfBars(points.count)
        }
        let width = (drawing.width - 3 * margin) / 2
        var column = 0
        for operation in plan.operations {
            let points = points.filter { $0.operation == operation && $0.rate != nil }
            if points.isEmpty { continue }
            let series = Self.series(points)
            let all = series.flatMap(\.points)
            drawing.curves(
                "\(operation.rawValue): latency from the due time", series,
                loads: "requests a second",
                across: LinearScale(to: (all.map(\.0).max() ?? 1) * 1.02), values: "µs",
                up: LogScale(all.map(\.1)), margin + Double(column) * (width + margin), y,
                width: width)
            column = 1 - column
            if column == 0 { y += Drawing.heightOfCurves }
        }
        if column == 1 { y += Drawing.heightOfCurves }
        return drawing.svg(
            height: y + 8, label: "Throughput, and latency over load, of each operation")
    }

    private static func series(_ points: [Point]) -> [Series] {
        zip([Percentile.p50, .p90, .p99, .p999], ["a", "c", "b", "e"]).map { percentile, kind in
            Series(
                label: percentile.rawValue, kind: kind,
                points: points.map { ($0.rate ?? 0, $0.latency(percentile).median) })
        }
    }
}
