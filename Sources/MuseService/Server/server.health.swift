// The rules' room: `server.health`.
internal import MentalMuseProtocol
internal import MuseCrypto
internal import MuseRPC
internal import MuseStore

extension ServerHandlers {
    /// Whether the server can do its work, part by part; the whole is as well as its worst part.
    func health(_ params: ServerHealthParams, _ call: Call) throws(RPCError) -> Health {
        let limits = shared.configuration.limits
        let writer = shared.writer.figures
        let keys = shared.writer.options.keys
        var parts = [
            HealthPart(
                name: "store", status: writer.isBroken ? "degraded" : "ok",
                detail: writer.isBroken ? "writes are refused: the last commit failed" : nil),
            HealthPart(
                name: "log", status: Int(writer.logBytes) < limits.logBytesMax ? "ok" : "degraded",
                detail: nil),
            HealthPart(
                name: "idempotency_keys", status: keys.isForgetting ? "degraded" : "ok",
                detail: keys.isForgetting
                    ? "there are too many: the oldest go before their time" : nil),
            HealthPart(
                name: "hashes",
                status: shared.hashes.queued < limits.hashQueueMax ? "ok" : "degraded", detail: nil),
            HealthPart(
                name: "keys", status: shared.currentKeys.signing == nil ? "degraded" : "ok",
                detail: nil),
        ]
        if shared.control.isDraining() {
            parts.append(HealthPart(name: "server", status: "draining", detail: nil))
        }
        let worst =
            parts.contains { $0.status == "draining" }
            ? "draining" : parts.contains { $0.status == "degraded" } ? "degraded" : "ok"
        return Health(status: worst, parts: parts)
    }
}
