// The HTTP room: how long the bodies of tags are: a 304 tells it, and nobody is to encode a page
// to learn it.

/// Lengths by tag; when there are too many, all are forgotten. Confined to its worker.
struct KnownLengths {
    private static let max = 16_384
    private var lengths: [String: Int] = [:]

    subscript(tag: String) -> Int? {
        get { lengths[tag] }
        set {
            if lengths.count >= Self.max { lengths.removeAll(keepingCapacity: true) }
            lengths[tag] = newValue
        }
    }
}
