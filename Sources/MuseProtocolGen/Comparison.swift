// The generator: what has changed between two versions of the schema, whom it breaks, and whether
// the version and the changelog say so. Called by `muse-protocol compare`.
package import MuseJSON

/// One difference between two versions of a contract.
package struct Difference: Sendable, Equatable, CustomStringConvertible {
    /// Whom it breaks.
    package enum Kind: String, Sendable {
        case compatible
        /// What a caller of the old version rightly sends is refused or means something else, or
        /// what it rightly expects does not come.
        case breaksCallers = "breaking for callers"
        /// What a server of the old version does is not what the new one promises: it refuses what
        /// may now be sent, or sends what is not expected any more.
        case breaksServers = "breaking for servers"
    }

    package let kind: Kind
    /// A JSON pointer into the newer document (the older one for what was removed), with the names
    /// of methods, params and notifications in the place of their indices.
    package let pointer: String
    package let why: String

    package var description: String { "\(kind.rawValue): \(pointer): \(why)" }
}

/// Compares two schema documents by rule.
///
/// What comes under a new name (a method, an optional param, a member of a result, an error, a
/// notification, a type) is compatible: whoever uses it knows the version that has it. What keeps
/// its name keeps its meaning. Where it is sent by callers, asking for more breaks them and asking
/// for less breaks servers; where it is sent by servers, promising less breaks callers and
/// promising more breaks servers. Words for people are no difference; a word that no rule knows
/// breaks callers, until there is one.
package enum Comparison {
    /// Every difference but those of words for people.
    package static func differences(_ old: JSONValue, _ new: JSONValue) -> [Difference] {
        var notes = Notes()
        let types = TypeComparison(old, new)
        compareRoot(old, new, &notes)
        for list in ["methods", "x-hidden-methods"] {
            compareMethods(list, old, new, types, &notes)
        }
        compareNotifications(old, new, types, &notes)
        compareErrors(old, new, types, &notes)
        types.compareSchemas(old["x-meta"], new["x-meta"], .sent, "/x-meta", &notes)
        types.compareNamed(&notes)
        return notes.found
    }

    /// The major number of a contract's version; 0 where there is none.
    package static func major(_ document: JSONValue) -> Int {
        version(document).split(separator: ".").first.flatMap { Int($0) } ?? 0
    }

    private static func version(_ document: JSONValue) -> String {
        document["info"]?["version"]?.string ?? ""
    }

    /// Why these differences may not be made so; nil where they may.
    ///
    /// What breaks needs a new major version in the schema, and an entry of that version in the
    /// changelog: a line `## 2.0.0`, and something below it.
    package static func refusal(
        _ differences: [Difference], _ old: JSONValue, _ new: JSONValue, changelog: String
    ) -> String? {
        guard differences.contains(where: { $0.kind != .compatible }) else { return nil }
        guard major(new) > major(old) else {
            return "what breaks needs a new major version in info.version, which is "
                + "\(version(new)) and was \(version(old))"
        }
        guard hasEntry(changelog, version(new)) else {
            return "what breaks needs an entry in the changelog: ## \(version(new))"
        }
        return nil
    }

    private static func hasEntry(_ changelog: String, _ version: String) -> Bool {
        var isWithin = false
        for line in changelog.split(separator: "\n") {
            if line.hasPrefix("## ") {
                isWithin = line == "## \(version)" || line.hasPrefix("## \(version) ")
            } else if isWithin, line.contains(where: { !$0.isWhitespace }) {
                return true
            }
        }
        return false
    }

    // MARK: The document

    /// Members of the document that are compared by rules of their own, or are for people.
    private static let ruled: Set<String> = [
        "openrpc", "info", "servers", "methods", "x-notifications", "x-meta", "x-hidden-methods",
        "x-common-errors", "x-error-data", "x-example-world", "components", "externalDocs",
    ]

    private static func compareRoot(
        _ old: JSONValue, _ new: JSONValue, _ notes: inout Notes
    ) {
        notes.unknown(old, new, but: ruled, "")
        notes.unknown(
            old["components"] ?? .null, new["components"] ?? .null, but: ["schemas", "errors"],
            "/components")
        compareNames(
            names(old["x-common-errors"]), names(new["x-common-errors"]), "/x-common-errors",
            &notes)
    }

    // MARK: Errors

    /// The errors of a method, or of all of them.
    static func compareNames(
        _ old: [String], _ new: [String], _ pointer: String, _ notes: inout Notes
    ) {
        for name in old where !new.contains(name) {
            notes.add(
                .breaksServers, "\(pointer)/\(name)", "a server that answers so is wrong now")
        }
        for name in new where !old.contains(name) {
            notes.add(
                .compatible, "\(pointer)/\(name)", "one more error: callers go by what it says")
        }
    }

    /// The names of errors, plain or as references.
    static func names(_ list: JSONValue?) -> [String] {
        (list?.array ?? []).compactMap { error in
            error.string
                ?? error["$ref"]?.string.flatMap { $0.split(separator: "/").last.map(String.init) }
        }
    }

    private static func compareErrors(
        _ old: JSONValue, _ new: JSONValue, _ types: TypeComparison, _ notes: inout Notes
    ) {
        let after = new["components"]?["errors"]
        for error in old["components"]?["errors"]?.members ?? [] {
            let pointer = "/components/errors/\(error.name)"
            guard let next = after?[error.name] else {
                notes.add(.breaksCallers, pointer, "the error is gone")
                continue
            }
            if next["code"] != error.value["code"] {
                notes.add(.breaksCallers, pointer + "/code", "its code has changed")
            }
            let data = error.value["data"]?.members ?? []
            let nextData = next["data"]?.members ?? []
            for name in Notes.union(data, nextData)
            where error.value["data"]?[name] != next["data"]?[name] {
                notes.add(.breaksCallers, "\(pointer)/data/\(name)", "what it says has changed")
            }
            notes.unknown(error.value, next, but: ["code", "message", "data"], pointer)
            compareData(
                old["x-error-data"]?[error.name], new["x-error-data"]?[error.name], types,
                "/x-error-data/\(error.name)", &notes)
        }
        for error in after?.members ?? []
        where old["components"]?["errors"]?[error.name] == nil {
            notes.add(.compatible, "/components/errors/\(error.name)", "a new error")
        }
    }

    /// What an error's data has besides: `properties` always, `optional` sometimes.
    private static func compareData(
        _ old: JSONValue?, _ new: JSONValue?, _ types: TypeComparison, _ pointer: String,
        _ notes: inout Notes
    ) {
        func object(_ told: JSONValue?) -> JSONValue {
            let always = told?["properties"]?.members ?? []
            let sometimes = told?["optional"]?.members ?? []
            return .object([
                JSONValue.Member("type", .string("object")),
                JSONValue.Member("properties", .object(always + sometimes)),
                JSONValue.Member("required", .array(always.map { .string($0.name) })),
            ])
        }
        types.compareSchemas(object(old), object(new), .told, pointer, &notes)
        notes.unknown(
            old ?? .null, new ?? .null, but: ["when", "properties", "optional"], pointer)
    }

    // MARK: Notifications

    private static func compareNotifications(
        _ old: JSONValue, _ new: JSONValue, _ types: TypeComparison, _ notes: inout Notes
    ) {
        let before = old["x-notifications"]?.array ?? []
        let after = new["x-notifications"]?.array ?? []
        for notification in before {
            let name = notification["name"]?.string ?? ""
            let pointer = "/x-notifications/\(name)"
            guard let next = after.first(where: { $0["name"] == notification["name"] }) else {
                notes.add(.breaksCallers, pointer, "the notification is gone")
                continue
            }
            types.compareSchemas(
                object(notification["params"]), object(next["params"]), .told,
                pointer + "/params", &notes)
            notes.unknown(
                notification, next, but: ["name", "summary", "description", "params", "examples"],
                pointer)
        }
        for next in after where !before.contains(where: { $0["name"] == next["name"] }) {
            let name = next["name"]?.string ?? ""
            notes.add(.compatible, "/x-notifications/\(name)", "a new notification")
        }
    }

    /// Params by name, as the object that they are on the wire.
    private static func object(_ params: JSONValue?) -> JSONValue {
        let params = params?.array ?? []
        return .object([
            JSONValue.Member("type", .string("object")),
            JSONValue.Member(
                "properties",
                .object(
                    params.map {
                        JSONValue.Member($0["name"]?.string ?? "", $0["schema"] ?? .null)
                    })),
            JSONValue.Member(
                "required",
                .array(
                    params.filter { $0["required"]?.bool ?? false }.compactMap { $0["name"] })),
        ])
    }
}

/// The differences that have been found.
struct Notes {
    private(set) var found: [Difference] = []

    mutating func add(_ kind: Difference.Kind, _ pointer: String, _ why: String) {
        let difference = Difference(kind: kind, pointer: pointer, why: why)
        if !found.contains(difference) { found.append(difference) }
    }

    /// Members that differ and that no rule knows.
    mutating func unknown(
        _ old: JSONValue, _ new: JSONValue, but known: Set<String>, _ pointer: String
    ) {
        for name in Self.union(old.members ?? [], new.members ?? [])
        where !known.contains(name) && old[name] != new[name] {
            add(.breaksCallers, "\(pointer)/\(name)", "no rule knows this word")
        }
    }

    /// The names of both, each once, in their order.
    static func union(_ old: [JSONValue.Member], _ new: [JSONValue.Member]) -> [String] {
        var names: [String] = []
        for member in old + new where !names.contains(member.name) { names.append(member.name) }
        return names
    }
}
