// The measuring room: a comparison as a table, a drawing and a page's text.
internal import MuseBase

/// What came of a comparison.
package struct ComparisonReport: Sendable {
    let points: [ComparedPoint]
    let plan: BenchPlan
    let isPinned: Bool
    let startedAt: Timestamp

    /// Why the figures are not to be trusted; empty where every request had its answer.
    package var offences: [String] { points.flatMap { $0.offences($0.name) } }

    /// The table, in Markdown.
    package var markdown: String {
        let head = [
            "| operation | over | connections | style | calls a second | of lines | p50 µs "
                + "| p99 µs | CPU µs | bytes out | bytes in |",
            "|---|---|--:|---|--:|--:|--:|--:|--:|--:|--:|",
        ]
        let rows = points.map { point in
            let lines = points.first { $0.isBeside(point) && $0.style == .lines } ?? point
            let cells = [
                point.exchange.rawValue, point.over, String(point.connections), point.styleName,
                Decimals.text(point.perSecond.median, 0),
                Decimals.text(point.perSecond.median / max(1, lines.perSecond.median), 2),
                Decimals.text(point.latency(.p50).median, 0),
                Decimals.text(point.latency(.p99).median, 0),
                point.processor.map { Decimals.text($0.median, 1) } ?? "-",
                Decimals.text(point.bytesOut.median, 0), Decimals.text(point.bytesIn.median, 0),
            ]
            return "| " + cells.joined(separator: " | ") + " |"
        }
        return (head + rows).joined(separator: "\n")
    }

    /// What goes into the page.
    /// - Parameter drawing: where the drawing is, from the page.
    package func pageText(drawing: String) -> String {
        let place = isPinned ? "one worker on one core, the load on another" : "nothing pinned"
        return "\(MachineFacts.system), \(Cores.count) cores; \(plan.rounds) rounds of "
            + "\(Decimals.short(plan.seconds)) s, medians; \(place).\n\n"
            + "![calls a second of each style](\(drawing))\n\n\(markdown)"
    }

    /// Bars of calls a second; the two columns are plain and TLS, on one scale.
    package var svg: String {
        let margin = 12.0
        var drawing = Drawing(width: 900)
        let width = (drawing.width - 3 * margin) / 2
        var y = 12.0
        for exchange in Exchange.allCases {
            for connections in [1, 64] {
                let row = points.filter {
                    $0.exchange == exchange && $0.connections == connections
                }
                let most = row.map(\.perSecond.most).max() ?? 1
                for (column, isSealed) in [false, true].enumerated() {
                    let group = row.filter { $0.isSealed == isSealed }
                    drawing.bars(
                        "\(exchange.rawValue), \(isSealed ? "TLS" : "plain"), \(connections) "
                            + "connection\(connections == 1 ? "" : "s"): calls a second",
                        group.map {
                            Bar(label: $0.styleName, kind: Self.kind($0), value: $0.perSecond)
                        }, to: most, margin + Double(column) * (width + margin), y, width: width)
                }
                y += Drawing.heightOfBars(row.count / 2)
            }
        }
        return drawing.svg(height: y + 4, label: "Calls a second of each style")
    }

    private static func kind(_ point: ComparedPoint) -> String {
        switch point.style {
        case .lines: "a"
        case .rest: point.isKnown ? "c" : "b"
        case .post: "d"
        }
    }
}
