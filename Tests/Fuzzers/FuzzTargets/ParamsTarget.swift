// Fuzzing: the generated decoders of params, strict ones.
internal import MentalMuseProtocol
internal import MuseJSON
internal import MuseRPC

extension FuzzTarget {
    /// A method's name, a space, and JSON text of its params. An unknown name stands for some
    /// method.
    package static let params = FuzzTarget(
        name: "params",
        tokens: [
            "\"_meta\":{}", "\"access_token\":\"x\"", "\"deadline_ms\":5",
            "\"idempotency_key\":\"k\"", "null",
            "\"body\":", "\"id\":", "\"username\":", "\"limit\":20.0", "\"order\":\"oldest\"",
            "\"cursor\":\"x\"",
            "\"revision\":1", "\"attach\":true", "\"01936b2f-5a12-7c3e-9f00-0a1b2c3d4e53\"",
            "\"\\u0000\"", "\"\"",
            "true", "1e400", "-1", "0.5", "{", "}", "[", "]", ",", ":", "\"a\":{\"b\":[1]}",
            "\"~/\":1",
        ] + MethodID.allCases.map { $0.name + " " },
        failure: paramsFailure)

    private static func paramsFailure(_ bytes: [UInt8]) -> String? {
        let space = bytes.firstIndex(of: UInt8(ascii: " ")) ?? bytes.count
        let name = Array(bytes[..<space]).shown
        let cases = MethodID.allCases
        let some = cases[bytes.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % cases.count]
        let method = cases.first { $0.name == name } ?? some
        let text = Array(bytes[min(space + 1, bytes.count)...])
        guard let tree = try? JSONValue(text.span, depthMax: 32),
            tree.array != nil || tree.members != nil
        else { return nil }
        // As on a line: the params begin at their bracket.
        let start = text.firstIndex { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "[") } ?? 0
        let read = Reading(method, text, start..<text.count)
        if let fault = read.fault { return "\(method.name): \(fault)" }
        return fewerIssues(method, text, start, read) ?? again(method, read)
            ?? turned(method, tree, read)
    }

    /// Telling fewer offences tells the first of them, and counts the same.
    private static func fewerIssues(
        _ method: MethodID, _ text: [UInt8], _ start: Int, _ read: Reading
    ) -> String? {
        let one = Reading(method, text, start..<text.count, issuesMax: 1)
        guard one.decoded.issues.isEmpty == read.decoded.issues.isEmpty,
            one.decoded.issues.issues.first == read.decoded.issues.issues.first
        else { return "\(method.name): with one offence told, another one is" }
        return nil
    }

    /// What was read, written and read again is the same call.
    private static func again(_ method: MethodID, _ read: Reading) -> String? {
        guard let encoded = read.encoded else { return nil }
        let bytes = Array(encoded.utf8)
        let again = Reading(method, bytes, 0..<bytes.count)
        guard again.encoded == encoded, again.fingerprint == read.fingerprint else {
            return "\(method.name): \(encoded) came back as \(again.encoded ?? "an offence")"
        }
        return read.metaFailure
    }

    /// Members by name may come in any order.
    private static func turned(_ method: MethodID, _ tree: JSONValue, _ read: Reading) -> String? {
        // rpc.cancel has no handler: what it is given is read where the order is kept.
        guard method != .rpcCancel, let members = tree.members else { return nil }
        if Set(members.map(\.name)).count < members.count {
            let isRefused = !read.decoded.issues.isEmpty
            return isRefused ? nil : "\(method.name): a repeated member was taken"
        }
        let bytes = Array(JSONValue.object(members.reversed()).text().utf8)
        let turned = Reading(method, bytes, 0..<bytes.count)
        guard turned.encoded == read.encoded, turned.decoded.meta == read.decoded.meta,
            turned.decoded.binds == read.decoded.binds,
            turned.decoded.issues.count == read.decoded.issues.count
        else { return "\(method.name): the order of members matters" }
        return nil
    }
}

/// The params of a call, whatever its method.
enum ParamsText {
    static func params(_ invocation: Invocation) -> (any CallParams)? {
        Mirror(reflecting: invocation).children.first?.value as? any CallParams
    }

    /// Their JSON text.
    static func of(_ invocation: Invocation) -> String? {
        guard let params = params(invocation) else { return nil }
        var writer = JSONWriter()
        params.encode(into: &writer)
        return writer.string()
    }
}

/// What a decoder made of params.
private struct Reading {
    let decoded: Decoded
    let method: MethodID
    var encoded: String?
    var fingerprint: String?

    init(_ method: MethodID, _ bytes: [UInt8], _ range: Range<Int>, issuesMax: Int = 32) {
        self.method = method
        decoded = Invocation.decode(
            method: method, bytes: bytes.span, params: range, issuesMax: issuesMax)
        guard let invocation = decoded.invocation, let params = ParamsText.params(invocation)
        else { return }
        var writer = JSONWriter()
        params.encode(into: &writer)
        encoded = writer.string()
        var print = JSONWriter()
        params.fingerprint(into: &print)
        fingerprint = print.string()
    }

    /// What is wrong with the outcome itself.
    var fault: String? {
        let issues = decoded.issues
        if decoded.invocation != nil, !issues.isEmpty { return "a call in spite of an offence" }
        // A method without a result is nobody's call.
        if decoded.invocation == nil, issues.isEmpty, method != .rpcCancel {
            return "refused without a word"
        }
        if issues.issues.count > 32 || issues.count < issues.issues.count { return "the count" }
        for issue in issues.issues {
            // By bytes: a combining character after the slash is one character with it.
            guard issue.path.isEmpty || issue.path.utf8.first == UInt8(ascii: "/") else {
                return "the path \(issue.path)"
            }
            guard (try? JSONValue(issue.expected)) != nil else {
                return "expected \(issue.expected)"
            }
        }
        for text in [encoded, fingerprint].compactMap({ $0 }) where (try? JSONValue(text)) == nil {
            return "wrote no JSON: \(text)"
        }
        return nil
    }

    /// `_meta` comes back as well.
    var metaFailure: String? {
        var writer = JSONWriter()
        writer.raw("{\"_meta\":")
        decoded.meta.encode(into: &writer)
        writer.raw("}")
        let bytes = Array(writer.string().utf8)
        let again = Invocation.decode(
            method: .serverPing, bytes: bytes.span, params: 0..<bytes.count, issuesMax: 32)
        return again.issues.isEmpty && again.meta == decoded.meta ? nil : "_meta: \(bytes.shown)"
    }
}
