// The rules' room: `admin.retire_key`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseRPC

extension AdminHandlers {
    /// Stops signing with a key, and trusting it once its last token has expired; `now`: at once,
    /// for a leak.
    func retireKey(_ params: AdminRetireKeyParams, _ call: Call) async throws(RPCError)
        -> SigningKeys
    {
        try checkOperator(call)
        let now = shared.wallClock.now()
        do throws(KeyRing.Failure) {
            if params.now == true {
                try shared.keys.retire(params.kid, now: now)
            } else {
                guard let key = shared.keys.list(now: now).first(where: { $0.keyID == params.kid })
                else { throw .unknownKey }
                // Any other key is on its way out, or has not begun.
                if key.state == .signing { _ = try shared.keys.rotate(now: now) }
            }
        } catch .unknownKey {
            throw RPCError.notFound()
        } catch {
            throw RPCError.unavailable(retryAfterMs: 1_000, outcome: "none").because("\(error)")
        }
        audit("admin.retire_key", params.now == true ? "now" : "later")
        return signingKeys()
    }
}
