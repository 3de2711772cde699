// The options of `bench`: what is measured, how, and where the figures go.
internal import MuseBench
internal import MuseOptions

/// The rows, and what they say together.
enum BenchOptions {
    static let url = Option(
        "url", .text("ADDRESS"), in: .general,
        "A server that runs already: tcp://host:port, tls://host:port or unix:/path; without it one "
            + "of its own is started, and its data thrown away.", reach: .flagAndEnvironment)
    static let username = Option(
        "username", .text("NAME"), in: .general,
        "With --url: whose account to use; the password is asked for. Without it somebody registers.",
        reach: .flagOnly)
    static let posts = Option(
        "posts", .integer(1...100_000), "1000", in: .general,
        "Posts to be made first, with 40 comments each; with --url none, unless given.",
        reach: .flagOnly)
    static let operations = Option(
        "operations", .list("NAMES"), "ping,page,get,create,login", in: .general,
        "Which of \(Operation.allCases.map(\.rawValue).joined(separator: ", ")).", reach: .flagOnly)
    static let connections = Option(
        "connections", .integer(1...4_096), "64", in: .general, "Connections of a load.",
        reach: .flagOnly)
    static let depth = Option(
        "depth", .list("NUMBERS"), "1,16", in: .general,
        "Closed loops: requests that each connection keeps under way, 1 to 128.", reach: .flagOnly)
    static let rate = Option(
        "rate", .decimal(0.1...10_000_000), in: .general,
        "Also an open loop: so many requests a second in all, at equal intervals; latency counts "
            + "from when a request was due.", reach: .flagOnly)
    static let load = Option(
        "load", .list("SHARES"), in: .general,
        "Also open loops at these shares of the best closed loop's rate: 0.25,0.5,0.75,0.9,1.0.",
        reach: .flagOnly)
    static let seconds = Option(
        "seconds", .decimal(0.05...3_600), "2", in: .general,
        "How long each load is measured in a round, after a fifth more of warming up.",
        reach: .flagOnly)
    static let rounds = Option(
        "rounds", .integer(1...1_000), "3", in: .general,
        "How often; the medians are told. Each round has every load once.", reach: .flagOnly)
    static let pin = Option(
        "pin", .choice(["on", "off"]), "on", in: .general,
        "Keep a server of its own on core 0 and the load on core 1, where there are two.",
        reach: .flagOnly)
    static let json = Option(
        "json", .text("FILE"), in: .general,
        "Write all figures, and the facts of the machine, into this file.", reach: .flagOnly)
    static let svg = Option(
        "svg", .text("FILE"), in: .general, "Draw the figures into this file.", reach: .flagOnly)
    static let compare = Option(
        "compare", .flag, "false", in: .general,
        "Compare lines, REST and JSON-RPC in a POST, plain and over TLS, at 1 and 64 connections, "
            + "on servers of its own.", reach: .flagOnly)
    static let into = Option(
        "into", .text("PAGE"), in: .general,
        "With --compare: put the table, and the drawing beside the page, between the page's marks.",
        reach: .flagOnly)

    static let all: [Option] = [
        url, ClientOptions.timeout, ClientOptions.tlsCA, username, posts, operations, connections,
        depth, rate, load, seconds, rounds, pin, json, svg, compare, into,
    ]

    /// What a comparison does not look at: it has its own loads, on its own servers.
    static let notCompared: [Option] = [
        url, username, operations, connections, depth, rate, load,
    ]
}

extension Settings {
    /// The parts of a list, each read.
    /// - Parameter wanted: what a part is, for the message.
    func parts<Part>(
        _ option: Option, _ wanted: String, _ read: (String) -> Part?
    ) throws(CommandFailure) -> [Part] {
        var parts: [Part] = []
        for text in list(option) {
            guard let part = read(text) else {
                throw CommandFailure(UsageError("\(origin(option)): '\(text)' is \(wanted)"))
            }
            parts.append(part)
        }
        return parts
    }
}
