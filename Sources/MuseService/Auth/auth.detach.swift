// The rules' room: `auth.detach`.
internal import MentalMuseProtocol
internal import MuseRPC

extension AuthHandlers {
    /// Leaves nobody attached to the connection; its session goes on.
    func detach(_ params: AuthDetachParams, _ call: Call) async throws(RPCError) -> Empty {
        call.peer.bound = nil
        return Empty()
    }
}
