// The server room: first in, first out.

/// A queue that gives its room back when it runs empty.
///
/// A class, so that whoever owns one holds it as a constant: each use of a variable would have the
/// runtime look after exclusive access.
final class Queue<Element> {
    private var items: [Element?] = []
    private var head = 0

    var isEmpty: Bool { head == items.count }
    var count: Int { items.count - head }
    var first: Element? { head < items.count ? items[head] : nil }

    func append(_ item: Element) {
        items.append(item)
    }

    func popFirst() -> Element? {
        guard head < items.count else { return nil }
        let item = items[head]
        items[head] = nil
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: items.count <= 64)
            head = 0
        } else if head >= 256, head * 2 >= items.count {
            items.removeSubrange(0..<head)
            head = 0
        }
        return item
    }

    /// Takes out the first for which `matches` holds.
    func remove(where matches: (Element) -> Bool) {
        for index in head..<items.count {
            if let item = items[index], matches(item) {
                items.remove(at: index)
                return
            }
        }
    }

    func removeAll() {
        items.removeAll()
        head = 0
    }
}
