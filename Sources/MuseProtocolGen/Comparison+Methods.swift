// The generator: what has changed in the methods of the schema. Called by Comparison.
internal import MuseJSON

extension Comparison {
    /// Members of a method that have rules here, or are for people.
    private static let ruledOfMethods: Set<String> = [
        "name", "summary", "description", "tags", "examples", "deprecated", "externalDocs",
        "paramStructure", "params", "result", "errors", "x-auth", "x-auth-or", "x-effect",
        "x-token", "x-one-of", "x-rest", "x-rest-also",
    ]

    static func compareMethods(
        _ list: String, _ old: JSONValue, _ new: JSONValue, _ types: TypeComparison,
        _ notes: inout Notes
    ) {
        let before = old[list]?.array ?? []
        let after = new[list]?.array ?? []
        for method in before {
            let pointer = "/\(list)/\(method["name"]?.string ?? "")"
            guard let next = after.first(where: { $0["name"] == method["name"] }) else {
                notes.add(.breaksCallers, pointer, "the method is gone")
                continue
            }
            compareParams(method, next, types, pointer + "/params", &notes)
            compareResult(method, next, types, pointer + "/result", &notes)
            compareAccess(method, next, pointer, &notes)
            compareBehaviour(method, next, pointer, &notes)
            compareRest(method, next, pointer, &notes)
            compareNames(
                names(method["errors"]), names(next["errors"]), pointer + "/errors", &notes)
            notes.unknown(method, next, but: ruledOfMethods, pointer)
        }
        for next in after where !before.contains(where: { $0["name"] == next["name"] }) {
            notes.add(.compatible, "/\(list)/\(next["name"]?.string ?? "")", "a new method")
        }
    }

    // MARK: Params

    /// Members of a param that have rules, or are for people. Words of its own about what may be
    /// sent are compared with its schema's.
    private static let ruledOfParams: Set<String> = [
        "name", "summary", "description", "required", "deprecated", "schema",
    ]

    private static func compareParams(
        _ old: JSONValue, _ new: JSONValue, _ types: TypeComparison, _ pointer: String,
        _ notes: inout Notes
    ) {
        let before = old["params"]?.array ?? []
        let after = new["params"]?.array ?? []
        for (index, param) in before.enumerated() {
            let place = "\(pointer)/\(param["name"]?.string ?? "")"
            guard let position = after.firstIndex(where: { $0["name"] == param["name"] }) else {
                notes.add(.breaksCallers, place, "the param is gone")
                continue
            }
            let next = after[position]
            if position != index {
                notes.add(.breaksCallers, place, "it has another position: \(position)")
            }
            let was = param["required"]?.bool ?? false
            let isNow = next["required"]?.bool ?? false
            if isNow, !was { notes.add(.breaksCallers, place, "it has become required") }
            if was, !isNow {
                notes.add(.breaksServers, place, "it has become optional: it may be missing now")
            }
            types.compareSchemas(
                param["schema"], next["schema"], .sent, place + "/schema", &notes)
            types.compareWords(param, next, .sent, but: ruledOfParams, place, &notes)
        }
        for param in after where !before.contains(where: { $0["name"] == param["name"] }) {
            let place = "\(pointer)/\(param["name"]?.string ?? "")"
            if param["required"]?.bool ?? false {
                notes.add(.breaksCallers, place, "a new param is required")
            } else {
                notes.add(.compatible, place, "a new optional param")
            }
        }
        compareStructure(old, new, pointer, &notes)
    }

    private static func compareStructure(
        _ old: JSONValue, _ new: JSONValue, _ pointer: String, _ notes: inout Notes
    ) {
        let was = old["paramStructure"]?.string ?? "either"
        let isNow = new["paramStructure"]?.string ?? "either"
        guard was != isNow else { return }
        notes.add(
            isNow == "either" ? .breaksServers : .breaksCallers, pointer,
            "how they are given was \(was) and is \(isNow)")
    }

    // MARK: Results

    private static func compareResult(
        _ old: JSONValue, _ new: JSONValue, _ types: TypeComparison, _ pointer: String,
        _ notes: inout Notes
    ) {
        switch (old["result"], new["result"]) {
        case (nil, nil): return
        case (_?, nil): notes.add(.breaksCallers, pointer, "it is not answered any more")
        case (nil, _?): notes.add(.breaksServers, pointer, "it is answered now")
        case (let was?, let isNow?):
            types.compareSchemas(
                was["schema"], isNow["schema"], .told, pointer + "/schema", &notes)
            types.compareWords(
                was, isNow, .told,
                but: ["name", "summary", "description", "required", "deprecated", "schema"],
                pointer, &notes)
        }
    }

    // MARK: Who may call

    /// Each may whatever those before it may. `owner` is beside `moderator`, `operator` beside all.
    private static let ranks = ["nobody": 0, "caller": 1, "moderator": 2, "admin": 3]

    private static func compareAccess(
        _ old: JSONValue, _ new: JSONValue, _ pointer: String, _ notes: inout Notes
    ) {
        let was = old["x-auth"]?.string ?? "nobody"
        let isNow = new["x-auth"]?.string ?? "nobody"
        if was != isNow {
            let isWider: Bool
            if let before = ranks[was], let after = ranks[isNow] {
                isWider = after < before
            } else {
                isWider = isNow == "nobody" || (isNow == "caller" && was == "owner")
            }
            notes.add(
                isWider ? .breaksServers : .breaksCallers, pointer + "/x-auth",
                "who may call it was \(was) and is \(isNow)")
        }
        switch (old["x-auth-or"], new["x-auth-or"]) {
        case (nil, nil): break
        case (nil, _?):
            notes.add(.breaksServers, pointer + "/x-auth-or", "more may call it")
        case (_?, nil):
            notes.add(.breaksCallers, pointer + "/x-auth-or", "fewer may call it")
        case (let before, let after):
            if before != after {
                notes.add(.breaksCallers, pointer + "/x-auth-or", "others may call it")
            }
        }
    }

    // MARK: What it does

    private static func compareBehaviour(
        _ old: JSONValue, _ new: JSONValue, _ pointer: String, _ notes: inout Notes
    ) {
        if old["x-effect"] != new["x-effect"] {
            notes.add(
                .breaksCallers, pointer + "/x-effect",
                "what it waits for, and whether it may be sent again, has changed")
        }
        if old["x-token"] != new["x-token"] {
            notes.add(
                .breaksCallers, pointer + "/x-token", "which token it looks at has changed")
        }
        switch (old["x-one-of"], new["x-one-of"]) {
        case (_?, nil):
            notes.add(
                .breaksServers, pointer + "/x-one-of", "none, or several, may be given now")
        case (let before, let after):
            if before != after {
                notes.add(
                    .breaksCallers, pointer + "/x-one-of", "which of them go together has changed")
            }
        }
    }

    // MARK: REST

    private static func compareRest(
        _ old: JSONValue, _ new: JSONValue, _ pointer: String, _ notes: inout Notes
    ) {
        let was = routes(old)
        let isNow = routes(new)
        for route in was {
            guard let next = isNow.first(where: { isSame(route, $0) }) else {
                notes.add(.breaksCallers, pointer + "/x-rest", "gone: \(route.text())")
                continue
            }
            // What it tells besides may be added, not altered.
            for word in Notes.union(route.members ?? [], next.members ?? [])
            where route[word] != next[word] {
                notes.add(
                    route[word] == nil ? .compatible : .breaksCallers,
                    pointer + "/x-rest/\(word)",
                    "it was \(route[word]?.text() ?? "nothing") and is "
                        + (next[word]?.text() ?? "nothing"))
            }
        }
        for route in isNow where !was.contains(where: { isSame(route, $0) }) {
            notes.add(.compatible, pointer + "/x-rest", "new: \(route.text())")
        }
    }

    private static func isSame(_ route: JSONValue, _ other: JSONValue) -> Bool {
        ["verb", "path", "status"].allSatisfy { route[$0] == other[$0] }
    }

    /// Where it stands in REST: its own place, and others. Which of them comes first is no
    /// difference.
    private static func routes(_ method: JSONValue) -> [JSONValue] {
        let own = method["x-rest"].map { $0.isNull ? [] : [$0] } ?? []
        return own + (method["x-rest-also"]?.array ?? [])
    }
}
