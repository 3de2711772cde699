// Fuzzing: a line as requests. The single pass over bytes agrees with a reading of the value tree.
internal import MuseJSON
internal import MuseRPC

extension FuzzTarget {
    /// Any bytes as one line.
    package static let envelope = FuzzTarget(
        name: "envelope",
        tokens: [
            "\"jsonrpc\":\"2.0\"", "\"method\":\"a.b\"", "\"id\":1", "\"params\":{}",
            "\"params\":[]",
            "\"params\":null", "\"id\":null", "\"id\":{}", "\"id\":\"x\"", "\"result\":1",
            "\"error\":{}", ",",
            "{", "}", "[", "]", "[]", "{}", "\"i\\u0064\":2", "\"\\u006dethod\":", "1.0", "\"2.1\"",
            "2.0", "é",
            " ",
        ],
        failure: envelopeFailure)

    private static func envelopeFailure(_ bytes: [UInt8]) -> String? {
        let line = Line.parse(bytes.span, 0..<bytes.count, depthMax: 32)
        let tree: JSONValue
        do throws(JSONError) {
            tree = try JSONValue(bytes.span, depthMax: 32)
        } catch {
            switch line {
            case .unparsable(let other):
                return other == error ? nil : "\(other), the tree says \(error)"
            case .blank:
                return bytes.allSatisfy { [0x20, 0x09, 0x0A, 0x0D].contains($0) } ? nil : "blank"
            default: return "parsed, the tree says \(error)"
            }
        }
        switch line {
        case .blank, .unparsable: return "not parsed, though it is JSON"
        case .emptyBatch: return tree == .array([]) ? nil : "no empty batch"
        case .single(let envelope): return difference(envelope, tree, bytes)
        case .batch(let count, var members):
            guard let wanted = tree.array, wanted.count == count else { return "counted \(count)" }
            for member in wanted {
                guard let envelope = members.next(bytes.span) else { return "a member is missing" }
                if let difference = difference(envelope, member, bytes) { return difference }
            }
            return members.next(bytes.span) == nil ? nil : "a member too many"
        }
    }

    /// How an envelope differs from what the tree says.
    private static func difference(
        _ envelope: Envelope, _ tree: JSONValue, _ bytes: [UInt8]
    ) -> String? {
        let wanted = Reference(tree)
        guard envelope.kind == wanted.kind else { return "\(envelope.kind), wanted \(wanted.kind)" }
        let id = envelope.ownedID(bytes.span).text
        guard (try? id.map { try JSONValue($0) }) == wanted.answerID else {
            return "the id \(id ?? "-"), wanted \(String(describing: wanted.answerID))"
        }
        guard envelope.kind == .request else { return nil }
        guard envelope.method.string(bytes.span) == wanted.method else { return "another method" }
        let params = envelope.params.flatMap { try? JSONValue(Array(bytes[$0]).span) }
        guard params == wanted.params else { return "other params" }
        let isByName = wanted.params?.members != nil
        return envelope.paramsByName == isByName ? nil : "params in another style"
    }
}

/// A request as the value tree has it.
private struct Reference {
    var kind = Envelope.Kind.request
    var answerID: JSONValue?
    var method: String?
    var params: JSONValue?

    init(_ tree: JSONValue) {
        guard let members = tree.members else {
            kind = .invalid(.notAnObject)
            answerID = .null
            return
        }
        var faults: [InvalidRequest] = []
        var seen: Set<String> = []
        var isIDRepeated = false
        for member in members {
            let isOurs = ["jsonrpc", "method", "params", "id"].contains(member.name)
            if !seen.insert(member.name).inserted, isOurs {
                faults.append(.repeatedMember)
                if member.name == "id" { isIDRepeated = true }
            }
            note(member, &faults)
        }
        if isIDRepeated { answerID = nil }
        if !seen.contains("method"), seen.contains("result") || seen.contains("error") {
            kind = .response
        } else if let fault = faults.first {
            kind = .invalid(fault)
        } else if !seen.contains("jsonrpc") {
            kind = .invalid(.version)
        } else if !seen.contains("method") {
            kind = .invalid(.methodMissing)
        }
        if kind != .request, answerID == nil { answerID = .null }
    }

    private mutating func note(_ member: JSONValue.Member, _ faults: inout [InvalidRequest]) {
        switch (member.name, member.value) {
        case ("jsonrpc", let value): if value != "2.0" { faults.append(.version) }
        case ("method", .string(let name)): method = name
        case ("method", _): faults.append(.methodType)
        case ("params", .object), ("params", .array): params = member.value
        case ("params", .null): faults.append(.paramsNull)
        case ("params", _): faults.append(.paramsType)
        case ("id", .string), ("id", .number), ("id", .null): answerID = member.value
        case ("id", _): faults.append(.idType)
        default: break
        }
    }
}
