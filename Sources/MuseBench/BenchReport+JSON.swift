// The measuring room: all figures as JSON, for programs.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON

extension BenchReport {
    /// One object: what was measured, on what, and each point with each of its rounds.
    package var json: String {
        let server = JSONValue.object([
            .init("name", .string(info.name)), .init("version", .string(info.version)),
            .init("schema_version", .string(info.schemaVersion)),
            .init("url", .string(endpoint.description)), .init("own", .bool(isOwn)),
            .init("libraries", .object(info.libraries.map { .init($0.name, .string($0.version)) })),
        ])
        return JSONValue.object([
            .init("started_at", .string(startedAt.description)),
            .init("machine", Figures.machine(isPinned: isPinned)), .init("server", server),
            .init("options", options), .init("points", .array(points.map(Self.value))),
        ]).text(indented: true)
    }

    private var options: JSONValue {
        .object([
            .init("operations", .array(plan.operations.map { .string($0.rawValue) })),
            .init("connections", Figures.count(plan.connections)),
            .init("depths", .array(plan.depths.map(Figures.count))),
            .init("seconds", Figures.number(plan.seconds)),
            .init("rounds", Figures.count(plan.rounds)),
            .init("posts", plan.posts.map(Figures.count) ?? .null),
            .init("rate", plan.rate.map(Figures.number) ?? .null),
            .init("load", .array(plan.shares.map(Figures.number))),
        ])
    }

    private static func value(_ point: Point) -> JSONValue {
        .object(
            [
                .init("operation", .string(point.operation.rawValue)),
                .init("connections", Figures.count(point.connections)),
                .init("depth", Figures.count(point.depth)),
                .init("loop", point.rate == nil ? "closed" : "open"),
                .init("load", point.share.map(Figures.number) ?? .null),
                .init("rate", point.rate.map(Figures.number) ?? .null),
            ] + Figures.members(point))
    }
}

extension ComparisonReport {
    /// One object: the machine, and each point with each of its rounds.
    package var json: String {
        let options = JSONValue.object([
            .init("seconds", Figures.number(plan.seconds)),
            .init("rounds", Figures.count(plan.rounds)),
            .init("posts", plan.posts.map(Figures.count) ?? .null),
        ])
        return JSONValue.object([
            .init("started_at", .string(startedAt.description)),
            .init("machine", Figures.machine(isPinned: isPinned)), .init("options", options),
            .init("points", .array(points.map(Self.value))),
        ]).text(indented: true)
    }

    private static func value(_ point: ComparedPoint) -> JSONValue {
        .object(
            [
                .init("operation", .string(point.exchange.rawValue)),
                .init("over", .string(point.over)),
                .init("connections", Figures.count(point.connections)),
                .init("style", .string(point.styleName)),
            ] + Figures.members(point))
    }
}

/// Figures as JSON values.
private enum Figures {
    static func machine(isPinned: Bool) -> JSONValue {
        .object([
            .init("system", .string(MachineFacts.system)), .init("cores", count(Cores.count)),
            .init("pinned", .bool(isPinned)),
        ])
    }

    /// What the rounds came to, and each of them.
    static func members(_ point: some Rounds) -> [JSONValue.Member] {
        [
            .init("per_second", spread(point.perSecond)),
            .init("latency_us", latency { spread(point.latency($0)) }),
            .init("cpu_us", point.processor.map(spread) ?? .null),
            .init("bytes_out", spread(point.bytesOut)), .init("bytes_in", spread(point.bytesIn)),
            .init("rounds", .array(point.rounds.map(value))),
        ]
    }

    private static func value(_ round: LoadFigures) -> JSONValue {
        let errors = round.errors.sorted { $0.key < $1.key }
        return .object([
            .init("seconds", number(round.seconds)), .init("answers", count(round.answers)),
            .init("due", count(round.due)), .init("unanswered", count(round.unanswered)),
            .init("wrong", count(round.wrong)), .init("missing", count(round.missing)),
            .init("errors", .object(errors.map { .init(String($0.key), count($0.value)) })),
            .init("latency_us", latency { number(round.latency($0)) }),
        ])
    }

    private static func latency(_ value: (Percentile) -> JSONValue) -> JSONValue {
        .object(Percentile.allCases.map { .init($0.rawValue, value($0)) })
    }

    private static func spread(_ spread: Spread) -> JSONValue {
        .object([
            .init("median", number(spread.median)), .init("least", number(spread.least)),
            .init("most", number(spread.most)),
        ])
    }

    static func number(_ value: Double) -> JSONValue { .number(Decimals.text(value, 3)) }

    static func count(_ value: Int) -> JSONValue { .number(String(value)) }
}
