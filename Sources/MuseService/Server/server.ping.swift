// The rules' room: `server.ping`.
internal import MentalMuseProtocol
internal import MuseRPC

extension ServerHandlers {
    /// Whether the server answers.
    func ping(_ params: ServerPingParams, _ call: Call) throws(RPCError) -> String { "pong" }
}
