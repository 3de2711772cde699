// The measuring room: figures as aligned text, for people.
internal import MentalMuseProtocol

extension BenchReport {
    /// The table, with its head and what it was measured on.
    package var text: String {
        var blocks = [machine]
        let closed = points.filter { $0.rate == nil }
        if !closed.isEmpty { blocks.append(Self.closedTable(closed)) }
        let open = points.filter { $0.rate != nil }
        if !open.isEmpty { blocks.append(Self.openTable(open)) }
        blocks.append(
            "\(plan.rounds) round\(plan.rounds == 1 ? "" : "s") of "
                + "\(Decimals.short(plan.seconds)) s; medians, and least..most of the rounds. "
                + "Latencies in µs; cpu: µs of the server's processor a call; bytes of a call "
                + "each way, without what TLS adds.")
        return blocks.joined(separator: "\n\n")
    }

    private var machine: String {
        let place = isPinned ? "the server on core 0, the load on core 1" : "nothing pinned"
        let libraries = info.libraries.map { "\($0.name) \($0.version)" }.joined(separator: ", ")
        return "\(info.name) \(info.version) (\(libraries)) at \(endpoint)\n"
            + "\(MachineFacts.system), \(Cores.count) cores; \(place)"
    }

    private static let percentiles = Percentile.allCases

    private static func closedTable(_ points: [Point]) -> String {
        let head =
            ["closed loop", "conns", "depth", "calls/s", "least..most"]
            + percentiles.map(\.rawValue) + ["cpu", "out", "in", "errors"]
        return Table.text(
            head,
            points.map { point in
                [
                    point.operation.rawValue, String(point.connections), String(point.depth),
                    Decimals.text(point.perSecond.median, 0), range(point.perSecond),
                ] + figures(point)
            })
    }

    private static func openTable(_ points: [Point]) -> String {
        let head =
            ["open loop", "conns", "load", "due/s", "calls/s", "least..most"]
            + percentiles.map(\.rawValue) + ["cpu", "out", "in", "errors", "unanswered"]
        return Table.text(
            head,
            points.map { point in
                [
                    point.operation.rawValue, String(point.connections),
                    point.share.map { Decimals.text($0, 2) } ?? "-",
                    Decimals.text(point.rate ?? 0, 0), Decimals.text(point.perSecond.median, 0),
                    range(point.perSecond),
                ] + figures(point) + ["\(point.unanswered) of \(point.due)"]
            })
    }

    private static func range(_ spread: Spread) -> String {
        Decimals.text(spread.least, 0) + ".." + Decimals.text(spread.most, 0)
    }

    private static func figures(_ point: Point) -> [String] {
        percentiles.map { Decimals.short(point.latency($0).median) } + [
            point.processor.map { Decimals.short($0.median) } ?? "-",
            Decimals.text(point.bytesOut.median, 0), Decimals.text(point.bytesIn.median, 0),
            point.errors.isEmpty
                ? "0" : point.errors.map { "\($0.code): \($0.count)" }.joined(separator: ", "),
        ]
    }
}

/// Columns.
enum Table {
    /// Lines of cells, the first column to the left, the others to the right.
    static func text(_ head: [String], _ rows: [[String]]) -> String {
        let widths = head.indices.map { column in
            ([head] + rows).map { $0[column].count }.max() ?? 0
        }
        return ([head] + rows).map { cells in
            cells.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + space : space + cell
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
