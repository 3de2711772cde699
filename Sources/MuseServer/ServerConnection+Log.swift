// The server room: what is logged of a request.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseNet
internal import MuseRPC
internal import MuseTLS

extension ServerConnection {
    /// Logs a request that never waited.
    func log(
        _ id: RPCID, _ method: String, _ error: RPCError?, traceparent: String? = nil
    ) {
        let now = worker.clock.nanoseconds()
        let took = now > receivedAt ? now - receivedAt : 0
        write(
            RequestRecord(
                connection: entry.id, id: id, method: method, caller: peer.bound?.user,
                error: error, bytes: 0, waitedNanoseconds: 0, nanoseconds: took,
                traceparent: traceparent))
    }

    /// Logs a call that a lane ran, if such are logged.
    func logFinished(_ call: PendingCall) {
        guard worker.logMode != .off, worker.logMode != .errors else { return }
        let now = worker.clock.nanoseconds()
        let took = now > call.arrivedAt ? now - call.arrivedAt : 0
        guard worker.logMode.wants(isError: false, nanoseconds: took) else { return }
        let waited = call.begunAt > call.arrivedAt ? call.begunAt - call.arrivedAt : 0
        write(
            RequestRecord(
                connection: entry.id, id: call.id, method: call.method.name,
                caller: peer.bound?.user, error: nil, bytes: call.bytes,
                waitedNanoseconds: waited, nanoseconds: took, traceparent: call.meta.traceparent))
    }

    private func write(_ record: RequestRecord) {
        var writer = JSONWriter()
        record.write(into: &writer, at: worker.shared.configuration.wallClock.now())
        worker.shared.configuration.log.write(unsafe writer.withBytes { unsafe Array($0) })
    }
}
