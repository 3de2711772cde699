// The measuring room: the styles side by side, in one run: lines, REST, JSON-RPC in a POST.
internal import MentalMuseProtocol
internal import MuseBase

/// What is compared, in the order in which it is told.
enum Exchange: String, CaseIterable, Sendable {
    case ping
    case page = "page read"
    case write

    var operation: Operation {
        switch self {
        case .ping: .ping
        case .page: .page
        case .write: .create
        }
    }
}

/// One exchange in one style over one kind of connection, round by round.
struct ComparedPoint: Rounds, Sendable {
    let exchange: Exchange
    let isSealed: Bool
    let connections: Int
    let style: Style
    /// Whether the answer is known, so that REST need not send it again.
    let isKnown: Bool
    var rounds: [LoadFigures] = []

    var styleName: String { isKnown ? style.rawValue + ", 304" : style.rawValue }
    var over: String { isSealed ? "TLS" : "plain" }
    var name: String { "\(exchange.rawValue), \(over), \(connections), \(styleName)" }

    /// All of them, group by group.
    static let all: [ComparedPoint] = Exchange.allCases.flatMap { exchange in
        [false, true].flatMap { isSealed in
            [1, 64].flatMap { connections in
                let kinds: [(Style, Bool)] =
                    exchange == .page
                    ? [(.lines, false), (.rest, false), (.rest, true), (.post, false)]
                    : [(.lines, false), (.rest, false), (.post, false)]
                return kinds.map { style, isKnown in
                    ComparedPoint(
                        exchange: exchange, isSealed: isSealed, connections: connections,
                        style: style, isKnown: isKnown)
                }
            }
        }
    }

    func isBeside(_ other: ComparedPoint) -> Bool {
        exchange == other.exchange && isSealed == other.isSealed
            && connections == other.connections
    }
}

/// Measures both styles on two servers of its own, one plain and one with TLS, that do the same.
package struct Comparison {
    private let plan: BenchPlan
    private let household: Household
    private let told: (BenchProgress) -> Void
    private let key = "bench-" + String(RandomSource.system.uint64(), radix: 16) + "-"

    /// Of the plan it takes seconds, rounds and posts.
    package init(
        _ plan: BenchPlan, _ household: Household, told: @escaping (BenchProgress) -> Void
    ) {
        self.plan = plan
        self.household = household
        self.told = told
    }

    /// A server, with what is read from it.
    private struct Side {
        let server: OwnServer
        let http: Target
        let ground: Ground
        /// The entity tags of the pages, by post.
        let tags: [String]
    }

    package func run() throws(BenchError) -> ComparisonReport {
        let certificate = try Certificate.make(household)
        let plain = try side("plain", nil)
        let sealed = try side("sealed", certificate)
        var points = ComparedPoint.all
        for round in 0..<plan.rounds {
            for index in points.indices {
                let part =
                    Double(round * points.count + index)
                    / Double(max(1, plan.rounds * points.count))
                told(
                    .load(round: round + 1, of: plan.rounds, part: part, points[index].name))
                let side = points[index].isSealed ? sealed : plain
                let serial = "\(round)-\(index)-"
                points[index].rounds.append(try load(points[index], side, serial).run())
            }
        }
        return ComparisonReport(points: points, plan: plan, isPinned: household.isPinned)
    }

    private func side(_ name: String, _ certificate: Certificate?) throws(BenchError) -> Side {
        let server = try OwnServer.start(name, household, http: true, certificate: certificate)
        guard let http = server.http else { throw BenchError("the server serves no HTTP") }
        let account = try Ground.account(nil, server.lines)
        let ground = try Ground.seed(plan.posts ?? 500, account, server.lines) {
            told(.seeding($0))
        }
        let token = try Ground.token(account, server.lines)
        for exchange in Exchange.allCases {
            try exchange.operation.tryOnce(ground, token: token, server.lines)
        }
        let reader = try CallConnection(http)
        var tags: [String] = []
        for call in Operation.pageToken.calls(ground, token: token) {
            let request = try RESTPlace.of(call.method).request(call, key: "")
            tags.append(try reader.field("etag", ofAnswerTo: request))
        }
        return Side(server: server, http: http, ground: ground, tags: tags)
    }

    private func load(
        _ point: ComparedPoint, _ side: Side, _ serial: String
    ) throws(BenchError) -> Load {
        let token = try Ground.token(side.ground.account, side.server.lines)
        let isAttached = point.style == .lines && point.exchange.operation.isAttached
        var calls = point.exchange.operation.calls(side.ground, token: token)
        for index in calls.indices {
            if point.style.isHTTP, point.exchange != .ping { calls[index].token = token }
            if point.isKnown { calls[index].known = side.tags[index] }
        }
        var status = 200
        if point.style == .rest {
            status = try RESTPlace.of(point.exchange.operation.method).status
        }
        return Load(
            target: point.style.isHTTP ? side.http : side.server.lines,
            script: try Script(
                calls, point.style, status: point.isKnown ? 304 : status, key: key + serial),
            connections: point.connections, depth: 1, seconds: plan.seconds,
            attachedBy: isAttached ? token : nil, process: side.server.process)
    }
}

/// What came of a comparison.
package struct ComparisonReport: Sendable {
    let points: [ComparedPoint]
    let plan: BenchPlan
    let isPinned: Bool

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
