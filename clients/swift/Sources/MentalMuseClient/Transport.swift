// The client: what carries its bytes. An app may bring its own; SocketTransport is the built-in
// one.

/// A way to a server: it opens streams of bytes, one for each connection that the client makes.
///
/// A transport knows an address and bytes, and nothing of calls. On Apple's systems one over
/// Network.framework is some thirty lines.
public protocol Transport: Sendable {
    /// Begins a connection and returns at once. What becomes of it is told to `events`, from
    /// whatever thread, one at a time: `opened` once; then `received` again and again; `closed`
    /// once, at the end or instead of all else.
    func open(_ events: ConnectionEvents) -> any ByteStream
}

/// One connection of a transport.
public protocol ByteStream: Sendable {
    /// There are bytes to send: take them with `events.takeOutput()` and send them, again and again
    /// until none are left. It may come before `opened`, and then holds from then on. Returns at
    /// once.
    func wake()

    /// Ends the connection; nothing that it does afterwards is looked at. Returns at once.
    func close()
}

/// Whose a connection is: the client's channel, or whoever listens between the two.
package protocol ConnectionOwner: AnyObject, Sendable {
    func opened(_ epoch: UInt64)
    func received(_ epoch: UInt64, _ bytes: Span<UInt8>)
    func hasOutput(_ epoch: UInt64) -> Bool
    func takeOutput(_ epoch: UInt64) -> [UInt8]
    func closed(_ epoch: UInt64, _ why: String)
}

/// Where a connection tells what becomes of it.
public final class ConnectionEvents: Sendable {
    private let owner: any ConnectionOwner
    private let epoch: UInt64

    /// Events that are told to `owner`, under the number of the connection.
    package init(owner: any ConnectionOwner, epoch: UInt64) {
        self.owner = owner
        self.epoch = epoch
    }

    /// The connection stands: bytes can be sent.
    public func opened() { owner.opened(epoch) }

    /// Bytes have come.
    public func received(_ bytes: Span<UInt8>) { owner.received(epoch, bytes) }

    /// Whether there are bytes to send.
    public var hasOutput: Bool { owner.hasOutput(epoch) }

    /// The bytes that are to be sent next, all of them; empty if there are none, and then `wake`
    /// says when there are.
    public func takeOutput() -> [UInt8] { owner.takeOutput(epoch) }

    /// The connection has ended, or could not be made, and why.
    public func closed(_ why: String) { owner.closed(epoch, why) }
}
