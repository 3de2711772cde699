// The model's test: what is done next: mostly what makes sense, and everything else now and then.
// The same numbers for the same seed.
internal import MuseBase
internal import MuseJSON

/// Seeded choices.
struct Chance {
    private let source: RandomSource

    init(seed: UInt64) {
        source = RandomSource.seeded(seed)
    }

    /// 0 to one below `count`.
    func below(_ count: Int) -> Int {
        count <= 0 ? 0 : Int(source.uint64() % UInt64(count))
    }

    /// Whether something of so many in a thousand happens.
    func permille(_ chance: Int) -> Bool { below(1_000) < chance }

    func one<Item>(of items: [Item]) -> Item? {
        items.isEmpty ? nil : items[below(items.count)]
    }

    /// One of the items, by their weights.
    func weighted<Item>(_ items: [(Item, Int)], else other: Item) -> Item {
        var left = below(items.reduce(0) { $0 + $1.1 })
        for (item, weight) in items {
            left -= weight
            if left < 0 { return item }
        }
        return other
    }
}

/// What the steps may be.
struct GeneratorOptions {
    /// Whether clocks, restarts and chores are in our hands.
    var isControlled = true
    /// Whether a user fills a post with comments and goes, and another logs in a hundred times.
    var floods = false
}

/// Makes steps.
struct Generator {
    static let connections = 7
    static let names = [
        "ada", "bob", "cyd", "dan", "eve", "fay", "gus", "hal", "adam", "bobby", "x_1", "adele",
    ]
    static let passwords = [
        "correct horse battery", "a fine password", "noch ein Kennwort", "пароль номер один",
    ]

    let chance: Chance
    let options: GeneratorOptions
    /// What is to come first.
    var script: [CallStep] = []
    /// Calls with a key that may be repeated.
    var keyed: [CallStep] = []
    /// Lists whose last page had a cursor.
    var walks: [(call: CallStep, cursor: String)] = []
    /// Tokens in the order in which they came.
    var accessTokens: [String] = []
    var refreshTokens: [String] = []
    /// Ids that were there once.
    var seen: [String] = []
    private var keys = 0
    private var hasFlooded = false

    init(seed: UInt64, options: GeneratorOptions, settings: ModelSettings) {
        chance = Chance(seed: seed)
        self.options = options
        script = Self.beginning(settings)
    }

    /// An admin, and some who are attached.
    private static func beginning(_ settings: ModelSettings) -> [CallStep] {
        func call(
            _ connection: Int, _ method: String, _ params: [(String, JSONValue)]
        ) -> CallStep {
            CallStep(
                connection: connection, method: method,
                params: params.map { ($0.0, .value($0.1)) })
        }
        var steps = [
            call(
                ModelCall.theOperator, "admin.create_user",
                [
                    ("username", "ada"), ("password", .string(passwords[0])), ("role", "admin"),
                ])
        ]
        for (connection, name) in names.prefix(5).enumerated() {
            let person: [(String, JSONValue)] = [
                ("username", .string(name)), ("password", .string(passwords[0])),
            ]
            if connection > 0, settings.isRegistrationOpen {
                steps.append(call(connection, "auth.register", person + [("attach", true)]))
                continue
            }
            if connection > 0 {
                steps.append(call(ModelCall.theOperator, "admin.create_user", person))
            }
            steps.append(call(connection, "auth.login", person + [("attach", true)]))
        }
        return steps
    }

    // MARK: The next step

    mutating func next(_ number: Int, _ model: Model, _ book: Book) -> Step {
        let usual = Int64(1 + chance.below(chance.permille(100) ? 400 : 20))
        if !script.isEmpty {
            return Step(
                number: number, wall: usual, monotonic: usual, action: .call(script.removeFirst()))
        }
        guard options.isControlled else {
            return Step(number: number, action: .call(call(model, book)))
        }
        if let action = surroundings(model) { return Step(number: number, action: action) }
        if options.floods, !hasFlooded, number > 150 {
            hasFlooded = true
            script = flood(model, book)
        }
        let (wall, monotonic) = jump(usual)
        return Step(
            number: number, wall: wall, monotonic: monotonic, action: .call(call(model, book)))
    }

    private func surroundings(_ model: Model) -> Step.Action? {
        if chance.permille(5) { return .restart }
        if chance.permille(8) { return .removeDeleted(rows: 1 + chance.below(12)) }
        if chance.permille(7) { return .finishDeletions }
        if chance.permille(5) { return .sweep }
        return nil
    }

    /// How far the clocks go: seldom far, and now and then back.
    private func jump(_ usual: Int64) -> (wall: Int64, monotonic: Int64) {
        let minute: Int64 = 60_000
        let day: Int64 = 86_400_000
        if chance.permille(6) {
            let back: Int64 = chance.one(of: [1_000, 10 * minute, 60 * minute, day]) ?? 0
            return (-back, usual)
        }
        guard chance.permille(18) else { return (usual, usual) }
        let forward: Int64 = chance.weighted(
            [
                (1_000, 20), (minute, 20), (11 * minute, 20), (16 * minute, 12),
                (25 * 60 * minute, 6),
                (31 * day, 2), (151 * day, 2),
            ], else: 1_000)
        return (forward, chance.permille(500) ? min(forward, 16 * minute) : usual)
    }

    private mutating func call(_ model: Model, _ book: Book) -> CallStep {
        if chance.permille(90), let walk = chance.one(of: walks) { return goOn(walk, book) }
        if chance.permille(80) {
            let lately = chance.permille(600) ? Array(keyed.suffix(6)) : keyed
            if let known = chance.one(of: lately) { return again(known, model, book) }
        }
        if chance.permille(5) { guess(model) }
        var connection = chance.below(Self.connections)
        let attached = (0..<Self.connections).filter { Self.isAttached($0, model) }
        if chance.permille(700), let one = chance.one(of: attached) { connection = one }
        var step = CallStep(connection: connection, method: "", params: [])
        if attached.count < 4, chance.permille(350) || attached.isEmpty {
            step.connection = (0..<Self.connections).first { !Self.isAttached($0, model) } ?? 0
            step.method = chance.weighted(
                [("auth.login", 5), ("auth.refresh", 4), ("auth.register", 1)], else: "auth.login")
        } else {
            step.method = chance.weighted(Self.weights, else: "posts.list")
        }
        choosePower(&step, attached, model)
        if chance.permille(250) { step.token = accessToken(model, book) }
        step.params = params(step, model, book)
        decorate(&step)
        return step
    }

    /// What only some may do is mostly asked by one of them.
    private func choosePower(_ step: inout CallStep, _ attached: [Int], _ model: Model) {
        if step.method.hasPrefix("admin."), chance.permille(800) {
            step.connection = ModelCall.theOperator
        }
        if ["posts.delete", "comments.delete"].contains(step.method), chance.permille(400) {
            let moderators = attached.filter { connection in
                model.bound[connection].map { model.users[$0.user]?.role != "user" } ?? false
            }
            if let moderator = chance.one(of: moderators) { step.connection = moderator }
        }
        let isForAdmins = ["users.set_role", "users.ban", "users.unban", "server.metrics"]
            .contains(step.method)
        guard isForAdmins, chance.permille(700) else { return }
        let admins = attached.filter { connection in
            model.bound[connection].map { model.users[$0.user]?.role == "admin" } ?? false
        }
        if let admin = chance.one(of: admins) { step.connection = admin }
        if chance.permille(150) { step.connection = ModelCall.theOperator }
    }

    static func isAttached(_ connection: Int, _ model: Model) -> Bool {
        guard let token = model.bound[connection], !model.isOver(token.expiresAt) else {
            return false
        }
        return model.live(token.session) != nil
    }

    static let weights: [(String, Int)] = [
        ("posts.create", 70), ("posts.get", 30), ("posts.list", 45), ("posts.update", 35),
        ("posts.delete", 14), ("posts.like", 80), ("posts.unlike", 25), ("posts.likers", 30),
        ("comments.create", 90), ("comments.get", 25), ("comments.list", 40),
        ("comments.update", 25), ("comments.delete", 22), ("users.get", 25), ("users.list", 30),
        ("users.update", 35), ("users.delete", 5), ("users.set_role", 16), ("users.ban", 11),
        ("users.unban", 12), ("auth.register", 16), ("auth.login", 20), ("auth.refresh", 30),
        ("auth.logout", 10), ("auth.attach", 14), ("auth.detach", 4), ("auth.whoami", 18),
        ("auth.change_password", 7), ("auth.sessions", 18), ("auth.end_session", 9),
        ("server.ping", 2), ("server.metrics", 3), ("admin.create_user", 5),
        ("admin.set_password", 3),
    ]

    /// Methods whose keys are remembered.
    static let remembered = Set(weights.map(\.0)).subtracting([
        "posts.get", "posts.list", "posts.likers", "comments.get", "comments.list", "users.get",
        "users.list", "auth.whoami", "auth.sessions", "auth.login", "auth.logout", "auth.attach",
        "auth.detach", "server.ping", "server.metrics",
    ])

    /// Writes it by position, gives it a key, or makes something of it wrong.
    private mutating func decorate(_ step: inout CallStep) {
        if chance.permille(50) { spoil(&step) }
        if step.token == nil, step.key == nil, step.moreMeta.isEmpty, chance.permille(150),
            step.params.allSatisfy({ param in
                Param.table[step.method]?.contains { $0.name == param.name } ?? false
            })
        {
            step.byPosition = true
        } else if chance.permille(300) {
            keys += 1
            step.key = "k\(keys)"
            if chance.permille(120), let other = chance.one(of: keyed) { step.key = other.key }
            if chance.permille(15) { step.key = chance.one(of: ["", "two words", "ключ"]) }
        }
        if step.byPosition || !chance.permille(30) { return }
        step.moreMeta = [
            chance.weighted(
                [
                    (.init("traceparent", 7), 6), (.init("deadline_ms", 3_600_000), 6),
                    (.init("deadline_ms", 0), 2), (.init("colour", "red"), 2),
                ], else: .init("traceparent", .null))
        ]
    }

    /// The same call once more, perhaps by another way, or the same key for something else.
    private mutating func again(_ known: CallStep, _ model: Model, _ book: Book) -> CallStep {
        var step = known
        if chance.permille(300) { step.connection = chance.below(Self.connections) }
        if chance.permille(300) { step.token = accessToken(model, book) }
        if chance.permille(250), let index = step.params.indices.randomElement(chance) {
            let other = CallStep(
                connection: step.connection, method: step.method, params: [])
            let fresh = params(other, model, book)
            if let value = fresh.first(where: { $0.name == step.params[index].name })?.value {
                step.params[index].value = value
            }
        }
        if known.connection == ModelCall.theOperator { step.connection = known.connection }
        return step
    }

    private func goOn(_ walk: (call: CallStep, cursor: String), _ book: Book) -> CallStep {
        var step = walk.call
        step.key = nil
        step.params.removeAll { $0.name == "cursor" || $0.name == "limit" }
        step.params.append(("cursor", book.term(walk.cursor)))
        if chance.permille(700) {
            step.params.append(("limit", .value(.number(String(1 + chance.below(9))))))
        }
        guard chance.permille(60) else { return step }
        // The cursor of another list, order or filter.
        step.params.removeAll { ["order", "author_id", "query"].contains($0.name) }
        if chance.permille(500) { step.params.append(("order", .text("oldest"))) }
        return step
    }

    // MARK: What an answer gives

    mutating func learn(_ step: Step, _ answer: Answer) {
        guard case .call(let call) = step.action, case .result(let result) = answer else { return }
        if let token = result["access_token"]?.string { accessTokens.append(token) }
        if let token = result["refresh_token"]?.string { refreshTokens.append(token) }
        if let id = result["id"]?.string, !seen.contains(id) { seen.append(id) }
        if call.key != nil, Self.remembered.contains(call.method) {
            // What is rare is kept twice.
            let isRare = !["posts", "comments"].contains(call.method.prefix { $0 != "." })
            keyed += Array(repeating: call, count: isRare ? 2 : 1)
        }
        if keyed.count > 60 { keyed.removeFirst(20) }
        if let cursor = result["next_cursor"]?.string {
            walks.append((call, cursor))
            if walks.count > 12 { walks.remove(at: chance.below(walks.count)) }
        }
    }
}

extension Range<Int> {
    func randomElement(_ chance: Chance) -> Int? {
        isEmpty ? nil : lowerBound + chance.below(count)
    }
}
