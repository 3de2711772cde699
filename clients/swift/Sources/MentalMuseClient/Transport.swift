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

/// Where a connection tells what becomes of it.
public final class ConnectionEvents: Sendable {
    private let channel: Channel
    private let epoch: UInt64

    init(channel: Channel, epoch: UInt64) {
        self.channel = channel
        self.epoch = epoch
    }

    /// The connection stands: bytes can be sent.
    public func opened() { channel.opened(epoch) }

    /// Bytes have come.
    public func received(_ bytes: Span<UInt8>) { channel.received(epoch, bytes) }

    /// Whether there are bytes to send.
    public var hasOutput: Bool { channel.hasOutput(epoch) }

    /// The bytes that are to be sent next, all of them; empty if there are none, and then `wake`
    /// says when there are.
    public func takeOutput() -> [UInt8] { channel.takeOutput(epoch) }

    /// The connection has ended, or could not be made, and why.
    public func closed(_ why: String) { channel.closed(epoch, why) }
}
