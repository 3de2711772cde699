// The HTTP room: an answer on its way out. Its body is written by the encoders and lent to the
// library, which sends it from where it stands.
internal import CMicroHTTP
internal import MentalMuseProtocol
internal import MuseJSON
internal import MuseServer

/// A status, fields and a body. Used again for the next request.
final class Answer {
    var status = 200
    private(set) var fields: [(name: StaticString, value: String)] = []
    var body: JSONWriter
    /// What a body would have had that is left out; nil: it is not left out.
    var omittedCount: Int?
    unowned let worker: HTTPWorker

    init(_ worker: HTTPWorker) {
        self.worker = worker
        body = JSONWriter(limit: worker.seat.limits.answerBytesMax)
    }

    func add(_ name: StaticString, _ value: String) {
        fields.append((name, value))
    }

    func reset() {
        status = 200
        omittedCount = nil
        fields.removeAll(keepingCapacity: true)
        body.removeAll()
    }

    /// Gives it to the library for a connection; false where it is too late.
    func send(_ connection: OpaquePointer) -> Bool {
        // A length of 0 would be a lie (RFC 9110 section 8.6).
        if let omittedCount {
            guard let response = unsafe muse_http_bodiless(omittedCount) else { return false }
            let isQueued = unsafe queue(response, connection)
            worker.giveBack(self)
            return isQueued
        }
        let retained = unsafe Unmanaged.passRetained(self)
        let response: OpaquePointer? = unsafe body.withBytes { bytes in
            unsafe muse_http_response(
                bytes.baseAddress, bytes.count,
                { context in
                    guard let context = unsafe context else { return }
                    let answer = unsafe Unmanaged<Answer>.fromOpaque(context).takeRetainedValue()
                    answer.worker.giveBack(answer)
                }, unsafe retained.toOpaque())
        }
        guard let response = unsafe response else {
            unsafe retained.release()
            return false
        }
        return unsafe queue(response, connection)
    }

    private func queue(_ response: OpaquePointer, _ connection: OpaquePointer) -> Bool {
        for field in fields {
            unsafe field.value.withCString { value in
                unsafe muse_http_add_field(response, field.name.utf8Start, value)
            }
        }
        return unsafe muse_http_answer(connection, UInt32(status), response) != 0
    }
}
