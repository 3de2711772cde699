// The service's security room: which passwords everybody tries first. Called by PasswordRules.
internal import MuseBase
internal import MuseCrypto

/// The commonest passwords of ten bytes and more.
///
/// People make them in few ways, and so the list is written as those ways: walks over a keyboard or
/// an alphabet, a piece repeated, a common word with a common beginning or ending, two words of
/// love or of a well-known pair, letters for which digits and signs stand. It holds some hundred
/// thousand passwords in a few kilobytes. What is common and made in none of these ways is listed.
enum CommonPasswords {
    /// Whether `folded` (bytes, A-Z already a-z) is one of them. Shorter ones than ten bytes are
    /// not asked about.
    static func contains(_ folded: [UInt8]) -> Bool {
        guard folded.count >= 10, folded.count <= 64 else {
            // Nobody types a longer one: but for one piece again and again.
            return folded.count > 64 && isRepeated(folded)
        }
        return isRepeated(folded) || isWalk(folded) || isComposed(folded)
            || isComposed(withoutSigns(folded)) || isRanked(folded)
    }

    private static func isRanked(_ text: [UInt8]) -> Bool {
        let start = Array(SHA256.digest(of: text).prefix(6))
        return ranked.contains(Base64URL.encode(start.span))
    }

    private static let ranked = Set(rankedText.split { $0 == " " || $0 == "\n" }.map(String.init))

    // MARK: Repeated

    /// A piece of up to five bytes again and again, whole or cut off at the end (`abcabcabca`), two
    /// characters alone, or a common word twice.
    private static func isRepeated(_ text: [UInt8]) -> Bool {
        if Set(text).count <= 2 { return true }
        for length in 1...5 where text.count >= 2 * length {
            if (length..<text.count).allSatisfy({ text[$0] == text[$0 - length] }) { return true }
        }
        let half = text.count / 2
        return text.count == 2 * half && text[..<half] == text[half...] && isWord(text[..<half])
    }

    // MARK: Walks

    /// Part of a walk, in either direction, or of two walks one after the other.
    private static func isWalk(_ text: [UInt8]) -> Bool {
        if isPart(text[...]) { return true }
        for cut in 4...(text.count - 4) where isPart(text[..<cut]) && isPart(text[cut...]) {
            return true
        }
        return false
    }

    private static func isPart(_ text: ArraySlice<UInt8>) -> Bool {
        guard let places = walkPlaces[start(text)] else { return false }
        return places.contains { walks[$0.walk][$0.index...].starts(with: text) }
    }

    private static let walks: [[UInt8]] = {
        let forward = walkText.split { $0 == " " || $0 == "\n" }.map { Array($0.utf8) }
        return forward + forward.map { $0.reversed() }
    }()

    /// Where each four bytes stand in the walks.
    private static let walkPlaces: [UInt32: [(walk: Int, index: Int)]] = {
        var places: [UInt32: [(walk: Int, index: Int)]] = [:]
        for (number, walk) in walks.enumerated() {
            for index in 0...(walk.count - 4) {
                places[start(walk[index...]), default: []].append((number, index))
            }
        }
        return places
    }()

    /// The first four bytes as a number; less of them as another.
    private static func start(_ text: ArraySlice<UInt8>) -> UInt32 {
        text.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    // MARK: Composed

    /// A common beginning, a word, and a common ending; or two words that go together.
    private static func isComposed(_ text: [UInt8]) -> Bool {
        for start in 0...min(6, text.count - 3) where start == 0 || isBeginning(text[..<start]) {
            for end in (start + 3)...text.count where isWord(text[start..<end]) {
                if end == text.count || isEnding(text[end...]) { return true }
                if isPairEnd(text, start..<end) { return true }
            }
        }
        return false
    }

    /// Whether a word that goes with the first one follows it, and then a common ending or nothing.
    private static func isPairEnd(_ text: [UInt8], _ first: Range<Int>) -> Bool {
        guard first.upperBound + 3 <= text.count else { return false }
        return ((first.upperBound + 3)...text.count).contains { end in
            let second = text[first.upperBound..<end]
            return isWord(second) && isPair(text[first], second)
                && (end == text.count || isEnding(text[end...]))
        }
    }

    private static func isWord(_ text: ArraySlice<UInt8>) -> Bool {
        words.contains(Array(text))
    }

    private static func isBeginning(_ text: ArraySlice<UInt8>) -> Bool {
        isDigits(text) || beginnings.contains(Array(text))
    }

    /// Up to four digits, a run of them, or one of the signs, and signs after digits.
    private static func isEnding(_ text: ArraySlice<UInt8>) -> Bool {
        if isDigits(text) || endings.contains(Array(text)) { return true }
        guard let digit = text.firstIndex(where: { !isDigit($0) }), digit > text.startIndex else {
            let signs = text.prefix { !isDigit($0) }
            return endings.contains(Array(signs)) && isDigits(text[signs.endIndex...])
        }
        return isDigits(text[..<digit]) && endings.contains(Array(text[digit...]))
    }

    private static func isDigits(_ text: ArraySlice<UInt8>) -> Bool {
        text.allSatisfy(isDigit) && (text.count <= 4 || isPart(text) || isRepeated(Array(text)))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    /// Whether one of two common words is of the kind that people put before or after any other.
    private static func isPair(_ first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>) -> Bool {
        befores.contains(Array(first)) || afters.contains(Array(second))
    }

    /// Digits and signs as the letters that they stand for: `p@ssw0rd`. Those at the end stay what
    /// they are.
    private static func withoutSigns(_ text: [UInt8]) -> [UInt8] {
        let end = (text.lastIndex { (97...122).contains($0) } ?? -1) + 1
        return text.enumerated().map { index, byte in
            guard index < end else { return byte }
            return switch byte {
            case UInt8(ascii: "@"), UInt8(ascii: "4"): UInt8(ascii: "a")
            case UInt8(ascii: "0"): UInt8(ascii: "o")
            case UInt8(ascii: "1"), UInt8(ascii: "!"): UInt8(ascii: "i")
            case UInt8(ascii: "3"): UInt8(ascii: "e")
            case UInt8(ascii: "$"), UInt8(ascii: "5"): UInt8(ascii: "s")
            case UInt8(ascii: "7"): UInt8(ascii: "t")
            default: byte
            }
        }
    }

    private static func set(_ text: String) -> Set<[UInt8]> {
        Set(text.split { $0 == " " || $0 == "\n" }.map { Array($0.utf8) })
    }

    static let words = set(wordText + " " + nameText + " " + wholeText)
    private static let beginnings = set(beginningText)
    private static let endings = set(endingText)
    private static let befores = set(beforeText)
    private static let afters = set(afterText)
}
