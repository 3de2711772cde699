// The server room: what is logged of a request.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseNet
internal import MuseRPC
internal import MuseService
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
                error: error, bytes: 0, waitedNanoseconds: 0, storeNanoseconds: 0,
                nanoseconds: took, traceparent: traceparent))
    }

    /// Logs a call that waited or was run in a lane, if such are logged.
    func log(_ call: PendingCall, _ error: RPCError?) {
        guard worker.logMode != .off || error?.code == -32603 else { return }
        let now = worker.clock.nanoseconds()
        func since(_ moment: UInt64) -> UInt64 { moment > 0 && now > moment ? now - moment : 0 }
        let took = since(call.arrivedAt)
        guard
            worker.logMode.wants(isError: error != nil, nanoseconds: took) || error?.code == -32603
        else { return }
        // A read's handler is the store's work; a write is the store's once it is queued there.
        let store = since(call.effect == .read ? call.begunAt : call.queuedAt)
        let named = call.meta.accessToken
        write(
            RequestRecord(
                connection: entry.id, id: call.id, method: call.method.name,
                caller: named.map { worker.host.caller(of: $0) } ?? peer.bound?.user,
                error: error, bytes: call.bytes,
                waitedNanoseconds: call.begunAt > 0 ? took - since(call.begunAt) : took,
                storeNanoseconds: store, nanoseconds: took, traceparent: call.meta.traceparent))
    }

    private func write(_ record: RequestRecord) {
        var writer = JSONWriter()
        record.write(into: &writer, at: worker.shared.configuration.wallClock.now())
        worker.shared.configuration.log.write(unsafe writer.withBytes { unsafe Array($0) })
    }
}
