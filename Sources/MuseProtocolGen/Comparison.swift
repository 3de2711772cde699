// The generator: what has changed between two versions of the schema, and whom it breaks.
package import MuseJSON

/// One difference between two versions of a contract.
package struct Difference: Sendable, CustomStringConvertible {
    /// Whom it breaks.
    package enum Kind: String, Sendable {
        case compatible
        /// A call that was accepted is refused, or a result lacks what was promised.
        case breaksCallers = "breaking for callers"
        /// A server of the old version cannot do what the new one promises.
        case breaksServers = "breaking for servers"
    }

    package let kind: Kind
    /// A JSON pointer into the newer document (the older one for what was removed).
    package let pointer: String
    package let why: String

    package var description: String { "\(kind.rawValue): \(pointer): \(why)" }
}

/// Compares two schema documents by rule.
package enum Comparison {
    /// Every difference that matters on the wire.
    package static func differences(_ old: JSONValue, _ new: JSONValue) -> [Difference] {
        var found: [Difference] = []
        compareMethods(old, new, &found)
        compareErrors(old, new, &found)
        compareTypes(old, new, &found)
        return found
    }

    /// The major number of a contract's version; 0 where there is none.
    package static func major(_ document: JSONValue) -> Int {
        let version = document["info"]?["version"]?.string ?? ""
        return version.split(separator: ".").first.flatMap { Int($0) } ?? 0
    }

    private static func compareMethods(
        _ old: JSONValue, _ new: JSONValue, _ found: inout [Difference]
    ) {
        let before = methods(old)
        let after = methods(new)
        for (name, method) in before {
            guard let next = after.first(where: { $0.0 == name })?.1 else {
                found.append(
                    Difference(
                        kind: .breaksCallers, pointer: "/methods/\(name)", why: "the method is gone"
                    ))
                continue
            }
            compareParams(name, method, next, &found)
            if method["result"]?["schema"] != next["result"]?["schema"] {
                found.append(
                    Difference(
                        kind: .breaksCallers, pointer: "/methods/\(name)/result",
                        why: "the result has another type"))
            }
            for word in ["x-effect", "x-auth"] where method[word] != next[word] {
                found.append(
                    Difference(
                        kind: .breaksCallers, pointer: "/methods/\(name)/\(word)",
                        why:
                            "\(method[word]?.string ?? "none") became \(next[word]?.string ?? "none")"
                    ))
            }
        }
        for (name, _) in after where !before.contains(where: { $0.0 == name }) {
            found.append(
                Difference(
                    kind: .compatible, pointer: "/methods/\(name)", why: "a new method"))
        }
    }

    private static func compareParams(
        _ name: String, _ old: JSONValue, _ new: JSONValue, _ found: inout [Difference]
    ) {
        let before = old["params"]?.array ?? []
        let after = new["params"]?.array ?? []
        func note(_ kind: Difference.Kind, _ param: JSONValue, _ why: String) {
            let member = param["name"]?.string ?? ""
            found.append(
                Difference(kind: kind, pointer: "/methods/\(name)/params/\(member)", why: why))
        }
        for (index, param) in before.enumerated() {
            guard let place = after.firstIndex(where: { $0["name"] == param["name"] }) else {
                note(.breaksCallers, param, "the param is gone")
                continue
            }
            let next = after[place]
            if place != index { note(.breaksCallers, param, "it has another position") }
            if next["schema"] != param["schema"] {
                note(.breaksCallers, param, "it has another type")
            }
            let was = param["required"]?.bool ?? false
            let isNow = next["required"]?.bool ?? false
            if isNow, !was { note(.breaksCallers, param, "it has become required") }
            if was, !isNow { note(.breaksServers, param, "it has become optional") }
        }
        for param in after where !before.contains(where: { $0["name"] == param["name"] }) {
            if param["required"]?.bool ?? false {
                note(.breaksCallers, param, "a new param is required")
            } else {
                note(.compatible, param, "a new optional param")
            }
        }
    }

    private static func compareErrors(
        _ old: JSONValue, _ new: JSONValue, _ found: inout [Difference]
    ) {
        let before = old["components"]?["errors"]?.members ?? []
        let after = new["components"]?["errors"]
        for error in before {
            let pointer = "/components/errors/\(error.name)"
            guard let next = after?[error.name] else {
                found.append(
                    Difference(kind: .breaksCallers, pointer: pointer, why: "the error is gone"))
                continue
            }
            if next["code"] != error.value["code"] || next["data"] != error.value["data"] {
                found.append(
                    Difference(
                        kind: .breaksCallers, pointer: pointer, why: "its code or data has changed")
                )
            }
        }
        for error in after?.members ?? [] where !before.contains(where: { $0.name == error.name }) {
            found.append(
                Difference(
                    kind: .compatible, pointer: "/components/errors/\(error.name)",
                    why: "a new error"))
        }
    }

    private static func compareTypes(
        _ old: JSONValue, _ new: JSONValue, _ found: inout [Difference]
    ) {
        let after = new["components"]?["schemas"]
        for type in old["components"]?["schemas"]?.members ?? [] {
            let pointer = "/components/schemas/\(type.name)"
            guard let next = after?[type.name] else {
                found.append(
                    Difference(kind: .breaksCallers, pointer: pointer, why: "the type is gone"))
                continue
            }
            compareType(pointer, type.value, next, &found)
        }
    }

    private static func compareType(
        _ pointer: String, _ old: JSONValue, _ new: JSONValue, _ found: inout [Difference]
    ) {
        guard old["type"]?.string == "object", new["type"]?.string == "object" else {
            if constraints(old) != constraints(new) {
                found.append(
                    Difference(
                        kind: .breaksCallers, pointer: pointer, why: "its constraints have changed")
                )
            }
            return
        }
        let before = old["properties"]?.members ?? []
        let after = new["properties"]
        for property in before {
            let place = "\(pointer)/properties/\(property.name)"
            guard let next = after?[property.name] else {
                found.append(
                    Difference(kind: .breaksCallers, pointer: place, why: "the member is gone"))
                continue
            }
            if constraints(property.value) != constraints(next) {
                found.append(
                    Difference(kind: .breaksCallers, pointer: place, why: "it has another type"))
            }
        }
        for property in after?.members ?? []
        where !before.contains(where: { $0.name == property.name }) {
            found.append(
                Difference(
                    kind: .compatible, pointer: "\(pointer)/properties/\(property.name)",
                    why: "a new member"))
        }
    }

    /// A schema without what is for people.
    private static func constraints(_ value: JSONValue) -> JSONValue {
        guard let members = value.members else { return value }
        return .object(members.filter { $0.name != "description" && $0.name != "default" })
    }

    private static func methods(_ document: JSONValue) -> [(String, JSONValue)] {
        (document["methods"]?.array ?? []).map { ($0["name"]?.string ?? "", $0) }
    }
}
