// The vocabulary room: what a handler knows of a call besides its params. Made by the server, read
// by the service; nothing here does I/O.
package import MuseBase
package import MuseRPC
internal import Synchronization

/// How a connection came.
package enum Transport: String, Sendable {
    case tcp, tls, unix
    /// HTTP, plain and over TLS.
    case http, https
    /// The operator's socket in the data folder.
    case admin
    /// A tool that runs the handlers itself, without a server.
    case local
}

/// What a verified access token says.
package struct AccessClaims: Sendable, Equatable {
    package let user: UUIDv7
    package let session: UUIDv7
    package let expiresAt: Timestamp
    /// The key that signed it: a key that is retired at once takes its tokens along.
    package let keyID: String

    package init(user: UUIDv7, session: UUIDv7, expiresAt: Timestamp, keyID: String) {
        self.user = user
        self.session = session
        self.expiresAt = expiresAt
        self.keyID = keyID
    }
}

/// The other end of a connection: what survives from one call to the next. Confined to its worker.
package final class Peer {
    /// Counts up over the life of the server.
    package let id: UInt64
    package let transport: Transport
    /// Where it comes from, a trusted proxy's word included.
    package let address: NetworkAddress
    /// Whether `_meta.client_address` is believed.
    package let isTrustedProxy: Bool
    /// What it is attached with; judged again at each call.
    package var bound: AccessClaims?
    /// What its present call says and is told of answers that are kept; nil where there are none.
    package var validator: Validator?

    package init(
        id: UInt64, transport: Transport, address: NetworkAddress, isTrustedProxy: Bool = false
    ) {
        self.id = id
        self.transport = transport
        self.address = address
        self.isTrustedProxy = isTrustedProxy
    }

    /// Whether it may call `admin.*`.
    package var isOperator: Bool { transport == .admin || transport == .local }
}

/// Decides, on whatever thread, whether a write begins or is cancelled: one of them, once.
package final class CallTicket: Sendable {
    private let state = Atomic<UInt8>(0)

    package init() {}

    /// The write begins; false if it was cancelled before.
    package func begin() -> Bool {
        let (exchanged, was) = state.compareExchange(
            expected: 0, desired: 1, ordering: .acquiringAndReleasing)
        return exchanged || was == 1
    }

    /// The write is not to begin; false if it has.
    package func cancel() -> Bool {
        let (exchanged, was) = state.compareExchange(
            expected: 0, desired: 2, ordering: .acquiringAndReleasing)
        return exchanged || was == 2
    }

    package var hasBegun: Bool { state.load(ordering: .acquiring) == 1 }
    package var isCancelled: Bool { state.load(ordering: .acquiring) == 2 }
}

/// Whoever keeps the order of a connection.
package protocol CallObserver: AnyObject {
    /// The write of this call stands in the writer's queue, in its place: the next may follow.
    func callQueued()
}

/// A call on its way through a handler. Confined to its worker.
package struct Call {
    package let method: MethodID
    package let peer: Peer
    package let meta: Meta
    /// When its line came, in nanoseconds of the monotonic clock.
    package let arrivedAt: UInt64
    /// When it is refused, in nanoseconds of the monotonic clock; nil for never.
    package let deadline: UInt64?
    /// For writes: who decides whether it begins.
    package let ticket: CallTicket?
    /// For writes: who is told that it is queued.
    package let observer: (any CallObserver)?

    package init(
        method: MethodID, peer: Peer, meta: Meta = Meta(), arrivedAt: UInt64,
        deadline: UInt64? = nil, ticket: CallTicket? = nil, observer: (any CallObserver)? = nil
    ) {
        self.method = method
        self.peer = peer
        self.meta = meta
        self.arrivedAt = arrivedAt
        self.deadline = deadline
        self.ticket = ticket
        self.observer = observer
    }
}

extension Call {
    /// Whose call it is, for limits and sessions: whom a trusted proxy names in
    /// `_meta.client_address`, else the other end of the connection.
    package var address: NetworkAddress {
        guard peer.isTrustedProxy, let named = meta.clientAddress else { return peer.address }
        return NetworkAddress(text: named) ?? peer.address
    }
}

/// Who may call a method: `x-auth` of the schema.
package enum Access: String, Sendable {
    case nobody, caller, owner, moderator, admin
    case `operator`
}

/// What the decoder made of a call's params.
package struct Decoded: Sendable {
    /// The method with its typed params; nil where there is an offence.
    package let invocation: Invocation?
    package let meta: Meta
    /// Whether `attach` was asked for, even where something else is wrong.
    package let binds: Bool
    package let issues: ParamIssues
}
