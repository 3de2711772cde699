// The rules' room: `admin.disconnect`.
internal import MentalMuseProtocol
internal import MuseRPC

extension AdminHandlers {
    /// Closes a connection.
    func disconnect(_ params: AdminDisconnectParams, _ call: Call) throws(RPCError) -> Empty {
        try checkOperator(call)
        guard shared.control.disconnect(UInt64(max(0, params.connectionID))) else {
            throw RPCError.notFound()
        }
        return Empty()
    }
}
