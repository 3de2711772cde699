// The network room: moments at which the loop is to call. A binary heap that knows where each timer
// stands, so that there is one for each token, and it can be moved or taken out.

/// The timers of one loop, the earliest first.
struct Timers {
    private var heap: [(due: UInt64, token: UInt64)] = []
    private var places: [UInt64: Int] = [:]

    /// When the earliest is due.
    var next: UInt64? { heap.first?.due }

    /// Sets the timer of a token, or moves it.
    mutating func set(_ due: UInt64, _ token: UInt64) {
        if let place = places[token] {
            heap[place].due = due
            settle(place)
        } else {
            heap.append((due, token))
            places[token] = heap.count - 1
            rise(heap.count - 1)
        }
    }

    /// Takes the timer of a token out, if there is one.
    mutating func remove(_ token: UInt64) {
        guard let place = places.removeValue(forKey: token), let last = heap.popLast() else {
            return
        }
        guard place < heap.count else { return }
        heap[place] = last
        places[last.token] = place
        settle(place)
    }

    /// Takes the earliest if it is due at `now`, and gives its token.
    mutating func take(now: UInt64) -> UInt64? {
        guard let first = heap.first, first.due <= now else { return nil }
        remove(first.token)
        return first.token
    }

    private mutating func settle(_ place: Int) {
        rise(place)
        sink(place)
    }

    private mutating func rise(_ place: Int) {
        var child = place
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].due < heap[parent].due else { return }
            swap(child, parent)
            child = parent
        }
    }

    private mutating func sink(_ place: Int) {
        var parent = place
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].due < heap[least].due { least = child }
            if least == parent { return }
            swap(parent, least)
            parent = least
        }
    }

    private mutating func swap(_ a: Int, _ b: Int) {
        heap.swapAt(a, b)
        places[heap[a].token] = a
        places[heap[b].token] = b
    }
}
