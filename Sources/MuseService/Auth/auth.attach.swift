// The rules' room: `auth.attach`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension AuthHandlers {
    /// Attaches the connection to the session of a token, in place of what was bound. Where it is
    /// refused, the server leaves nobody bound.
    func attach(_ params: AuthAttachParams, _ call: Call) async throws(RPCError) -> Caller {
        let claims = try core.verify(access: params.accessToken)
        let caller = try core.whole(try core.judge(claims))
        call.peer.bound = claims
        return caller
    }
}

extension ServiceCore {
    /// A caller as the contract shows it.
    /// - Throws: 1004 where the account has gone, 1601.
    func whole(_ viewer: Viewer, _ validator: Validator? = nil) throws(RPCError) -> Caller {
        guard let user = try read({ try $0.user(viewer.user) }) else {
            throw RPCError.tokenRevoked()
        }
        validator?.note(revision: user.revision) { $0.addCaller(user, viewer) }
        return Caller(user: user.whole, sessionID: viewer.session, expiresAt: viewer.expiresAt)
    }
}
