// The rules' room: `admin.*`, over the operator's socket alone.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseRPC

/// The handlers of `admin.*`, a file a method.
struct AdminHandlers: AdminMethods {
    let core: ServiceCore

    var shared: ServiceShared { core.shared }

    /// - Throws: 1101 for anybody but the operator.
    func checkOperator(_ call: Call) throws(RPCError) {
        guard call.peer.isOperator else { throw RPCError.permissionDenied() }
    }

    /// The memory of a call by its idempotency key, which is the operator's.
    func memory(_ call: Call, _ params: some CallParams) -> CallMemory? {
        shared.memory(call, params, owner: .user(Viewer.theOperator.user))
    }

    /// An entry in the log of what an operator or admin did.
    func audit(_ event: String, _ subject: String) {
        shared.control.log("audit", [("action", "\"\(event)\""), ("subject", "\"\(subject)\"")])
    }

    /// The keys as the contract shows them.
    func signingKeys() -> SigningKeys {
        SigningKeys(
            keys: shared.keys.list(now: shared.wallClock.now()).map { entry in
                SigningKey(
                    kid: entry.keyID, state: entry.state.rawValue, createdAt: entry.createdAt,
                    signsFrom: entry.signsFrom, verifiesUntil: entry.verifiesUntil)
            })
    }
}
