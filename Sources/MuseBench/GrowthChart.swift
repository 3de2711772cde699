// The measuring room: a chart of throughput as something grows. Called by the drawing tool of
// Tests/Benchmarks; pure.

/// Requests a second over a size, a curve for each kind of request.
package struct GrowthChart {
    private let title: String
    private let size: String
    private let series: [Series]

    /// - Parameters:
    ///   - size: what grows: `comments`.
    ///   - curves: the name of each, and its points: the size, above 0, and requests a second. Five
    ///     at most have colours of their own.
    package init(title: String, size: String, curves: [(name: String, points: [(Double, Double)])])
    {
        self.title = title
        self.size = size
        let kinds = ["a", "b", "e", "c", "d"]
        series = curves.enumerated().map { index, curve in
            Series(label: curve.name, kind: kinds[index % kinds.count], points: curve.points)
        }
    }

    /// The drawing: sizes on a scale of powers, with a tick at each; requests a second from 0, or
    /// in powers of ten where they lie far apart.
    package var svg: String {
        let margin = 16.0
        var drawing = Drawing(width: 580)
        let points = series.flatMap(\.points)
        let rates = points.map(\.1)
        let (least, most) = (rates.min() ?? 1, rates.max() ?? 1)
        drawing.curves(
            title, series, loads: size, across: LogScale(at: points.map(\.0)),
            values: "requests a second",
            up: most > 5 * least ? LogScale(rates) : LinearScale(to: most * 1.1), margin, 12,
            width: drawing.width - 2 * margin)
        return drawing.svg(height: Drawing.heightOfCurves + 20, label: title)
    }
}
