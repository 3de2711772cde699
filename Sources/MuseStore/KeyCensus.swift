// The store room: how many idempotency keys there are, and what becomes of the oldest where there
// are too many. One a writer; its chore counts, sweeps and bounds.
internal import MuseBase
internal import MuseSQL
internal import Synchronization

/// Counts the rows of `idempotency` without ever reading all of them at once: those that were there
/// at the start in slices, those that come and go since as the writer commits them.
package final class KeyCensus: Sendable {
    /// Rows a slice: read, or deleted.
    static let readSlice = 2_000
    static let sweepSlice = 500
    static let boundSlice = 2_000

    /// How many there may be; beyond it the oldest go before their time.
    private let max: Int
    private let number = Atomic<Int>(0)
    private let forgetting = Atomic<Bool>(false)
    private let pass = Lock(Pass())

    /// How far the count of what was there at the start has come.
    private struct Pass {
        var begunAt: Timestamp?
        var last = RememberedPlace()
        var isDone = false
    }

    package init(max: Int = 10_000_000) {
        self.max = max
    }

    /// How many keys there are, as far as they have been counted; a key that is used again after
    /// its time and before it is swept counts twice until then.
    package var count: Int { number.load(ordering: .relaxed) }

    /// Whether keys are forgotten before their time, because there are too many.
    package var isForgetting: Bool { forgetting.load(ordering: .relaxed) }

    /// A commit has added or removed so many.
    func add(_ more: Int) {
        if more != 0 { number.add(more, ordering: .relaxed) }
    }

    /// The housekeeping of the keys: those whose time is over go, and, beyond the bound, the
    /// oldest.
    package var chore: WriterChore {
        WriterChore(name: "idempotency", restMilliseconds: 10_000) { [self] tx in
            if try goOnCounting(tx) { return true }
            if try tx.forgetExpiredCalls(max: Self.sweepSlice) == Self.sweepSlice { return true }
            let surplus = count - max
            forgetting.store(surplus > 0, ordering: .relaxed)
            guard surplus > 0 else { return false }
            let slice = min(surplus, Self.boundSlice)
            return try tx.forgetOldestCalls(max: slice) == Self.boundSlice
        }
    }

    /// Counts a slice of what was there at the start; false: all has been counted.
    private func goOnCounting(_ tx: StoreTransaction) throws(SQLError) -> Bool {
        var now = pass.withLock { $0 }
        guard !now.isDone else { return false }
        if now.begunAt == nil {
            // Whatever came before this moment is counted as what was there.
            now.begunAt = tx.now
            number.store(0, ordering: .relaxed)
        }
        let rows = try tx.rememberedPlaces(
            after: &now.last, before: now.begunAt ?? tx.now, limit: Self.readSlice)
        number.add(rows, ordering: .relaxed)
        now.isDone = rows < Self.readSlice
        pass.withLock { $0 = now }
        return true
    }
}
