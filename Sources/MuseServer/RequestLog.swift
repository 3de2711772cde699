// The server room: one line of JSON a request on standard error, for operators. Never params,
// tokens, passwords or bodies.
internal import Glibc
internal import MuseBase
internal import MuseJSON
internal import MuseRPC

/// What is logged of requests.
package enum RequestLogMode: String, Sendable, CaseIterable {
    case off, errors, slow, all

    /// What counts as slow.
    static let slowNanoseconds: UInt64 = 100_000_000

    init(index: UInt8) {
        self =
            switch index {
            case 1: .errors
            case 2: .slow
            case 3: .all
            default: .off
            }
    }

    var index: UInt8 {
        switch self {
        case .off: 0
        case .errors: 1
        case .slow: 2
        case .all: 3
        }
    }

    /// Whether a request that took so long and ended so is logged.
    func wants(isError: Bool, nanoseconds: UInt64) -> Bool {
        switch self {
        case .off: false
        case .errors: isError
        case .slow: nanoseconds > Self.slowNanoseconds
        case .all: true
        }
    }
}

/// What a line of the log says.
struct RequestRecord {
    let connection: UInt64
    let id: RPCID
    let method: String
    let caller: UUIDv7?
    let error: RPCError?
    let bytes: Int
    /// Until its handler began; while the store had it; in all.
    let waitedNanoseconds: UInt64
    let storeNanoseconds: UInt64
    let nanoseconds: UInt64
    let traceparent: String?

    /// The line, its line feed included.
    func write(into writer: inout JSONWriter, at time: Timestamp) {
        writer.raw("{\"time\":")
        writer.string(time.description)
        writer.raw(",\"connection\":")
        writer.int(Int64(truncatingIfNeeded: connection))
        writer.raw(",\"id\":")
        // An id is whatever a client wrote; a long one is not worth a long line.
        writer.raw(text: id.text.flatMap { $0.isShowable(bytesMax: 100) ? $0 : nil } ?? "null")
        writer.raw(",\"method\":")
        writer.string(method)
        writer.raw(",\"caller\":")
        if let caller { writer.string(caller.description) } else { writer.null() }
        writer.raw(",\"code\":")
        if let error { writer.int(error.code) } else { writer.raw("0") }
        writer.raw(",\"bytes\":")
        writer.int(bytes)
        writer.raw(",\"waited_us\":")
        writer.int(Int64(clamping: waitedNanoseconds / 1_000))
        writer.raw(",\"store_us\":")
        writer.int(Int64(clamping: storeNanoseconds / 1_000))
        writer.raw(",\"us\":")
        writer.int(Int64(clamping: nanoseconds / 1_000))
        if let traceparent, traceparent.isShowable(bytesMax: 200) {
            writer.raw(",\"traceparent\":")
            writer.raw(text: traceparent)
        }
        if let cause = error?.cause {
            writer.raw(",\"cause\":")
            writer.string(cause)
        }
        writer.raw("}\n")
    }
}

extension String {
    /// Whether JSON text of a client may stand in the log as it is. Control characters, those of C1
    /// too (JSON lets them stand in strings), would speak to the terminal that shows the log.
    fileprivate func isShowable(bytesMax: Int) -> Bool {
        utf8.count <= bytesMax
            && unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
    }
}

/// Something that happened, for the log: its name, and members whose values are JSON text.
struct EventRecord {
    let event: String
    let members: [(String, String)]

    /// Writes the line.
    func write(to sink: LogSink, at time: Timestamp) {
        var writer = JSONWriter()
        writer.raw("{\"time\":")
        writer.string(time.description)
        writer.raw(",\"event\":")
        writer.string(event)
        for (name, value) in members {
            writer.byte(UInt8(ascii: ","))
            writer.string(name)
            writer.byte(UInt8(ascii: ":"))
            writer.raw(text: value)
        }
        writer.raw("}\n")
        sink.write(unsafe writer.withBytes { unsafe Array($0) })
    }
}

/// Where the lines go.
package struct LogSink: Sendable {
    /// Takes one whole line, its line feed included.
    package var write: @Sendable ([UInt8]) -> Void

    package init(write: @escaping @Sendable ([UInt8]) -> Void) {
        self.write = write
    }

    /// The process's standard error (write(2)).
    package static let standardError = LogSink { line in
        _ = unsafe line.withUnsafeBytes { unsafe Glibc.write(2, $0.baseAddress, $0.count) }
    }
}
