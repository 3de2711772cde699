// The rules' room: `admin.connections`.
internal import MentalMuseProtocol
internal import MuseRPC

extension AdminHandlers {
    /// The open connections.
    func connections(_ params: AdminConnectionsParams, _ call: Call) throws(RPCError) -> Connections
    {
        try checkOperator(call)
        return Connections(items: shared.control.connections())
    }
}
