// The rules' room: writes that want the caller's password again, in the order of refusals that the
// contract gives. Called by `users.update` and `users.delete`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseRPC
internal import MuseStore

extension ServiceCore {
    /// Runs a write that wants the caller's password again.
    ///
    /// The caller, the idempotency key and `judge` come before the password, and all of them are
    /// judged after the connection's earlier writes, so they are judged on the writer, where
    /// nothing is written yet; then the password is compared on the hash pool; then the write
    /// itself judges again. Only that last step stands in the connection's order: what follows
    /// waits for it. A repeat is answered without the password.
    /// - Parameter judge: what may refuse the call before the password is looked at.
    /// - Throws: what `write` and `checkPassword` throw.
    func write<R: Sendable>(
        _ call: Call, _ params: some CallParams, password: String,
        judge: @escaping @Sendable (WriteContext) throws -> Void,
        body: @escaping @Sendable (WriteContext) throws -> [UUIDv7],
        answer: @escaping @Sendable (WriteContext, [UUIDv7]) throws -> R
    ) async throws(RPCError) -> R {
        guard let claims = try claims(call) else { throw RPCError.unauthenticated() }
        let shared = shared
        let memory = shared.memory(call, params, owner: .user(claims.user))
        let precondition = call.peer.validator?.precondition
        let caller = try await look(call) { tx -> Viewer? in
            let context = WriteContext(
                tx: tx, caller: try shared.judge(claims, in: tx), shared: shared,
                precondition: precondition)
            if let memory, try memory.recall(tx) != nil { return nil }
            try judge(context)
            try shared.checkWrites(of: claims.user)
            return context.caller
        }
        let isChecked = caller != nil
        if let caller { try await checkPassword(call, caller, password) }
        return try await write(call, params) { w in
            // A repeat whose key was forgotten meanwhile: it has to come again, with its password
            // looked at.
            guard isChecked else { throw RPCError.unavailable(retryAfterMs: 0, outcome: "none") }
            try judge(w)
            return try body(w)
        } answer: { w, ids in
            try answer(w, ids)
        }
    }
}
