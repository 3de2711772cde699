// The HTTP room: `/metrics`: everything that the server counts, for a collector on this machine or
// one with an admin's token.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseRPC
internal import MuseServer
internal import MuseService

extension Exchange {
    /// Answers with all figures.
    func runMetrics() async {
        guard let format = Exposition.Format.chosen(head.accept) else {
            return finish(refusal(.notAcceptable))
        }
        let metrics: Metrics
        do throws(RPCError) {
            metrics = try await figures()
        } catch {
            return finish(refusal(error, method: .serverMetrics))
        }
        var text = Exposition(format)
        text.add(metrics)
        text.add(worker.seat.callFigures)
        text.add(worker.seat.hostFigures)
        text.end()
        let answer = worker.takeAnswer()
        answer.body.raw(text: text.text)
        answer.add("Content-Type", format.mediaType)
        answer.add("Cache-Control", "no-store")
        addCommon(answer)
        finish(answer)
    }

    /// Whether whoever asks is on this machine. What a proxy brings is not.
    var isLocal: Bool {
        caller.address.isLoopback && head.forwarded == nil && head.forwardedFor == nil
    }

    /// The figures of the contract, for whoever may see them.
    private func figures() async throws(RPCError) -> Metrics {
        let token = Authorization.token(head.authorization)
        let asker =
            isLocal && token == nil
            ? Peer(id: peer.id, transport: .local, address: peer.address) : caller
        let call = Call(
            method: .serverMetrics, peer: asker, meta: Meta(accessToken: token),
            arrivedAt: arrivedAt)
        return try await worker.seat.methods.server.metrics(ServerMetricsParams(), call)
    }
}

extension Exposition {
    fileprivate mutating func add(_ metrics: Metrics) {
        func one(_ value: Int) -> [(String, String)] { [("", String(value))] }
        gauge("mentalmuse_uptime_seconds", "Since the start.", one(metrics.uptimeMs / 1_000))
        gauge("mentalmuse_connections", "Open connections.", one(metrics.connections))
        counter(
            "mentalmuse_connections_accepted", "Connections let in.",
            one(metrics.connectionsAccepted))
        counter(
            "mentalmuse_connections_refused", "Connections turned away.",
            one(metrics.connectionsRefused))
        counter(
            "mentalmuse_received_bytes", "Bytes of lines, and of HTTP bodies.", one(metrics.bytesIn)
        )
        counter(
            "mentalmuse_sent_bytes", "Bytes of lines, and of HTTP bodies.", one(metrics.bytesOut))
        gauge("mentalmuse_buffered_bytes", "Bytes in all buffers.", one(metrics.bufferedBytes))
        counter(
            "mentalmuse_unparsable_lines", "Lines that were no JSON.", one(metrics.linesUnparsable))
        counter(
            "mentalmuse_errors", "Refusals and failures by code.",
            metrics.errors.map { ("code=\"\($0.code)\",name=\"\($0.name)\"", String($0.answers)) })
        let writer = metrics.writer
        gauge("mentalmuse_writes_queued", "Writes that wait.", one(writer.queued))
        counter("mentalmuse_commits", "Groups committed.", one(writer.groups))
        counter("mentalmuse_writes", "Writes in them.", one(writer.writes))
        gauge("mentalmuse_group_writes_max", "Writes of the largest group.", one(writer.groupMax))
        counter("mentalmuse_syncs", "Calls of fsync.", one(writer.syncs))
        gauge(
            "mentalmuse_commit_seconds", "How long a commit takes, its fsync included.",
            [
                ("quantile=\"0.5\"", Self.seconds(UInt64(clamping: writer.syncP50Us) * 1_000)),
                ("quantile=\"0.99\"", Self.seconds(UInt64(clamping: writer.syncP99Us) * 1_000)),
            ])
        gauge("mentalmuse_log_bytes", "Bytes in the write-ahead log.", one(writer.logBytes))
        counter("mentalmuse_checkpoints", "Checkpoints of the log.", one(writer.checkpoints))
        gauge("mentalmuse_hashes_queued", "Password hashes that wait.", one(metrics.hashesQueued))
        counter("mentalmuse_hashes", "Password hashes done.", one(metrics.hashes))
    }

    fileprivate mutating func add(_ calls: [CallFigures]) {
        func labels(_ call: CallFigures) -> String {
            "method=\"\(call.method)\",style=\"\(call.style.rawValue)\""
        }
        counter(
            "mentalmuse_requests", "Calls answered, by method and style.",
            calls.map { (labels($0), String($0.requests)) })
        counter(
            "mentalmuse_request_errors", "Those of them that were refused or failed.",
            calls.map { (labels($0), String($0.errors)) })
        histogram(
            "mentalmuse_request_seconds", "How long they took, from their arrival.",
            bounds: CallFigures.bounds.map(Self.seconds),
            calls.map { call in
                (labels(call), call.within, call.requests, Self.seconds(call.nanoseconds))
            })
    }

    fileprivate mutating func add(_ figures: HostFigures) {
        counter(
            "mentalmuse_hash_seconds", "How long all password hashes took.",
            [("", Self.seconds(UInt64(clamping: figures.hashNanoseconds)))])
        counter(
            "mentalmuse_hashes_refused", "Hashes for which the queue was full.",
            [("", String(figures.hashesRefused))])
        counter(
            "mentalmuse_tokens", "Access tokens looked at, by whether they were known.",
            [
                ("cache=\"hit\"", String(figures.tokenHits)),
                ("cache=\"miss\"", String(figures.tokenMisses)),
            ])
    }
}
