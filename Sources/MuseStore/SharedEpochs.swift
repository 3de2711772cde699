// The store room: what the writer tells all workers without a message.
internal import Synchronization

/// Counters that the writer moves after a COMMIT returned and before its results go back. A worker
/// that keeps something reads the counter first, then the store, and keeps both: while the counter
/// stands, so does what it keeps.
package final class SharedEpochs: Sendable {
    private let sessionsEnded = Atomic<UInt64>(0)
    private let profilesChanged = Atomic<UInt64>(0)
    private let committed = Atomic<UInt64>(0)

    package init() {}

    /// Moves when a write marked `sessionsEnded`.
    package var sessions: UInt64 { sessionsEnded.load(ordering: .acquiring) }
    /// Moves when a write marked `profilesChanged`.
    package var profiles: UInt64 { profilesChanged.load(ordering: .acquiring) }
    /// Moves with every commit: snapshots taken before are old.
    package var commits: UInt64 { committed.load(ordering: .acquiring) }

    func bump(_ marks: TransactionMarks) {
        // First the commit: whoever sees one of the others move must not read in a snapshot from
        // before it.
        committed.add(1, ordering: .releasing)
        if marks.sessionsEnded { sessionsEnded.add(1, ordering: .releasing) }
        if marks.profilesChanged { profilesChanged.add(1, ordering: .releasing) }
    }
}
