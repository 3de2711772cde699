// The HTTP room: a connection that was refused while its request was still coming. What comes is
// thrown away for a moment, so that no reset destroys the answer.
internal import MuseNet

/// A socket whose input is of no use. Confined to its worker.
final class Lingering {
    private let socket: Socket
    private var swallowed = 0

    init(_ socket: consuming Socket) {
        self.socket = socket
    }

    var number: Int32 { socket.number }

    /// Throws away what is there. False: it is over.
    func swallow() -> Bool {
        let scratch = Scratch(capacity: 64 << 10)
        while swallowed < HTTPLimits.surplusBytesMax {
            switch socket.read(into: scratch) {
            case .bytes(let count): swallowed += count
            case .wouldBlock: return true
            case .end, .failed: return false
            }
        }
        return false
    }
}
