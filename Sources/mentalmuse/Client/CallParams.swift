// The client's side: from words (`body=Hello limit=5 id:=7`, or JSON) to params, typed by the
// schema.
internal import MuseJSON
internal import MuseOptions

/// The params of a call, read from words.
struct CallParams {
    /// An object, or an array where the caller wrote one; nil for none.
    var value: JSONValue?

    /// These.
    init(value: JSONValue?) {
        self.value = value
    }

    /// Reads them.
    /// - Parameters:
    ///   - words: `name=value` (typed by the schema; `-` for a secret asks or reads a line of
    ///   standard
    ///     input), `name:=JSON`, or one whole JSON object or array; `-` alone reads that from
    /// standard input.
    ///   - method: nil where the schema does not know it: then only whole JSON is read.
    ///   - secret: asks for a secret.
    /// - Throws: wrong use.
    init(
        _ words: [String], of method: MethodInfo?, name: String,
        secret: (String) throws(CommandFailure) -> String
    ) throws(CommandFailure) {
        if words.count == 1, let first = words.first, Self.isWhole(first) {
            value = try Self.whole(first)
            return
        }
        guard let method else {
            let near = SchemaIndex.builtIn.near(name).map { "; did you mean '\($0)'?" } ?? ""
            throw CommandFailure(UsageError("unknown method '\(name)'\(near)"))
        }
        var members: [JSONValue.Member] = []
        for word in words {
            let member = try Self.member(word, method, secret)
            guard !members.contains(where: { $0.name == member.name }) else {
                throw CommandFailure(UsageError("'\(member.name)' stands twice"))
            }
            members.append(member)
        }
        value = members.isEmpty ? nil : .object(members)
    }

    private static func isWhole(_ word: String) -> Bool {
        word.hasPrefix("{") || word.hasPrefix("[") || word == "-"
    }

    private static func whole(_ word: String) throws(CommandFailure) -> JSONValue {
        var text = word
        if word == "-" {
            guard let input = InputLines.rest(most: 16 << 20) else {
                throw CommandFailure(UsageError("standard input is too long or no UTF-8"))
            }
            text = input
        }
        do throws(JSONError) {
            let value = try JSONValue(text)
            guard value.members != nil || value.array != nil else {
                throw JSONError(offset: 0, reason: .unexpectedByte)
            }
            return value
        } catch {
            throw CommandFailure(
                UsageError(
                    "the params are no JSON object or array: \(error.reason.rawValue) "
                        + "at byte \(error.offset)"))
        }
    }

    private static func member(
        _ word: String, _ method: MethodInfo, _ secret: (String) throws(CommandFailure) -> String
    ) throws(CommandFailure) -> JSONValue.Member {
        guard let equals = word.firstIndex(of: "=") else {
            throw CommandFailure(
                UsageError("'\(word)' is neither name=value nor name:=JSON nor a JSON object"))
        }
        let text = String(word[word.index(after: equals)...])
        var name = String(word[..<equals])
        let isRaw = name.hasSuffix(":")
        if isRaw { name.removeLast() }
        guard name == "_meta" || method.param(name) != nil else {
            let near = Suggestion.near(name, among: method.params.map(\.name))
            throw CommandFailure(
                UsageError(
                    "\(method.name) has no param '\(name)'"
                        + (near.map { "; did you mean '\($0)'?" } ?? "")))
        }
        if isRaw {
            do throws(JSONError) {
                return JSONValue.Member(name, try JSONValue(text))
            } catch {
                throw CommandFailure(
                    UsageError(
                        "\(name): is no JSON: \(error.reason.rawValue) at byte \(error.offset)"))
            }
        }
        guard let param = method.param(name) else {
            throw CommandFailure(UsageError("_meta is written _meta:=JSON"))
        }
        if param.isSecret, text == "-" { return JSONValue.Member(name, .string(try secret(name))) }
        return JSONValue.Member(name, try typed(text, param))
    }

    /// The value that a word writes for a param.
    private static func typed(_ text: String, _ param: ParamInfo) throws(CommandFailure)
        -> JSONValue
    {
        switch param.kind {
        case .string, .any: return .string(text)
        case .boolean:
            guard text == "true" || text == "false" else { break }
            return .bool(text == "true")
        case .integer, .number:
            guard let value = try? JSONValue(text), case .number = value else { break }
            return value
        }
        throw CommandFailure(UsageError("\(param.name): '\(text)' is no \(param.kind.rawValue)"))
    }

    /// Writes by-position params by name, so that `_meta` can go along; leaves them where there are
    /// more than the method has.
    mutating func name(by method: MethodInfo) {
        guard let elements = value?.array, elements.count <= method.params.count else { return }
        value = .object(
            zip(method.params, elements).map { JSONValue.Member($0.name, $1) })
    }

    /// Puts a member into `_meta`, unless the caller wrote it; nothing where params are by
    /// position.
    mutating func setMeta(_ name: String, _ member: JSONValue) {
        guard value == nil || value?.members != nil else { return }
        var members = value?.members ?? []
        var meta = value?["_meta"]?.members ?? []
        if let written = value?["_meta"], written.members == nil { return }
        guard !meta.contains(where: { $0.name == name }) else { return }
        meta.append(JSONValue.Member(name, member))
        members.removeAll { $0.name == "_meta" }
        members.append(JSONValue.Member("_meta", .object(meta)))
        value = .object(members)
    }
}
