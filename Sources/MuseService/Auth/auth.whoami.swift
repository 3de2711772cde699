// The rules' room: `auth.whoami`.
internal import MentalMuseProtocol
internal import MuseRPC

extension AuthHandlers {
    /// Who is calling: what another service asks that must know of a revocation at once.
    func whoami(_ params: AuthWhoamiParams, _ call: Call) async throws(RPCError) -> Caller {
        try core.whole(try core.caller(call), call.peer.validator)
    }
}
