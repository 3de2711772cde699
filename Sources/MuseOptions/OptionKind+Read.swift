// The options' room: reading a value's text, strictly.

extension OptionKind {
    /// Why `text` is no value of this kind; nil if it is one.
    package func offence(_ text: String) -> String? {
        switch self {
        case .flag:
            return Self.boolean(text) == nil ? "is neither true nor false" : nil
        case .integer(let range):
            return integer(text) == nil ? "is no whole number \(Self.say(range))" : nil
        case .decimal(let range):
            return decimal(text) == nil
                ? "is no number from \(range.lowerBound) to \(range.upperBound)" : nil
        case .bytes(let range):
            return integer(text) == nil
                ? "is no number of bytes \(Self.say(range)); 65536, 64KiB and 1MB are" : nil
        case .seconds(let range):
            return integer(text) == nil
                ? "is no number of seconds \(Self.say(range)); 90, 90s, 15min and 2h are" : nil
        case .choice(let words):
            guard !words.contains(text) else { return nil }
            let near = Suggestion.near(text, among: words).map { "; did you mean \($0)?" } ?? ""
            return "is none of \(words.joined(separator: ", "))\(near)"
        case .text:
            return text.isEmpty ? "is empty" : nil
        case .list:
            return Self.list(text).contains("") ? "has an empty part" : nil
        }
    }

    /// The number that `text` writes, in range; nil if it writes none.
    package func integer(_ text: String) -> Int? {
        let range: ClosedRange<Int>
        let units: [(String, Int)]
        switch self {
        case .integer(let bounds): (range, units) = (bounds, [])
        case .bytes(let bounds): (range, units) = (bounds, Self.byteUnits)
        case .seconds(let bounds): (range, units) = (bounds, Self.timeUnits)
        default: return nil
        }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int(digits) else { return nil }
        let unit = text.dropFirst(digits.count)
        var factor = 1
        if !unit.isEmpty {
            guard let known = units.first(where: { $0.0.utf8.elementsEqual(unit.utf8) }) else {
                return nil
            }
            factor = known.1
        }
        let (product, overflow) = count.multipliedReportingOverflow(by: factor)
        return overflow || !range.contains(product) ? nil : product
    }

    /// The number that `text` writes in digits, perhaps with a point between them, in range; nil if
    /// it writes none.
    package func decimal(_ text: String) -> Double? {
        guard case .decimal(let range) = self else { return nil }
        let parts = text.utf8.split(
            separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let isWritten = parts.allSatisfy { part in
            !part.isEmpty && part.allSatisfy { (0x30...0x39).contains($0) }
        }
        guard isWritten, let number = Double(text), range.contains(number) else { return nil }
        return number
    }

    /// What a flag's text says; nil if it says nothing.
    package static func boolean(_ text: String) -> Bool? {
        switch text {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0": false
        default: nil
        }
    }

    /// The parts of a list, without white space around them.
    package static func list(_ text: String) -> [String] {
        Text.pieces(text, ",").map(Text.trimmed)
    }

    private static let byteUnits = [
        ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30),
        ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000),
    ]

    private static let timeUnits = [("s", 1), ("min", 60), ("h", 3_600), ("d", 86_400)]

    private static func say(_ range: ClosedRange<Int>) -> String {
        "from \(range.lowerBound) to \(range.upperBound)"
    }
}

/// Small work on texts.
package enum Text {
    /// Without spaces, tabs and carriage returns at both ends.
    package static func trimmed(_ text: String) -> String {
        let isSpace = { (scalar: Unicode.Scalar) in
            scalar == " " || scalar == "\t" || scalar == "\r"
        }
        var scalars = Array(text.unicodeScalars.drop(while: isSpace))
        while let last = scalars.last, isSpace(last) { scalars.removeLast() }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: scalars)
        return String(result)
    }

    /// What stands between the marks. By scalars: a line feed is one after a carriage return
    /// too, and a comma before a combining character.
    static func pieces(_ text: String, _ mark: Unicode.Scalar) -> [String] {
        text.unicodeScalars.split(separator: mark, omittingEmptySubsequences: false)
            .map { String($0) }
    }

    /// The text, padded with spaces to `width` characters.
    package static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// The words of `text` in lines of at most `width` characters.
    package static func wrapped(_ text: String, _ width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + word.count + 1 > width {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? String(word) : " " + word
        }
        if !line.isEmpty { lines.append(line) }
        return lines
    }
}

/// What somebody may have meant.
package enum Suggestion {
    /// The nearest of `words`, if it is near: at most a third of it is different.
    package static func near(_ word: String, among words: [String]) -> String? {
        let nearest = words.map { ($0, distance(word, $0)) }.min { $0.1 < $1.1 }
        guard let (name, distance) = nearest, distance <= max(1, name.count / 3) else { return nil }
        return name
    }

    /// How many letters must be put in, left out, changed or swapped with their neighbour
    /// (optimal string alignment).
    static func distance(_ first: String, _ second: String) -> Int {
        let a = Array(first.prefix(64).unicodeScalars)
        let b = Array(second.prefix(64).unicodeScalars)
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1] + [Int](repeating: 0, count: b.count)
            for j in b.indices {
                let cost = a[i] == b[j] ? 0 : 1
                row[j + 1] = min(last[j] + cost, last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    row[j + 1] = min(row[j + 1], beforeLast[j - 1] + 1)
                }
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
