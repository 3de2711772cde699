// The measuring room: all figures as JSON, for programs.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON

extension BenchReport {
    /// One object: what was measured, on what, and each point with each of its rounds.
    package var json: String {
        JSONValue.object([
            .init("started_at", .string(startedAt.description)),
            .init(
                "machine",
                .object([
                    .init("system", .string(MachineFacts.system)),
                    .init("cores", .number(String(Cores.count))), .init("pinned", .bool(isPinned)),
                ])),
            .init(
                "server",
                .object([
                    .init("name", .string(info.name)), .init("version", .string(info.version)),
                    .init("schema_version", .string(info.schemaVersion)),
                    .init("url", .string(endpoint.description)), .init("own", .bool(isOwn)),
                    .init(
                        "libraries",
                        .object(info.libraries.map { .init($0.name, .string($0.version)) })),
                ])),
            .init("options", options),
            .init("points", .array(points.map(Self.value))),
        ]).text(indented: true)
    }

    private var options: JSONValue {
        .object([
            .init("operations", .array(plan.operations.map { .string($0.rawValue) })),
            .init("connections", .number(String(plan.connections))),
            .init("depths", .array(plan.depths.map { .number(String($0)) })),
            .init("seconds", Self.number(plan.seconds)),
            .init("rounds", .number(String(plan.rounds))),
            .init("posts", plan.posts.map { .number(String($0)) } ?? .null),
            .init("rate", plan.rate.map(Self.number) ?? .null),
            .init("load", .array(plan.shares.map(Self.number))),
        ])
    }

    private static func value(_ point: Point) -> JSONValue {
        .object([
            .init("operation", .string(point.operation.rawValue)),
            .init("connections", .number(String(point.connections))),
            .init("depth", .number(String(point.depth))),
            .init("loop", point.rate == nil ? "closed" : "open"),
            .init("load", point.share.map(number) ?? .null),
            .init("rate", point.rate.map(number) ?? .null),
            .init("per_second", spread(point.perSecond)),
            .init(
                "latency_us",
                .object(
                    Percentile.allCases.map {
                        .init($0.rawValue, spread(point.latency($0)))
                    })),
            .init("cpu_us", point.processor.map(spread) ?? .null),
            .init("bytes_out", spread(point.bytesOut)), .init("bytes_in", spread(point.bytesIn)),
            .init("rounds", .array(point.rounds.map(value))),
        ])
    }

    private static func value(_ round: LoadFigures) -> JSONValue {
        func count(_ number: Int) -> JSONValue { .number(String(number)) }
        let errors = round.errors.sorted { $0.key < $1.key }
        return .object([
            .init("seconds", number(round.seconds)), .init("answers", count(round.answers)),
            .init("due", count(round.due)), .init("unanswered", count(round.unanswered)),
            .init("wrong", count(round.wrong)), .init("missing", count(round.missing)),
            .init("errors", .object(errors.map { .init(String($0.key), count($0.value)) })),
            .init(
                "latency_us",
                .object(
                    Percentile.allCases.map { .init($0.rawValue, number(round.latency($0))) })),
        ])
    }

    private static func spread(_ spread: Spread) -> JSONValue {
        .object([
            .init("median", number(spread.median)), .init("least", number(spread.least)),
            .init("most", number(spread.most)),
        ])
    }

    private static func number(_ value: Double) -> JSONValue {
        .number(Decimals.text(value, 3))
    }
}
