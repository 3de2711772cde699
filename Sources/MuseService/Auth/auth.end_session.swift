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
            guard let row = try w.tx.session(session), row.user == w.caller.user,
                row.endsAt > w.tx.now
            else { throw RPCError.notFound() }
            try w.tx.endSession(session)
            return []
        } answer: { _, _ in
            Empty()
        }
    }
}
