// Serving: events for the log, which MuseServer writes: one JSON object a line on standard error.
internal import MuseJSON
internal import MuseService

extension ServerControl {
    /// Writes `{"time":…,"event":…,…}`.
    func event(_ name: String, _ members: [JSONValue.Member] = []) {
        log(name, members.map { ($0.name, $0.value.text()) })
    }
}
