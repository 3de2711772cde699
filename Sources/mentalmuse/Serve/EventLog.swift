// Serving: the log: one JSON object a line on standard error. Events here, requests in MuseServer.
internal import MuseBase
internal import MuseJSON
internal import MuseServer

/// The log of events.
enum EventLog {
    /// Writes `{"time":…,"event":…,…}`.
    static func write(_ event: String, _ members: [JSONValue.Member] = []) {
        let head: [JSONValue.Member] = [
            .init("time", .string(WallClock.system.now().description)),
            .init("event", .string(event)),
        ]
        let line = JSONValue.object(head + members).text() + "\n"
        LogSink.standardError.write(Array(line.utf8))
    }

    /// The same, for members that are JSON text already.
    static func write(_ event: String, texts: [(String, String)]) {
        write(event, texts.map { .init($0.0, (try? JSONValue($0.1)) ?? .string($0.1)) })
    }
}
