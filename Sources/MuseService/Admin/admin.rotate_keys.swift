// The rules' room: `admin.rotate_keys`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseRPC

extension AdminHandlers {
    /// Publishes a new key, which signs ten minutes later, when every verifier knows it.
    func rotateKeys(_ params: AdminRotateKeysParams, _ call: Call) async throws(RPCError)
        -> SigningKeys
    {
        try checkOperator(call)
        do {
            _ = try shared.keys.rotate(now: shared.wallClock.now())
        } catch {
            throw RPCError.unavailable(retryAfterMs: 1_000, outcome: "none").because("\(error)")
        }
        audit("admin.rotate_keys", "")
        return signingKeys()
    }
}
