// The server room: connections arrive, are refused, and leave; and all leave at a shutdown.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseNet
internal import MuseRPC
internal import MuseTLS

extension WorkerCore {
    // MARK: Listening

    func listen(_ listener: Listener, _ transport: Transport) {
        listeners.append((listener, transport, false))
        watch(listeners.count - 1)
    }

    private func watch(_ place: Int) {
        let listener = listeners[place].listener
        do throws(NetError) {
            try loop.watch(
                listener.number, .readable, token: Token.listener(place),
                isShared: listener.isShared)
            listeners[place].isWatched = true
        } catch {
            loop.callAt(loop.now + 100_000_000, token: Token.listener(place))
        }
    }

    func accept(_ place: Int) {
        guard place < listeners.count else { return }
        let (listener, transport, _) = listeners[place]
        for _ in 0..<Turn.acceptsMax {
            switch listener.accept() {
            case .connection(let socket, let address): open(socket, address, transport)
            case .beyondDescriptors(let socket, _):
                shared.registry.noteRefused()
                if transport != .tls {
                    let line = Self.line(.tooManyConnections(limit: open))
                    _ = socket.write(line.span)
                    socket.endSending()
                }
                _ = consume socket
                listener.takeSpare()
            case .none: return
            case .exhausted: return pauseAccepting(place)
            }
        }
    }

    /// Whoever waits to be accepted waits for a tenth of a second more; the loop does not spin on
    /// them.
    private func pauseAccepting(_ place: Int) {
        guard listeners[place].isWatched else { return }
        loop.unwatch(listeners[place].listener.number)
        listeners[place].isWatched = false
        loop.callAt(loop.now + 100_000_000, token: Token.listener(place))
    }

    func resumeAccepting(_ place: Int) {
        guard place < listeners.count, !listeners[place].isWatched, !isDraining else { return }
        listeners[place].listener.takeSpare()
        watch(place)
    }

    // MARK: Opening and closing

    private func open(
        _ socket: consuming Socket, _ address: NetworkAddress, _ transport: Transport
    ) {
        if transport == .admin, !Self.isOurs(address) { return }
        let token = takePlace()
        let isProxy = shared.isTrustedProxy(address)
        let openedAt = shared.configuration.wallClock.now()
        let admission = shared.registry.admit(
            transport: transport, address: address, openedAt: openedAt, worker: index,
            token: token, isProxy: isProxy)
        if transport == .tcp || transport == .tls { socket.sendAtOnce() }
        switch admission {
        case .entry(let entry):
            let connection = ServerConnection(
                worker: self, token: token, entry: entry, socket: socket, now: loop.now)
            begin(connection, transport)
            if isDraining { connection.closeAfter([]) }
        case .refused(let limit):
            guard lingering < 256 else { return giveBackPlace(token) }
            lingering += 1
            let entry = ConnectionEntry(
                id: 0, transport: transport, address: address, key: nil, openedAt: openedAt,
                worker: index, token: token)
            let connection = ServerConnection(
                worker: self, token: token, entry: entry, socket: socket, now: loop.now)
            begin(connection, transport)
            connection.refuseOnceOpen(.tooManyConnections(limit: limit))
        }
    }

    private func begin(_ connection: ServerConnection, _ transport: Transport) {
        connections[Token.place(connection.token)] = connection
        open += 1
        if transport == .tls {
            guard let context = shared.tlsContext, let stream = try? TLSStream(server: context)
            else {
                return connection.close()
            }
            connection.beginHandshake(stream)
        }
        do throws(NetError) {
            try loop.watch(connection.socket.number, .readable, token: connection.token)
            connection.armTimer()
        } catch {
            connection.close()
        }
    }

    /// A connection has closed its socket and left.
    func closed(_ connection: ServerConnection) {
        open -= 1
        if connection.entry.id == 0 { lingering -= 1 }
        shared.registry.remove(connection.entry)
        giveBackPlace(connection.token)
    }

    /// Whether whoever connected is this process's user, or root.
    private static func isOurs(_ address: NetworkAddress) -> Bool {
        guard case .unix(let uid) = address else { return false }
        return uid == 0 || uid == Process.user
    }

    private static func line(_ error: RPCError) -> [UInt8] {
        var writer = JSONWriter()
        writer.refuse(.null, error)
        writer.byte(UInt8(ascii: "\n"))
        return unsafe writer.withBytes { unsafe Array($0) }
    }

    // MARK: Shutting down

    /// Tells everybody, accepts nobody, and closes each connection once all that is in flight is
    /// answered.
    func drain(_ done: CheckedContinuation<Void, Never>) {
        drained.append(done)
        guard !isDraining else { return }
        // Those who wait to be accepted would be reset when the listener closes.
        for place in listeners.indices { accept(place) }
        beginDraining()
        for place in listeners.indices where listeners[place].isWatched {
            loop.unwatch(listeners[place].listener.number)
        }
        listeners = []
        let milliseconds = limits.shutdownSeconds * 1_000
        drainEnds = loop.now + UInt64(limits.shutdownSeconds) * 1_000_000_000
        loop.callAt(drainEnds, token: Token.drain)
        for case let connection? in connections {
            connection.announceEnd(reason: "shutdown", closesInMs: milliseconds)
        }
        guest?.beginDraining()
    }

    /// At the end of a pass: are all done?
    func goOnDraining() {
        if loop.now >= drainEnds {
            for case let connection? in connections { connection.close() }
            guest?.close()
        } else if !connections.contains(where: { $0?.isBusy ?? false }) {
            for case let connection? in connections { connection.closeAfter([]) }
        }
        guard open == 0, guest?.isDrained ?? true, !drained.isEmpty else { return }
        let waiters = drained
        drained = []
        for waiter in waiters { waiter.resume() }
        endLanes()
    }

    /// What a request hears that comes after the notice.
    var drainingError: RPCError { .draining(retryAfterMs: 1_000) }
}

extension ServerConnection {
    /// Whether something is in flight or unread.
    var isBusy: Bool {
        phase == .open && (!calls.isEmpty || unread > 0 || stop != .needMore)
    }
}
