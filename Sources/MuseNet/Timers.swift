// The network room: moments at which the loop is to call. A binary heap; no timer is ever taken
// out, its owner looks whether there is still something to do.

/// A moment and whom to call.
struct LoopTimer {
    let due: UInt64
    let token: UInt64
}

/// The timers of one loop, the earliest first.
struct Timers {
    private var heap: [LoopTimer] = []

    /// When the earliest is due.
    var next: UInt64? { heap.first?.due }

    mutating func add(_ timer: LoopTimer) {
        heap.append(timer)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].due < heap[parent].due else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the earliest if it is due at `now`.
    mutating func take(now: UInt64) -> LoopTimer? {
        guard let first = heap.first, first.due <= now, let last = heap.popLast() else {
            return nil
        }
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].due < heap[least].due { least = child }
            if least == parent { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
