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
        let startedAt = WallClock.system.now()
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
                points[index].rounds.append(try load(points[index], side).run())
            }
        }
        return ComparisonReport(
            points: points, plan: plan, isPinned: household.isPinned, startedAt: startedAt)
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

    private func load(_ point: ComparedPoint, _ side: Side) throws(BenchError) -> Load {
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
                calls, point.style, status: point.isKnown ? 304 : status,
                key: Script.freshKey()),
            connections: point.connections, depth: 1, seconds: plan.seconds,
            attachedBy: isAttached ? token : nil, process: side.server.process)
    }
}
