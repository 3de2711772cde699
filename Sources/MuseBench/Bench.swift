// The measuring room: what `mentalmuse bench` measures, in which order: operations and depths side
// by side in each round, so that what else the machine does falls on all of them.
internal import MentalMuseProtocol
internal import MuseBase

/// What is to be measured.
package struct BenchPlan: Sendable {
    package var operations: [Operation] = [.ping, .page, .get, .create, .login]
    package var connections = 64
    package var depths = [1, 16]
    package var seconds = 2.0
    package var rounds = 3
    /// Posts to be made first, with their comments; nil: those that are there.
    package var posts: Int?
    /// Open loops: requests a second, or shares of the best closed loop's rate.
    package var rate: Double?
    package var shares: [Double] = []
    /// Whom to log in; nil: somebody who registers.
    package var account: Account?

    package init() {}
}

/// What is told while it goes on.
package enum BenchProgress: Sendable {
    /// How much of the posts and comments is there, 0 to 1.
    case seeding(Double)
    /// A load begins: in which round, and what it is; `part` of all is done, 0 to 1.
    case load(round: Int, of: Int, part: Double, String)
}

/// One point: an operation under one load, round by round.
package struct Point: Sendable {
    package let operation: Operation
    let connections: Int
    let depth: Int
    /// The share of the best closed loop's rate, where it was asked for by shares.
    var share: Double?
    /// Requests a second that were due; nil for a closed loop.
    var rate: Double?
    var rounds: [LoadFigures] = []
}

/// All that was measured.
package struct BenchReport: Sendable {
    package internal(set) var points: [Point] = []
    /// What `server.info` says of the server and its libraries.
    var info: Info
    let plan: BenchPlan
    let endpoint: Endpoint
    /// Whether the server was started here.
    let isOwn: Bool
    let isPinned: Bool
    let startedAt: Timestamp

    /// Why the figures are not to be trusted; empty where every request had its answer.
    package var offences: [String] { points.flatMap { $0.offences($0.name) } }
}

/// Measures.
package struct Bench {
    private let plan: BenchPlan
    private let target: Target
    private let process: Int32?
    private let isPinned: Bool
    private let told: (BenchProgress) -> Void

    /// Of a server that runs already.
    package init(_ plan: BenchPlan, _ target: Target, told: @escaping (BenchProgress) -> Void) {
        self.plan = plan
        self.target = target
        self.told = told
        process = nil
        isPinned = false
    }

    /// Of a server of its own.
    package init(
        _ plan: BenchPlan, _ household: Household, told: @escaping (BenchProgress) -> Void
    ) throws(BenchError) {
        let server = try OwnServer.start("data", household)
        self.plan = plan
        self.told = told
        target = server.lines
        process = server.process
        isPinned = household.isPinned
    }

    /// Measures all of it.
    package func run() throws(BenchError) -> BenchReport {
        let caller = try CallConnection(target)
        let info: Info = try caller.call(.serverInfo, ServerInfoParams())
        var report = BenchReport(
            info: info, plan: plan, endpoint: target.endpoint, isOwn: process != nil,
            isPinned: isPinned, startedAt: WallClock.system.now())
        let ground = try ground()
        let token = try Ground.token(ground.account, target)
        for operation in plan.operations {
            try operation.tryOnce(ground, token: token, target)
        }
        let closed = plan.operations.flatMap(closedPoints)
        // Closed loops are half of it, where there are open ones too.
        let share = plan.rate == nil && plan.shares.isEmpty ? 1 : 0.5
        report.points = try measure(closed, ground, from: 0, share)
        let open = plan.operations.flatMap { openPoints($0, report.points) }
        report.points += try measure(open, ground, from: share, 1 - share)
        return report
    }

    private func ground() throws(BenchError) -> Ground {
        let account = try Ground.account(plan.account, target)
        if let posts = plan.posts {
            return try Ground.seed(posts, account, target) { told(.seeding($0)) }
        }
        let ground = try Ground.found(account, target)
        if ground.posts.isEmpty, let reader = plan.operations.first(where: \.readsPosts) {
            throw BenchError("there are no posts for \(reader.rawValue): give --posts")
        }
        return ground
    }

    private func closedPoints(_ operation: Operation) -> [Point] {
        var points: [Point] = []
        for depth in plan.depths {
            var (connections, depth) = (plan.connections, depth)
            if let most = operation.inFlightMax {
                (connections, depth) = (min(connections, most), 1)
            }
            let isThere = points.contains { $0.depth == depth && $0.connections == connections }
            if isThere { continue }
            points.append(Point(operation: operation, connections: connections, depth: depth))
        }
        return points
    }

    /// Requests that may be under way on a connection of an open loop: below the server's bound.
    private static let openDepth = 100

    private func openPoints(_ operation: Operation, _ closed: [Point]) -> [Point] {
        let best = closed.filter { $0.operation == operation }.map(\.perSecond.median).max() ?? 0
        let most = operation.inFlightMax
        func point(_ rate: Double, _ share: Double?) -> Point {
            Point(
                operation: operation, connections: min(plan.connections, most ?? .max),
                depth: most == nil ? Self.openDepth : 1, share: share, rate: max(rate, 0.1))
        }
        if let rate = plan.rate { return [point(rate, nil)] }
        return plan.shares.map { point(best * $0, $0) }
    }

    private func measure(
        _ points: [Point], _ ground: Ground, from start: Double, _ share: Double
    ) throws(BenchError) -> [Point] {
        var points = points
        var done = 0.0
        let all = Double(max(1, points.count * plan.rounds))
        for round in 0..<plan.rounds {
            for index in points.indices {
                told(
                    .load(
                        round: round + 1, of: plan.rounds, part: start + share * done / all,
                        points[index].name))
                points[index].rounds.append(try load(points[index], ground).run())
                done += 1
            }
        }
        return points
    }

    private func load(_ point: Point, _ ground: Ground) throws(BenchError) -> Load {
        // A token of its own: it would not outlive a long run, nor a hundred log-ins after it.
        let token = try Ground.token(ground.account, target)
        let calls = point.operation.calls(ground, token: token)
        return Load(
            target: target,
            script: try Script(calls, .lines, key: Script.freshKey()),
            connections: point.connections, depth: point.depth, seconds: plan.seconds,
            rate: point.rate, attachedBy: point.operation.isAttached ? token : nil,
            process: process)
    }
}
