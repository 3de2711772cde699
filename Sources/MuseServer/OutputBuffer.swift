// The server room: answers on their way out. A connection has one only while there is something to
// send.
internal import MuseJSON

/// What is to be sent, and how much of it has been. Lent by the worker.
final class OutputBuffer {
    var writer: JSONWriter
    private(set) var sent = 0

    /// - Parameter limit: how many bytes it may hold.
    init(limit: Int = .max) {
        writer = JSONWriter(limit: limit)
    }

    /// The room that it has.
    var capacity: Int { writer.capacity }

    /// Bytes that have not been sent.
    var unsent: Int { writer.count - sent }

    /// `count` more bytes have been sent.
    func advance(_ count: Int) {
        sent += count
    }

    /// Empties it for the next connection.
    func reset() {
        writer.removeAll()
        sent = 0
    }

    /// Gives up the part that has been sent, where it is large.
    func compact() {
        guard sent > 256 << 10 else { return }
        var rest = JSONWriter()
        let sent = sent
        unsafe writer.withBytes { bytes in
            unsafe rest.raw(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
        }
        writer = rest
        self.sent = 0
    }
}
