// The generator: what has changed in the words of one schema: its kind, its bounds, its marks.
internal import MuseJSON

extension TypeComparison {
    /// What a raised number means.
    private enum Bound {
        case lower, upper
    }

    private static let bounds: [String: Bound] = [
        "minLength": .lower, "minimum": .lower, "exclusiveMinimum": .lower, "minItems": .lower,
        "minProperties": .lower, "x-min-bytes": .lower,
        "maxLength": .upper, "maximum": .upper, "exclusiveMaximum": .upper, "maxItems": .upper,
        "maxProperties": .upper, "x-max-bytes": .upper,
    ]

    /// Words that allow less where they are there, and that cannot be weighed against each other.
    private static let narrowing: Set<String> = [
        "pattern", "format", "x-check", "multipleOf", "uniqueItems", "x-needs",
    ]

    /// Words for people.
    private static let forPeople: Set<String> = [
        "title", "description", "summary", "examples", "$comment", "deprecated",
    ]

    // MARK: Kinds

    /// Compares `type`; false where nothing else can be compared.
    func compareKinds(
        _ old: JSONValue, _ new: JSONValue, _ direction: Direction, _ pointer: String,
        _ notes: inout Notes
    ) -> Bool {
        let was = Self.kinds(old)
        let isNow = Self.kinds(new)
        guard was != isNow else { return true }
        let place = pointer + "/type"
        if was.isEmpty || (!isNow.isEmpty && isNow.isSubset(of: was)) {
            notes.add(direction.tighter, place, "fewer kinds of value are allowed")
        } else if isNow.isEmpty || was.isSubset(of: isNow) {
            notes.add(direction.looser, place, "more kinds of value are allowed")
        } else {
            notes.add(.breaksCallers, place, "it is of another kind")
            return false
        }
        return true
    }

    /// The kinds of a schema; none for any kind. Whole numbers are numbers.
    private static func kinds(_ schema: JSONValue) -> Set<String> {
        let names = schema["type"]?.array?.compactMap(\.string) ?? []
        let all = Set(names + [schema["type"]?.string].compactMap { $0 })
        return all.contains("number") ? all.union(["integer"]) : all
    }

    // MARK: Words

    /// Compares the words of a schema, but those that have rules elsewhere.
    func compareWords(
        _ old: JSONValue, _ new: JSONValue, _ direction: Direction, but others: Set<String>,
        _ pointer: String, _ notes: inout Notes
    ) {
        for word in Notes.union(old.members ?? [], new.members ?? [])
        where !others.contains(word) && !Self.forPeople.contains(word) && old[word] != new[word] {
            let (kind, why) = Self.judge(word, old[word], new[word], direction)
            if let kind { notes.add(kind, "\(pointer)/\(word)", why) }
        }
    }

    /// What the change of one word means; nil where it means nothing.
    private static func judge(
        _ word: String, _ old: JSONValue?, _ new: JSONValue?, _ direction: Direction
    ) -> (Difference.Kind?, String) {
        let change = "it was \(old?.text() ?? "free") and is \(new?.text() ?? "free")"
        if let bound = bounds[word] { return bounded(bound, old, new, direction, change) }
        if narrowing.contains(word) {
            if old == nil { return (direction.tighter, change) }
            if new == nil { return (direction.looser, change) }
            return (.breaksCallers, change)
        }
        switch word {
        case "x-links": return links(old, new)
        case "enum", "const": return words(old, new, direction)
        case "default":
            // What a server tells has no default.
            return (
                direction == .sent ? .breaksCallers : nil,
                "a call that leaves it out means something else: \(change)"
            )
        case "x-secret":
            let isNow = new?.bool ?? false
            return isNow
                ? (.breaksServers, "it has become secret: it may not be logged or kept")
                : (.breaksCallers, "it is not secret any more: it may be logged and kept")
        case "x-clearable": return (.breaksCallers, "what a null does has changed")
        case "x-binds": return (.breaksCallers, "whom it makes the connection has changed")
        case "x-page": return (.breaksCallers, "how its pages go on has changed")
        default: return (.breaksCallers, "no rule knows this word: \(change)")
        }
    }

    /// Where an object's relatives stand in REST.
    private static func links(
        _ old: JSONValue?, _ new: JSONValue?
    ) -> (Difference.Kind?, String) {
        let was = old?.members ?? []
        let lost = was.filter { new?[$0.name] != $0.value }.map(\.name)
        guard lost.isEmpty else {
            return (.breaksCallers, "gone or elsewhere: \(lost.joined(separator: ", "))")
        }
        let more = (new?.members ?? []).filter { old?[$0.name] == nil }.map(\.name)
        return (more.isEmpty ? nil : .compatible, "new: \(more.joined(separator: ", "))")
    }

    private static func bounded(
        _ bound: Bound, _ old: JSONValue?, _ new: JSONValue?, _ direction: Direction,
        _ change: String
    ) -> (Difference.Kind?, String) {
        guard let was = old?.double else {
            return old == nil ? (direction.tighter, change) : (.breaksCallers, change)
        }
        guard let isNow = new?.double else {
            return new == nil ? (direction.looser, change) : (.breaksCallers, change)
        }
        // 20 and 20.0 are the same bound.
        if was == isNow { return (nil, change) }
        let isTighter = bound == .lower ? isNow > was : isNow < was
        return (isTighter ? direction.tighter : direction.looser, change)
    }

    private static func words(
        _ old: JSONValue?, _ new: JSONValue?, _ direction: Direction
    ) -> (Difference.Kind?, String) {
        guard let old else { return (direction.tighter, "only some values are allowed now") }
        guard let new else { return (direction.looser, "any value is allowed now") }
        let was = old.array ?? [old]
        let isNow = new.array ?? [new]
        let gone = was.filter { !isNow.contains($0) }.map { $0.text() }
        let more = isNow.filter { !was.contains($0) }.map { $0.text() }
        switch (gone.isEmpty, more.isEmpty) {
        case (true, true): return (nil, "")
        case (false, true): return (direction.tighter, "gone: \(gone.joined(separator: ", "))")
        // A new word is a new name: a set may grow.
        case (true, false): return (.compatible, "new: \(more.joined(separator: ", "))")
        case (false, false):
            return (
                .breaksCallers,
                "gone: \(gone.joined(separator: ", ")); new: \(more.joined(separator: ", "))"
            )
        }
    }
}
