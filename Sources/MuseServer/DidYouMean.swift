// The server room: the method that somebody probably meant.
internal import MentalMuseProtocol

enum DidYouMean {
    /// Names beyond this length mean nothing.
    private static let lengthMax = 64
    private static let names: [(name: String, bytes: [UInt8])] =
        (MethodID.allCases.filter { $0.access != .operator }.map(\.name)
        + [SchemaDocument.discoverMethod]).map { ($0, Array($0.utf8)) }

    /// The nearest name within a third of its length; nil if none is near.
    static func method(_ wrong: String) -> String? {
        let given = Array(wrong.utf8.prefix(lengthMax + 1)).map {
            $0 >= 65 && $0 <= 90 ? $0 + 32 : $0
        }
        guard !given.isEmpty, given.count <= lengthMax else { return nil }
        var best: (name: String, distance: Int)?
        for (name, bytes) in names {
            let allowed = min(max(2, bytes.count / 3), 4)
            guard abs(bytes.count - given.count) <= allowed else { continue }
            let distance = distance(given, bytes)
            if distance <= allowed, distance < best?.distance ?? .max { best = (name, distance) }
        }
        return best?.name
    }

    /// Insertions, deletions, replacements and swaps of neighbours (restricted
    /// Damerau-Levenshtein).
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var before: [Int] = []
        var last = Array(0...b.count)
        for row in 1...a.count {
            var next = [row]
            for column in 1...b.count {
                let isSame = a[row - 1] == b[column - 1]
                var least = min(
                    last[column] + 1, next[column - 1] + 1, last[column - 1] + (isSame ? 0 : 1))
                if row > 1, column > 1, a[row - 1] == b[column - 2], a[row - 2] == b[column - 1] {
                    least = min(least, before[column - 2] + 1)
                }
                next.append(least)
            }
            before = last
            last = next
        }
        return last[b.count]
    }
}
