// The rules' room: `server.metrics`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseRPC
internal import MuseStore

extension ServerHandlers {
    /// Counters since the start, for admins and the operator.
    func metrics(_ params: ServerMetricsParams, _ call: Call) async throws(RPCError) -> Metrics {
        guard try core.callerOrOperator(call).isAdmin else { throw RPCError.permissionDenied() }
        return shared.wholeMetrics()
    }
}

extension ServiceShared {
    /// The server's counters, with those of the writer and of the hash pool.
    func wholeMetrics() -> Metrics {
        let now = wallClock.now()
        var metrics =
            control.metrics()
            ?? Metrics(
                time: now, uptimeMs: 0, connections: 0, connectionsAccepted: 0,
                connectionsRefused: 0, bytesIn: 0, bytesOut: 0, bufferedBytes: 0,
                linesUnparsable: 0, responsesDropped: 0, methods: [], errors: [],
                writer: WriterMetrics(
                    queued: 0, groups: 0, writes: 0, groupMax: 0, syncs: 0, syncP50Us: 0,
                    syncP99Us: 0, logBytes: 0, checkpoints: 0), hashesQueued: 0, hashes: 0)
        let figures = writer.figures
        metrics.time = now
        metrics.uptimeMs = Int(max(0, now.milliseconds - startedAt.milliseconds))
        metrics.writer = WriterMetrics(
            queued: Int(figures.queued), groups: Int(figures.groups), writes: Int(figures.writes),
            groupMax: Int(figures.groupMax), syncs: Int(figures.syncs),
            syncP50Us: Int(figures.commitP50), syncP99Us: Int(figures.commitP99),
            logBytes: Int(figures.logBytes), checkpoints: Int(figures.checkpoints))
        metrics.hashesQueued = hashes.queued
        metrics.hashes = hashes.hashes
        return metrics
    }
}
