// The rules' room: `auth.sessions`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseRPC
internal import MuseSQL
internal import MuseStore

extension AuthHandlers {
    /// The caller's live sessions, by the time of their log-in.
    func sessions(
        _ params: AuthSessionsParams, _ call: Call, into page: inout JSONWriter
    ) async throws(RPCError) {
        let caller = try core.caller(call)
        let list = ListCursor.List(
            kind: .sessions, order: params.order, filter: .id(caller.user))
        let from = try list.position(params.cursor)
        let limit = params.limit ?? ListCursor.limitDefault
        let now = shared.wallClock.now()
        var items: [Session] = []
        var scanned = 0
        var last: UUIDv7?
        try core.read { tx in
            try tx.sessions(
                of: caller.user, newest: list.isNewest, from: from, limit: limit + 1
            ) { id, device, address, lastUsedAt, endsAt in
                scanned += 1
                guard scanned <= limit else { return }
                last = id
                guard endsAt > now else { return }
                items.append(
                    Session(
                        id: id, device: device, address: address, createdAt: id.timestamp,
                        lastUsedAt: lastUsedAt, current: id == caller.session))
            }
        }
        if let validator = call.peer.validator {
            var state = EntityDigest()
            for item in items {
                state.add(item.id)
                state.add(item.lastUsedAt)
                state.add(item.current ? 1 : 0)
            }
            validator.note(state, scanned > limit ? last : nil)
            if validator.isKnown { return }
        }
        page.beginPage()
        for (index, item) in items.enumerated() {
            if index > 0 { page.byte(UInt8(ascii: ",")) }
            item.encode(into: &page)
        }
        page.endPage(nextCursor: scanned > limit ? last.map(list.cursor) : nil)
    }
}
