// The rules' room: `admin.keys`.
internal import MentalMuseProtocol
internal import MuseRPC

extension AdminHandlers {
    /// The signing keys, without their secrets.
    func keys(_ params: AdminKeysParams, _ call: Call) throws(RPCError) -> SigningKeys {
        try checkOperator(call)
        return signingKeys()
    }
}
