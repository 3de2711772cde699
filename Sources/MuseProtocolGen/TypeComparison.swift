// The generator: what has changed in the types of the schema, by who sends them. Called by
// Comparison.
internal import MuseJSON

/// Who sends a value.
enum Direction: Sendable {
    /// Callers, in params.
    case sent
    /// Servers, in results, errors and notifications.
    case told

    /// Less is allowed than before.
    var tighter: Difference.Kind { self == .sent ? .breaksCallers : .breaksServers }
    /// More is allowed than before.
    var looser: Difference.Kind { self == .sent ? .breaksServers : .breaksCallers }
}

/// Compares the types of two documents. A type with a name is compared once for each direction in
/// which it is used, under its own name; what refers to it by the same name is no difference.
struct TypeComparison {
    private let old: JSONValue
    private let new: JSONValue
    /// Types that refer to each other deeper than that are not looked at.
    private static let depthMax = 64

    init(_ old: JSONValue, _ new: JSONValue) {
        self.old = old["components"]?["schemas"] ?? .null
        self.new = new["components"]?["schemas"] ?? .null
        sent = Self.names(old, .sent).union(Self.names(new, .sent))
        told = Self.names(old, .told).union(Self.names(new, .told))
    }

    /// The names of the types that callers send, and of those that servers send.
    private let sent: Set<String>
    private let told: Set<String>

    /// The types that a document's callers, or servers, send.
    private static func names(_ document: JSONValue, _ direction: Direction) -> Set<String> {
        let methods =
            (document["methods"]?.array ?? []) + (document["x-hidden-methods"]?.array ?? [])
        var open: [JSONValue]
        switch direction {
        case .sent: open = methods.compactMap { $0["params"] } + [document["x-meta"] ?? .null]
        case .told:
            open = methods.compactMap { $0["result"] }
            open += [document["x-notifications"] ?? .null, document["x-error-data"] ?? .null]
        }
        var found: Set<String> = []
        while let next = open.popLast() {
            if let name = name(next), found.insert(name).inserted {
                open.append(document["components"]?["schemas"]?[name] ?? .null)
            }
            open += next.array ?? []
            open += (next.members ?? []).map(\.value)
        }
        return found
    }

    private static func name(_ schema: JSONValue?) -> String? {
        schema?["$ref"]?.string.flatMap { $0.split(separator: "/").last.map(String.init) }
    }

    /// Compares the types that have names.
    func compareNamed(_ notes: inout Notes) {
        for type in old.members ?? [] {
            let pointer = "/components/schemas/\(type.name)"
            guard let next = new[type.name] else {
                notes.add(
                    .breaksCallers, pointer, "the type is gone, whose name callers' code has")
                continue
            }
            // What nothing refers to may be used by anybody.
            let isUnused = !sent.contains(type.name) && !told.contains(type.name)
            for (direction, isUsed) in [
                (Direction.sent, sent.contains(type.name)), (.told, told.contains(type.name)),
            ] where isUsed || isUnused {
                compareSchemas(type.value, next, direction, pointer, &notes)
            }
        }
        for type in new.members ?? [] where old[type.name] == nil {
            notes.add(.compatible, "/components/schemas/\(type.name)", "a new type")
        }
    }

    // MARK: One schema

    /// Compares what two schemas allow.
    func compareSchemas(
        _ old: JSONValue?, _ new: JSONValue?, _ direction: Direction, _ pointer: String,
        _ notes: inout Notes, depth: Int = 0
    ) {
        let was = Allowed(old ?? .null)
        let isNow = Allowed(new ?? .null)
        if was.isNullable != isNow.isNullable {
            notes.add(
                isNow.isNullable ? direction.looser : direction.tighter, pointer,
                isNow.isNullable ? "it may be null now" : "it may not be null any more")
        }
        let before = Self.name(was.schema)
        let after = Self.name(isNow.schema)
        if let before, before == after {
            return compareBeside(was, isNow, direction, pointer, &notes)
        }
        guard depth < Self.depthMax else {
            return notes.add(.breaksCallers, pointer, "it is nested too deep to be compared")
        }
        // Another name, or none: what stands behind it counts.
        compareWhole(
            before.flatMap { self.old[$0] } ?? was.schema,
            after.flatMap { self.new[$0] } ?? isNow.schema, direction, pointer, &notes, depth)
    }

    /// Words beside a reference.
    fileprivate func compareBeside(
        _ old: Allowed, _ new: Allowed, _ direction: Direction, _ pointer: String,
        _ notes: inout Notes
    ) {
        compareWords(old.schema, new.schema, direction, but: ["$ref"], pointer, &notes)
    }

    private func compareWhole(
        _ old: JSONValue, _ new: JSONValue, _ direction: Direction, _ pointer: String,
        _ notes: inout Notes, _ depth: Int
    ) {
        guard compareKinds(old, new, direction, pointer, &notes) else { return }
        compareWords(
            old, new, direction,
            but: ["type", "properties", "required", "items", "oneOf", "additionalProperties"],
            pointer, &notes)
        compareChoices(old, new, direction, pointer, &notes)
        if old["items"] != nil || new["items"] != nil {
            compareSchemas(
                old["items"], new["items"], direction, pointer + "/items", &notes,
                depth: depth + 1)
        }
        compareMembers(old, new, direction, pointer, &notes, depth)
        compareOthers(old, new, direction, pointer + "/additionalProperties", &notes)
    }

    // MARK: Objects

    private func compareMembers(
        _ old: JSONValue, _ new: JSONValue, _ direction: Direction, _ pointer: String,
        _ notes: inout Notes, _ depth: Int
    ) {
        let before = old["properties"]
        let after = new["properties"]
        let required = (old["required"]?.array ?? []).compactMap(\.string)
        let nowRequired = (new["required"]?.array ?? []).compactMap(\.string)
        for member in before?.members ?? [] {
            let place = "\(pointer)/properties/\(member.name)"
            guard let next = after?[member.name] else {
                notes.add(.breaksCallers, place, "the member is gone")
                continue
            }
            let was = required.contains(member.name)
            let isNow = nowRequired.contains(member.name)
            if isNow, !was { notes.add(direction.tighter, place, "it is always there now") }
            if was, !isNow { notes.add(direction.looser, place, "it may be missing now") }
            compareSchemas(member.value, next, direction, place, &notes, depth: depth + 1)
        }
        for member in after?.members ?? [] where before?[member.name] == nil {
            let place = "\(pointer)/properties/\(member.name)"
            if direction == .sent, nowRequired.contains(member.name) {
                notes.add(.breaksCallers, place, "a new member is required")
            } else {
                notes.add(.compatible, place, "a new member")
            }
        }
    }

    /// `additionalProperties`: whether there may be members that are not named.
    private func compareOthers(
        _ old: JSONValue, _ new: JSONValue, _ direction: Direction, _ pointer: String,
        _ notes: inout Notes
    ) {
        let was = old["additionalProperties"] ?? true
        let isNow = new["additionalProperties"] ?? true
        guard was != isNow else { return }
        guard was.bool != nil, let isOpen = isNow.bool else {
            return notes.add(.breaksCallers, pointer, "what other members may be has changed")
        }
        notes.add(
            isOpen ? direction.looser : direction.tighter, pointer,
            isOpen ? "other members may be there now" : "no other member may be there now")
    }

    // MARK: Choices

    /// `oneOf` but for null: as a set, by what the choices are.
    private func compareChoices(
        _ old: JSONValue, _ new: JSONValue, _ direction: Direction, _ pointer: String,
        _ notes: inout Notes
    ) {
        let before = old["oneOf"]?.array ?? []
        let after = new["oneOf"]?.array ?? []
        let gone = before.contains { !after.contains($0) }
        let isMore = after.contains { !before.contains($0) }
        switch (gone, isMore) {
        case (false, false): break
        case (true, false) where !after.isEmpty, (false, true) where before.isEmpty:
            notes.add(direction.tighter, pointer + "/oneOf", "fewer kinds of value are allowed")
        case (false, true), (true, false):
            notes.add(direction.looser, pointer + "/oneOf", "more kinds of value are allowed")
        case (true, true):
            notes.add(.breaksCallers, pointer + "/oneOf", "other kinds of value are allowed")
        }
    }
}

/// A schema without null: `{"oneOf": [X, {"type": "null"}]}` and `"type": [T, "null"]` are X or T.
private struct Allowed {
    let schema: JSONValue
    let isNullable: Bool

    init(_ whole: JSONValue) {
        if let choices = whole["oneOf"]?.array {
            let rest = choices.filter { $0["type"]?.string != "null" }
            let beside = (whole.members ?? []).filter { $0.name != "oneOf" }
            isNullable = rest.count < choices.count
            if rest.count == 1, let only = rest[0].members {
                schema = .object(only + beside)
            } else {
                schema = .object(beside + [JSONValue.Member("oneOf", .array(rest))])
            }
        } else if let kinds = whole["type"]?.array {
            let rest = kinds.filter { $0.string != "null" }
            isNullable = rest.count < kinds.count
            let type = rest.count == 1 ? rest[0] : JSONValue.array(rest)
            schema = .object(
                (whole.members ?? []).map {
                    $0.name == "type" ? JSONValue.Member("type", type) : $0
                })
        } else {
            isNullable = whole["type"]?.string == "null"
            schema = whole
        }
    }
}
