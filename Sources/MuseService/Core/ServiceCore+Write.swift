// The rules' room: one write's way through the writer's transaction. Called by every handler that
// writes.
package import MentalMuseProtocol
package import MuseBase
package import MuseRPC
package import MuseStore

/// What a write knows inside its own transaction. On the writer's thread.
package struct WriteContext {
    package let tx: StoreTransaction
    /// Judged in this transaction.
    package let caller: Viewer
    let shared: ServiceShared
    /// What has to hold besides, of a caller that keeps answers.
    var precondition: Precondition?
}

extension ServiceCore {
    /// Runs a write: in its own transaction the caller is judged, a repeat is found by its
    /// idempotency key, the role is checked, `body` has its effect and `answer` tells the object as
    /// it is now. The operator, who has no account, counts as an admin where no token is given.
    ///
    /// - Parameters:
    ///   - needs: the least role; ownership is the body's own matter.
    ///   - body: has the effect, and gives the ids by which `answer` finds the object again.
    ///   - made: the object that `body` has just made, where that takes less than to find it; nil:
    ///     as `answer` tells it.
    ///   - answer: the whole object as it is; of a repeat too. Throws 1201 where it has gone.
    /// - Throws: 1001 to 1004, 1101, 1303, 1501, 1601, busy, cancelled, deadline_exceeded, and what
    ///   the closures throw.
    package func write<R: Sendable>(
        _ call: Call, _ params: some CallParams, needs: Access = .caller,
        body: @escaping @Sendable (WriteContext) throws -> [UUIDv7],
        made: (@Sendable (WriteContext, [UUIDv7]) throws -> R)? = nil,
        answer: @escaping @Sendable (WriteContext, [UUIDv7]) throws -> R
    ) async throws(RPCError) -> R {
        let claims = try claims(call)
        guard claims != nil || call.peer.isOperator && needs == .admin else {
            throw RPCError.unauthenticated()
        }
        let shared = shared
        let memory = shared.memory(
            call, params, owner: .user(claims?.user ?? Viewer.theOperator.user))
        let precondition = call.peer.validator?.precondition
        return try await transact(call) { tx in
            let caller = try claims.map { try shared.judge($0, in: tx) } ?? .theOperator
            let context = WriteContext(
                tx: tx, caller: caller, shared: shared, precondition: precondition)
            if let memory, let remembered = try memory.recall(tx) {
                return try answer(context, remembered.ids)
            }
            guard needs.admits(caller) else { throw RPCError.permissionDenied() }
            if let claims {
                do throws(RPCError) {
                    try shared.checkWrites(of: claims.user)
                } catch {
                    // What the body refuses is told before the limit: it runs, and is undone.
                    try tx.undone { _ = try body(context) }
                    throw error
                }
            }
            let ids = try body(context)
            if let claims { try shared.countWrite(of: claims.user) }
            try memory?.remember(ids, in: tx)
            return try (made ?? answer)(context, ids)
        }
    }

    /// Looks at the store on the writer, after the connection's earlier writes: what a call has to
    /// know before it hashes a password. Nothing is written, and the call keeps its place.
    /// - Throws: as `transact`.
    func look<R: Sendable>(
        _ call: Call, _ body: @escaping @Sendable (StoreTransaction) throws -> R
    ) async throws(RPCError) -> R {
        // The same call, but nobody hears that it is queued, and it can still be cancelled.
        let looking = Call(
            method: call.method, peer: call.peer, meta: call.meta, arrivedAt: call.arrivedAt,
            deadline: call.deadline)
        return try await transact(looking, body)
    }

    /// Runs a write without any of that but cancellation and the deadline.
    /// - Throws: busy, cancelled, deadline_exceeded, 1601, and what `body` throws.
    func transact<R: Sendable>(
        _ call: Call, _ body: @escaping @Sendable (StoreTransaction) throws -> R
    ) async throws(RPCError) -> R {
        let shared = shared
        let ticket = call.ticket
        let deadline = call.deadline
        let arrivedAt = call.arrivedAt
        let observer = call.observer
        let result = await store.write(queued: { observer?.callQueued() }) { tx throws -> R in
            if let ticket, !ticket.begin() { throw RPCError.cancelled() }
            if let deadline {
                let now = shared.monotonicClock.nanoseconds()
                if now >= deadline {
                    let elapsed = (now - arrivedAt) / 1_000_000
                    throw RPCError.deadlineExceeded(elapsedMs: Int(elapsed), started: false)
                }
            }
            return try body(tx)
        }
        switch result {
        case .success(let value): return value
        case .failure(let error): throw shared.translate(error)
        }
    }
}

extension Access {
    /// Whether a caller's role is enough; ownership is judged elsewhere.
    func admits(_ caller: Viewer) -> Bool {
        switch self {
        case .nobody, .caller, .owner: true
        case .moderator: caller.isModerator
        case .admin: caller.isAdmin
        case .operator: false
        }
    }
}
