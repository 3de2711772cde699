// The command `bench`: measures a server, its own or one that runs, and tells the figures.
internal import Glibc
internal import MuseBase
internal import MuseBench
internal import MuseOptions

/// `mentalmuse bench`.
enum BenchCommand {
    static let command = Command(
        path: ["bench"], summary: "Measure a server under load.",
        details: [
            "Without --url it starts a server of its own on a folder that it throws away. Rounds go "
                + "over all operations and loads in turn; medians are told.",
            "ping asks for nothing but an answer; page reads 20 comments of any post as an attached "
                + "caller, page-token with the token in each call; get reads a post; create writes "
                + "one, with an idempotency key; login hashes a password, at most 16 at once.",
            "Exit status: 1 where an answer was wrong, missing or an error: such figures are worth "
                + "nothing.",
        ],
        options: BenchOptions.all,
        examples: [
            "mentalmuse bench", "mentalmuse bench --operations page --load 0.5,0.9 --svg page.svg",
            "mentalmuse bench --url tls://db.example:6874 --username ada",
            "mentalmuse bench --compare",
        ],
        run: { (input) throws(CommandFailure) in try run(input.settings) })

    private static func run(_ settings: Settings) throws(CommandFailure) {
        let isComparison = settings.isOn(BenchOptions.compare)
        let strange = isComparison ? BenchOptions.notCompared : [BenchOptions.into]
        for option in strange where settings.origin(option) == option.flag {
            guard settings.isGiven(option) else { continue }
            let why = isComparison ? "has no meaning with" : "needs"
            throw CommandFailure(UsageError("\(option.flag) \(why) --compare"))
        }
        let endpoint = isComparison ? nil : try endpoint(settings)
        let plan = try plan(settings, endpoint)
        _ = Descriptors.raise(to: plan.connections + 256)
        let room = try Workroom(isPinned: settings.text(BenchOptions.pin) == "on", settings)
        defer { room.clear() }
        let progress = Progress()
        do throws(BenchError) {
            let offences =
                isComparison
                ? try compare(settings, plan, room, progress)
                : try measure(settings, endpoint, plan, room, progress)
            guard offences.isEmpty else { throw BenchError(offences.joined(separator: "; ")) }
        } catch {
            progress.end()
            throw CommandFailure(
                error.message,
                status: error.isUnreached ? ExitStatus.connection : ExitStatus.failure)
        }
    }

    /// Measures a server, and tells the figures.
    /// - Returns: why they are not to be trusted.
    private static func measure(
        _ settings: Settings, _ endpoint: Endpoint?, _ plan: BenchPlan, _ room: Workroom,
        _ progress: Progress
    ) throws(BenchError) -> [String] {
        let bench: Bench
        if let endpoint {
            let target = try Target(
                endpoint, rootsFile: settings.text(ClientOptions.tlsCA), dial: room.dial)
            bench = Bench(plan, target, told: progress.tell)
        } else {
            bench = try Bench(plan, room.household, told: progress.tell)
        }
        let report = try bench.run()
        progress.end()
        Output.line(report.text)
        try write(report.json + "\n", settings.text(BenchOptions.json))
        try write(report.svg, settings.text(BenchOptions.svg))
        return report.offences
    }

    /// Compares the styles, and tells the figures.
    /// - Returns: why they are not to be trusted.
    private static func compare(
        _ settings: Settings, _ plan: BenchPlan, _ room: Workroom, _ progress: Progress
    ) throws(BenchError) -> [String] {
        let page = settings.text(BenchOptions.into)
        // Read before anything is measured: a page without marks is refused at once.
        let text = try page.map { path throws(BenchError) in try MarkedPage(try read(path)) }
        let report = try Comparison(plan, room.household, told: progress.tell).run()
        progress.end()
        Output.line(report.markdown)
        try write(report.json + "\n", settings.text(BenchOptions.json))
        try write(report.svg, settings.text(BenchOptions.svg))
        guard let page, let text, report.offences.isEmpty else { return report.offences }
        let drawing = (page.hasSuffix(".md") ? String(page.dropLast(3)) : page) + ".svg"
        try write(report.svg, drawing)
        let name = drawing.split(separator: "/").last.map(String.init) ?? drawing
        try write(text.with(report.pageText(drawing: name)), page)
        return []
    }

    // MARK: The options

    private static func plan(
        _ settings: Settings, _ endpoint: Endpoint?
    ) throws(CommandFailure) -> BenchPlan {
        var plan = BenchPlan()
        let names = Operation.allCases.map(\.rawValue)
        plan.operations = []
        for name in settings.list(BenchOptions.operations) {
            guard let operation = Operation(rawValue: name) else {
                let near = Suggestion.near(name, among: names).map { "; did you mean \($0)?" }
                throw CommandFailure(
                    UsageError(
                        "\(BenchOptions.operations.flag): '\(name)' is none of "
                            + names.joined(separator: ", ") + (near ?? "")))
            }
            if !plan.operations.contains(operation) { plan.operations.append(operation) }
        }
        plan.connections = settings.int(BenchOptions.connections)
        plan.depths = try settings.parts(BenchOptions.depth, "no depth from 1 to 128") {
            OptionKind.integer(1...128).integer($0)
        }
        plan.shares = try settings.parts(BenchOptions.load, "no share from 0.01 to 2") {
            OptionKind.decimal(0.01...2).decimal($0)
        }
        plan.rate = settings.decimal(BenchOptions.rate)
        if plan.rate != nil, !plan.shares.isEmpty {
            throw CommandFailure(UsageError("--rate and --load are two ways to say one thing"))
        }
        plan.seconds = settings.decimal(BenchOptions.seconds) ?? plan.seconds
        plan.rounds = settings.int(BenchOptions.rounds)
        if endpoint == nil || settings.isGiven(BenchOptions.posts) {
            plan.posts = settings.int(BenchOptions.posts)
        }
        guard let username = settings.text(BenchOptions.username) else { return plan }
        guard endpoint != nil else { throw CommandFailure(UsageError("--username needs --url")) }
        plan.account = Account(username: username, password: try Secrets.read("password"))
        return plan
    }

    /// The server that runs already; nil for one of its own.
    private static func endpoint(_ settings: Settings) throws(CommandFailure) -> Endpoint? {
        do throws(Endpoint.Malformed) {
            return try settings.text(BenchOptions.url).map(Endpoint.init)
        } catch {
            throw CommandFailure(
                UsageError("\(settings.origin(BenchOptions.url)): \(error.description)"))
        }
    }

    // MARK: Files

    private static func read(_ path: String) throws(BenchError) -> String {
        do throws(SystemError) {
            return String(decoding: try Files.read(path, most: 64 << 20), as: UTF8.self)
        } catch {
            throw BenchError(error.message)
        }
    }

    private static func write(_ text: String, _ path: String?) throws(BenchError) {
        guard let path else { return }
        do throws(SystemError) {
            try Files.replace(path, with: Array(text.utf8), mode: 0o644)
        } catch {
            throw BenchError(error.message)
        }
    }
}
