// The server room: which connections there are, over all workers. Its lock is taken when one opens
// or closes and when an operator asks; what changes in between are atomics of each entry.
package import MentalMuseProtocol
package import MuseBase
internal import Synchronization

/// What others may know of a connection while its worker owns it.
package final class ConnectionEntry: Sendable {
    package let id: UInt64
    package let transport: Transport
    package let address: NetworkAddress
    package let openedAt: Timestamp
    /// Its worker, and its place there.
    let worker: Int
    let token: UInt64
    /// What it counts under; nil where it is not counted by address.
    let key: NetworkAddress?
    private let requestCount = Atomic<Int>(0)
    private let inFlightCount = Atomic<Int>(0)
    private let outputCount = Atomic<Int>(0)
    private let user = Atomic<WordPair>(WordPair(first: 0, second: 0))

    init(
        id: UInt64, transport: Transport, address: NetworkAddress, key: NetworkAddress?,
        openedAt: Timestamp, worker: Int, token: UInt64
    ) {
        self.id = id
        self.transport = transport
        self.address = address
        self.key = key
        self.openedAt = openedAt
        self.worker = worker
        self.token = token
    }

    /// Says how it stands. By its worker alone.
    func publish(requests: Int, inFlight: Int, output: Int) {
        requestCount.store(requests, ordering: .relaxed)
        inFlightCount.store(inFlight, ordering: .relaxed)
        outputCount.store(output, ordering: .relaxed)
    }

    /// The same for a connection that has one request at a time. By its worker alone.
    package func publishHTTP(requests: Int, inFlight: Int) {
        publish(requests: requests, inFlight: inFlight, output: 0)
    }

    /// Says who is bound to it. By its worker alone.
    func publish(user id: UUIDv7?) {
        let pair = id.map { WordPair(first: UInt($0.high), second: UInt($0.low)) }
        user.store(pair ?? WordPair(first: 0, second: 0), ordering: .relaxed)
    }

    /// As the operator sees it.
    package var seen: MentalMuseProtocol.Connection {
        let pair = user.load(ordering: .relaxed)
        let isBound = pair.first != 0 || pair.second != 0
        return MentalMuseProtocol.Connection(
            id: Int(clamping: id), transport: transport == .admin ? "unix" : transport.rawValue,
            address: address.text,
            userID: isBound ? UUIDv7(high: UInt64(pair.first), low: UInt64(pair.second)) : nil,
            openedAt: openedAt, requests: requestCount.load(ordering: .relaxed),
            inFlight: inFlightCount.load(ordering: .relaxed),
            outputBytes: outputCount.load(ordering: .relaxed))
    }
}

/// All open connections.
package final class ConnectionRegistry: Sendable {
    private struct State {
        var entries: [UInt64: ConnectionEntry] = [:]
        var byAddress: [NetworkAddress: Int] = [:]
        var counted = 0
        var next: UInt64 = 1
        var accepted = 0
        var refused = 0
    }

    private let state = Lock(State())
    private let connectionsMax: Int
    private let perAddressMax: Int

    package init(connectionsMax: Int, perAddressMax: Int) {
        self.connectionsMax = connectionsMax
        self.perAddressMax = perAddressMax
    }

    /// What became of a connection that asked to be let in.
    enum Admission {
        case entry(ConnectionEntry)
        /// The limit that was reached.
        case refused(limit: Int)
    }

    func admit(
        transport: Transport, address: NetworkAddress, openedAt: Timestamp, worker: Int,
        token: UInt64, isProxy: Bool
    ) -> Admission {
        let key = isProxy ? nil : Self.key(address)
        return state.withLock { state in
            if transport != .admin, connectionsMax > 0, state.counted >= connectionsMax {
                state.refused += 1
                return .refused(limit: connectionsMax)
            }
            if let key {
                let others = state.byAddress[key] ?? 0
                if perAddressMax > 0, others >= perAddressMax {
                    state.refused += 1
                    return .refused(limit: perAddressMax)
                }
                state.byAddress[key] = others + 1
            }
            if transport != .admin { state.counted += 1 }
            let entry = ConnectionEntry(
                id: state.next, transport: transport, address: address, key: key,
                openedAt: openedAt, worker: worker, token: token)
            state.next += 1
            state.accepted += 1
            state.entries[entry.id] = entry
            return .entry(entry)
        }
    }

    func noteRefused() {
        state.withLock { $0.refused += 1 }
    }

    /// A proxy has named the caller, by whose address the connection counts from now on.
    func rename(_ entry: ConnectionEntry, to address: NetworkAddress) -> Admission {
        let key = Self.key(address)
        return state.withLock { state in
            if let key {
                let others = state.byAddress[key] ?? 0
                if perAddressMax > 0, others >= perAddressMax {
                    state.refused += 1
                    return .refused(limit: perAddressMax)
                }
                state.byAddress[key] = others + 1
            }
            let renamed = ConnectionEntry(
                id: entry.id, transport: entry.transport, address: address, key: key,
                openedAt: entry.openedAt, worker: entry.worker, token: entry.token)
            if state.entries[entry.id] != nil { state.entries[entry.id] = renamed }
            return .entry(renamed)
        }
    }

    func remove(_ entry: ConnectionEntry) {
        state.withLock { state in
            guard state.entries.removeValue(forKey: entry.id) != nil else { return }
            if entry.transport != .admin { state.counted -= 1 }
            guard let key = entry.key, let others = state.byAddress[key] else { return }
            state.byAddress[key] = others > 1 ? others - 1 : nil
        }
    }

    /// All of them, oldest first.
    package var entries: [ConnectionEntry] {
        state.withLock { Array($0.entries.values) }.sorted { $0.id < $1.id }
    }

    func entry(_ id: UInt64) -> ConnectionEntry? {
        state.withLock { $0.entries[id] }
    }

    /// Open now, accepted ever, refused ever.
    package var counts: (open: Int, accepted: Int, refused: Int) {
        state.withLock { ($0.entries.count, $0.accepted, $0.refused) }
    }

    /// Loopback and Unix sockets are not counted by address.
    private static func key(_ address: NetworkAddress) -> NetworkAddress? {
        if case .unix = address { return nil }
        return address.isLoopback ? nil : address.throttleKey
    }
}
