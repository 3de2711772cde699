// The client: waiting for what others do (an app's store), but not for ever.
internal import MuseBase

/// Waits with an end.
enum Patience {
    /// What `work` gives; nil where that takes longer than until `instant`. The work goes on then,
    /// and nobody hears of its end.
    static func until<R: Sendable>(
        _ instant: UInt64, _ time: any ClientTime, _ work: @escaping @Sendable () async -> R
    ) async -> R? {
        let outcome = Outcome<R>()
        time.schedule(at: instant) { [weak outcome] in outcome?.settle(nil) }
        let task = Task { outcome.settle(await work()) }
        let result = await withCheckedContinuation { outcome.wait($0) }
        if result == nil { task.cancel() }
        return result
    }

    /// One result for one who waits; the first that comes counts.
    private final class Outcome<R: Sendable>: Sendable {
        private enum State {
            case open
            case waiting(CheckedContinuation<R?, Never>)
            case settled(R?)
            case told
        }

        private let state = Lock(State.open)

        func settle(_ result: R?) {
            let waiter = state.withLock { state -> CheckedContinuation<R?, Never>? in
                switch state {
                case .open: state = .settled(result)
                case .waiting(let waiter):
                    state = .told
                    return waiter
                case .settled, .told: break
                }
                return nil
            }
            waiter?.resume(returning: result)
        }

        func wait(_ waiter: CheckedContinuation<R?, Never>) {
            let result = state.withLock { state -> R?? in
                guard case .settled(let result) = state else {
                    state = .waiting(waiter)
                    return .none
                }
                state = .told
                return .some(result)
            }
            if let result { waiter.resume(returning: result) }
        }
    }
}
