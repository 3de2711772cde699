// The rules' room: `auth.end_session`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseRPC
internal import MuseStore

extension AuthHandlers {
    /// Ends one of the caller's live sessions; any other is not there.
    func endSession(_ params: AuthEndSessionParams, _ call: Call) async throws(RPCError) -> Empty {
        let session = params.sessionID
        return try await core.write(call, params) { w in
            let found = try w.tx.session(session)
            // As at log-in: one row that is there and one that is not, whosever session it is, so
            // that the time does not tell another's from none.
            _ = try w.tx.session(found == nil ? w.caller.session : UUIDv7(high: 0, low: 0))
            guard let row = found, row.user == w.caller.user,
                row.endsAt > w.tx.now
            else { throw RPCError.notFound() }
            try w.tx.endSession(session)
            return []
        } answer: { _, _ in
            Empty()
        }
    }
}
