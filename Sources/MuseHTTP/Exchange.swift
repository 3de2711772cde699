// The HTTP room: a connection, and the request that it is at. The library reads heads and bodies
// and calls in order: began, handle (head, then body), ended. Begin reading at `handle`.
internal import CMicroHTTP
internal import Glibc
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseNet
internal import MuseRPC
internal import MuseServer

/// One HTTP connection. Confined to its worker.
@safe
final class Exchange {
    enum Phase {
        /// No request is under way.
        case idle
        /// The request line has come.
        case head
        /// The body is being read.
        case body
        /// The body is thrown away: the answer is settled.
        case discarding
        /// A handler has it; the library waits.
        case running
        /// The answer is on its way out.
        case answered
    }

    unowned let worker: HTTPWorker
    let connection: OpaquePointer
    let entry: ConnectionEntry
    let descriptor: Int32
    /// Who reads and writes it.
    weak var daemon: Daemon?
    /// Whom the connection comes from; a trusted proxy names another for each request.
    let peer: Peer
    private(set) var phase = Phase.idle
    private(set) var target: [UInt8] = []
    private(set) var head = Head()
    private(set) var verb = ""
    private(set) var isHTTP11 = true
    var body: [UInt8] = []
    private var bodyCount = 0
    /// The answer that was settled before the body was there.
    private var settled: Answer?
    /// The call that a lane runs.
    var planned: Plan?
    /// Kept open when the library closes, so that what still comes destroys no answer.
    private var lingering: Int32 = -1
    /// Whether the library waits for the lane.
    private var isSuspended = false
    private(set) var arrivedAt: UInt64 = 0
    private var changedAt: UInt64
    /// Bytes that the other side had taken, and sent, when it was last looked at.
    private var taken: UInt64 = 0
    private var received: UInt64?
    /// When a part of a request was first seen; 0 for none.
    private var begunAt: UInt64 = 0
    private var requests = 0
    var rate = RequestRate()

    init(
        _ worker: HTTPWorker, _ connection: OpaquePointer, _ entry: ConnectionEntry,
        descriptor: Int32, daemon: Daemon?, now: UInt64
    ) {
        self.worker = worker
        unsafe self.connection = unsafe connection
        self.entry = entry
        self.descriptor = descriptor
        self.daemon = daemon
        changedAt = now
        peer = Peer(
            id: entry.id, transport: entry.transport, address: entry.address,
            isTrustedProxy: worker.seat.isTrustedProxy(entry.address))
    }

    var isIdle: Bool { if case .idle = phase { true } else { false } }

    // MARK: What the library says

    /// A request line was read.
    func began(_ target: UnsafeRawBufferPointer) {
        phase = .head
        arrivedAt = worker.seat.clock.nanoseconds()
        changedAt = worker.seat.loop.now
        self.target.removeAll(keepingCapacity: true)
        unsafe self.target.append(contentsOf: target)
        head = Head()
        requests += 1
        received = nil
        begunAt = 0
        // The library keeps each item of a query beside the head, and closes without a word where
        // there is no room for them.
        if self.target.count(where: { $0 == UInt8(ascii: "&") }) > HTTPLimits.queryItemsMax {
            let refusal = Refusal.targetTooLong
            _ = refuseByHand(malformed(refusal.rawValue), status: refusal.status)
            phase = .discarding
        }
    }

    /// The head is there, or a part of the body, or its end. False: the connection is closed.
    func handle(
        _ method: UnsafePointer<CChar>, _ version: UnsafePointer<CChar>,
        _ part: UnsafeRawBufferPointer
    ) -> Bool {
        switch phase {
        case .head:
            verb = unsafe String(cString: method)
            isHTTP11 = unsafe String(cString: version) != "HTTP/1.0"
            unsafe takeHead(method, version)
            return judgeHead()
        case .body where part.count > 0: return unsafe takeBody(part)
        case .discarding where part.count > 0:
            bodyCount += part.count
            let max = worker.seat.limits.lineBytesMax + HTTPLimits.surplusBytesMax
            return bodyCount <= max || refuseByHand(tooLarge, status: 413)
        case .body:
            begin()
            return true
        case .discarding:
            guard let settled else { return false }
            self.settled = nil
            return send(settled)
        case .idle, .running, .answered: return true
        }
    }

    /// The request is over.
    func ended() {
        if !body.isEmpty {
            worker.seat.noteBuffered(-body.count)
            body = []
        }
        bodyCount = 0
        settled = nil
        phase = .idle
        changedAt = worker.seat.loop.now
        entry.publishHTTP(requests: requests, inFlight: 0)
        if worker.seat.isDraining { shut() }
    }

    // MARK: Head and body

    private func takeHead(_ method: UnsafePointer<CChar>, _ version: UnsafePointer<CChar>) {
        if lendsInPlace {
            head.placeRequest(
                verb: verb.utf8.count, target: target.count, version: unsafe strlen(version),
                begins: unsafe version - method)
        }
        unsafe muse_http_fields(
            connection, method, Unmanaged.passUnretained(self).toOpaque(),
            { context, field in
                guard let context = unsafe context, let field = unsafe field?.pointee else {
                    return
                }
                let exchange = unsafe Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
                unsafe exchange.head.take(
                    Span(_unsafeElements: bytes(field.name, field.name_count)),
                    Span(_unsafeElements: bytes(field.value, field.value_count)))
                if lendsInPlace {
                    unsafe exchange.head.placeField(begins: field.begins, ends: field.ends)
                }
            })
        if lendsInPlace { head.placeEnd(headBytes) }
        head.end(isHTTP11: isHTTP11)
    }

    private func judgeHead() -> Bool {
        if let fault = head.fault {
            return closeWith(malformed(fault.rawValue), status: 400)
        }
        if head.contentLength > worker.seat.limits.lineBytesMax {
            return closeWith(tooLarge, status: 413)
        }
        phase = .body
        guard let answer = settle() else { return true }
        // Whoever waits to be told to go on is told the answer instead.
        if head.expectsContinue, head.hasBody { return close(with: answer) }
        settled = answer
        phase = .discarding
        return true
    }

    private var tooLarge: RPCError { .messageTooLarge(limit: worker.seat.limits.lineBytesMax) }

    private func takeBody(_ part: UnsafeRawBufferPointer) -> Bool {
        bodyCount += part.count
        guard bodyCount <= worker.seat.limits.lineBytesMax else {
            worker.seat.noteBuffered(-body.count)
            body = []
            settled = refusal(tooLarge, status: 413)
            phase = .discarding
            return true
        }
        unsafe body.append(contentsOf: part)
        worker.seat.noteBuffered(part.count)
        return true
    }

    /// Answers where the library takes no answer: before it has a head, and in the middle of a body
    /// that does not end. False: the connection is over.
    private func refuseByHand(_ error: RPCError, status: Int) -> Bool {
        let copy = muse_http_copy(descriptor)
        guard copy >= 0 else { return false }
        let socket = Socket(Descriptor(copy))
        var text = HandMade.answer(error, status: status)
        if worker.configuration.isSecure {
            text.withUTF8 {
                _ = unsafe muse_http_say_over_tls(connection, $0.baseAddress, $0.count)
            }
        } else {
            _ = socket.write(text.utf8.span)
        }
        worker.linger(socket)
        return false
    }

    // MARK: Answering

    /// Refuses the request before its body is read, and ends the connection after that.
    private func closeWith(_ error: RPCError, status: Int) -> Bool {
        close(with: refusal(error, status: status))
    }

    private func close(with answer: Answer) -> Bool {
        answer.add("Connection", "close")
        if head.hasBody { lingering = muse_http_copy(descriptor) }
        return send(answer)
    }

    /// Sends an answer; false where the library does not take it.
    func send(_ answer: Answer) -> Bool {
        phase = .answered
        changedAt = worker.seat.loop.now
        if worker.seat.isDraining { answer.add("Connection", "close") }
        worker.seat.noteBuffered(answer.body.count)
        worker.seat.noteBytes(read: bodyCount, written: answer.body.count)
        return unsafe answer.send(connection)
    }

    /// Has the planned call run in this pass.
    func start() {
        phase = .running
        entry.publishHTTP(requests: requests, inFlight: 1)
        worker.start(self)
    }

    /// Whether its call is under way, or about to be: not where the connection has ended meanwhile.
    var isRunning: Bool { if case .running = phase { true } else { false } }

    /// Lets the library wait for the lane, where it still has to.
    func suspend() {
        guard isRunning, !isSuspended else { return }
        isSuspended = true
        unsafe muse_http_suspend(connection)
    }

    /// The call is done.
    func finish(_ answer: Answer) {
        planned = nil
        let isSent = send(answer)
        if isSuspended {
            isSuspended = false
            unsafe muse_http_resume(connection)
            worker.wake()
        }
        if !isSent { shut() }
    }

    // MARK: Time

    /// Closes it where a request has been coming, or an answer going, for too long.
    func look(now: UInt64) {
        let since = now > changedAt ? now - changedAt : 0
        let limits = worker.seat.limits
        let seconds: Int
        if isReading, since > 1_000_000_000, muse_http_has_ended(descriptor) != 0 { return shut() }
        switch phase {
        case .idle:
            if isLate(now) { return shut() }
            // Whoever has said nothing yet is given less time: a handshake may be hanging.
            seconds = requests > 0 ? limits.idleSeconds : limits.lineSeconds
        case .head, .body, .discarding: seconds = limits.lineSeconds
        case .answered:
            seconds = limits.outputStallSeconds
            let taken = muse_http_taken(descriptor)
            if taken != self.taken {
                self.taken = taken
                changedAt = now
                return
            }
        case .running: return
        }
        if seconds > 0, since > UInt64(seconds) * 1_000_000_000 { shut() }
    }

    /// Whether more has to come before anything else happens. The library does not notice an end
    /// that comes together with the last bytes before it: it reads those, and is told of no more.
    private var isReading: Bool {
        switch phase {
        case .idle, .head, .body, .discarding: true
        case .running, .answered: false
        }
    }

    /// Whether a request line has been coming for too long.
    private func isLate(_ now: UInt64) -> Bool {
        let count = muse_http_received(descriptor)
        guard let before = received else {
            received = count
            return false
        }
        guard count != before || begunAt > 0 else { return false }
        if begunAt == 0 { begunAt = now }
        return now - begunAt > UInt64(worker.seat.limits.lineSeconds) * 1_000_000_000
    }

    /// Ends the connection, whatever it is at.
    func shut() {
        muse_http_shut(descriptor)
        worker.wake()
    }

    /// The library has closed it.
    func leave() {
        if !body.isEmpty { worker.seat.noteBuffered(-body.count) }
        body = []
        if lingering >= 0 { worker.linger(Socket(Descriptor(lingering))) }
        lingering = -1
    }
}

/// Whether the library tells where the lines of a head stand.
private let lendsInPlace = muse_http_lends_in_place() != 0

/// What a text of the library's is lent as; null is empty.
private func bytes(_ text: UnsafePointer<CChar>?, _ count: Int) -> UnsafeBufferPointer<UInt8> {
    let start = unsafe UnsafeRawPointer(text)?.assumingMemoryBound(to: UInt8.self)
    return unsafe UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)
}
