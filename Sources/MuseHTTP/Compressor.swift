// The HTTP room: gzip (RFC 1952) by the operating system's zlib. One stream a worker, used again.
internal import CZlib
internal import MuseJSON

/// Compresses bodies. Confined to its worker.
@safe
final class Compressor {
    private let stream: UnsafeMutablePointer<z_stream>

    /// Nearly as small as the default, in a third of the time, on pages of ours.
    private static let level: Int32 = 4

    /// Nil where there is no memory for it.
    init?() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        guard unsafe muse_gzip_begin(stream, Self.level) == Z_OK else {
            unsafe stream.deallocate()
            return nil
        }
    }

    deinit {
        _ = unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Puts the compressed form in a body's place. False: it stays as it is.
    func compress(_ body: inout JSONWriter) -> Bool {
        guard unsafe deflateReset(stream) == Z_OK, body.count <= Int(UInt32.max) else {
            return false
        }
        let room = Int(unsafe deflateBound(stream, UInt(body.count)))
        let target = UnsafeMutablePointer<UInt8>.allocate(capacity: room)
        defer { unsafe target.deallocate() }
        let isDone = unsafe body.withBytes { bytes in
            let source = unsafe bytes.bindMemory(to: UInt8.self).baseAddress
            unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(mutating: source)
            unsafe stream.pointee.avail_in = UInt32(bytes.count)
            unsafe stream.pointee.next_out = unsafe target
            unsafe stream.pointee.avail_out = UInt32(clamping: room)
            return unsafe deflate(stream, Z_FINISH) == Z_STREAM_END
        }
        guard isDone else { return false }
        let count = room - Int(unsafe stream.pointee.avail_out)
        body.removeAll()
        unsafe body.raw(UnsafeRawBufferPointer(start: target, count: count))
        return true
    }
}
