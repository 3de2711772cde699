// The client: the calls that are under way on a connection, found by their id without hashing.

/// A call that has been sent, or is about to be.
struct Slot {
    let ticket: UInt64
    let waiter: Waiter
    let deadline: UInt64
    let sentAt: UInt64
    /// What the connection was attached with.
    let identity: UInt64
}

/// A bounded table of calls. An id is a serial number and the slot's place in its low 12 bits, so
/// that an answer that comes late, or with an id that was never given, finds nothing.
struct SlotTable {
    private static let placeBits: UInt64 = 12

    private var slots: [(serial: UInt64, slot: Slot?)]
    private var places: [Int]
    private(set) var serial: UInt64 = 0

    /// `count`: at most 4,096.
    init(_ count: Int) {
        precondition(count <= 1 << Self.placeBits, "more slots than an id can tell apart")
        slots = Array(repeating: (0, nil), count: count)
        places = Array((0..<count).reversed())
    }

    /// How many more calls it can hold.
    var free: Int { places.count }
    var isEmpty: Bool { places.count == slots.count }

    /// Keeps a call: its id; nil if the table is full.
    mutating func take(_ slot: Slot) -> UInt64? {
        guard let place = places.popLast() else { return nil }
        serial += 1
        slots[place] = (serial, slot)
        return serial << Self.placeBits | UInt64(place)
    }

    /// Takes a call out; nil if there is none of that id.
    mutating func remove(_ id: UInt64) -> Slot? {
        let place = Int(id & (1 << Self.placeBits - 1))
        guard place < slots.count, slots[place].serial == id >> Self.placeBits,
            let slot = slots[place].slot
        else { return nil }
        slots[place].slot = nil
        places.append(place)
        return slot
    }

    /// The first call for which `holds`, with its id.
    func first(where holds: (Slot) -> Bool) -> (UInt64, Slot)? {
        for (place, entry) in slots.enumerated() {
            if let slot = entry.slot, holds(slot) {
                return (entry.serial << Self.placeBits | UInt64(place), slot)
            }
        }
        return nil
    }

    /// Takes out all calls for which `holds`, with the serials of their ids.
    mutating func removeAll(where holds: (Slot) -> Bool = { _ in true }) -> [(UInt64, Slot)] {
        var removed: [(UInt64, Slot)] = []
        for (place, entry) in slots.enumerated() {
            if let slot = entry.slot, holds(slot) {
                slots[place].slot = nil
                places.append(place)
                removed.append((entry.serial, slot))
            }
        }
        return removed
    }

    /// The earliest deadline; `.max` if there is none.
    var earliestDeadline: UInt64 {
        slots.reduce(UInt64.max) { min($0, $1.slot?.deadline ?? .max) }
    }
}
