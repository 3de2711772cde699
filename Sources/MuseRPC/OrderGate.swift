// The RPC room: the order rule as a pure value. The server asks it before it begins a request.

/// What a method does to the store or the connection: `x-effect` of the schema.
@usableFromInline
package enum Effect: String, Sendable {
    /// Touches no store: begins at any time.
    case none
    case read
    case write
    /// Changes who the connection is.
    case session
}

/// Keeps a connection as if its requests ran one after another, while some of them overlap.
///
/// A read waits for the earlier writes; a write waits until the reads before it are done and the
/// writes before it are in the writer's queue, which is first in, first out; a session change waits
/// for all before it and holds all after it. Requests are offered in the order in which they came.
@usableFromInline
package struct OrderGate: Sendable {
    @usableFromInline var reads = 0
    @usableFromInline var writes = 0
    /// Writes that have begun and are not in the writer's queue yet (they hash a password, say).
    @usableFromInline var preparing = 0
    @usableFromInline var sessions = 0

    @inlinable
    package init() {}

    /// Whether a request may begin now, if it is the oldest that has not begun.
    @inlinable
    package func admits(_ effect: Effect) -> Bool {
        switch effect {
        case .none: true
        case .read: sessions == 0 && writes == 0
        case .write: sessions == 0 && reads == 0 && preparing == 0
        case .session: sessions == 0 && writes == 0 && reads == 0
        }
    }

    /// A request begins; it must have been admitted.
    @inlinable
    package mutating func begin(_ effect: Effect) {
        precondition(admits(effect), "a request began that the order rule holds back")
        switch effect {
        case .none: break
        case .read: reads += 1
        case .write:
            writes += 1
            preparing += 1
        case .session: sessions += 1
        }
    }

    /// A write that has begun is in the writer's queue now: the writes after it may follow.
    @inlinable
    package mutating func queued() {
        precondition(preparing > 0, "a write was queued that had not begun")
        preparing -= 1
    }

    /// A request is over. `wasQueued`: for a write, whether `queued()` was said of it.
    @inlinable
    package mutating func end(_ effect: Effect, wasQueued: Bool) {
        switch effect {
        case .none: break
        case .read: reads -= 1
        case .write:
            writes -= 1
            if !wasQueued { preparing -= 1 }
        case .session: sessions -= 1
        }
        precondition(
            reads >= 0 && writes >= 0 && preparing >= 0 && sessions >= 0,
            "a request ended that had not begun")
    }

    /// Whether nothing is under way.
    @inlinable
    package var isIdle: Bool { reads == 0 && writes == 0 && sessions == 0 }
}
