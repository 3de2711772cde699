// Transcripts: one run of one transcript over one transport. The steps are told in
// Protocol/transcripts/README.md.
internal import MuseBase
internal import MuseJSON

package final class Replay {
    private let server: Server
    private let transport: String
    private let pattern: Pattern
    private let open: Opening
    private var wires: [String: any Conversation] = [:]

    /// Opens a connection to a place.
    package typealias Opening = (Place) throws -> any Conversation

    /// `open`: nil for a plain socket of the replayer's own.
    package init(
        _ server: Server, over transport: String, _ schema: SchemaTypes, open: Opening? = nil
    ) {
        self.server = server
        self.transport = transport
        self.open = open ?? { try Wire($0) }
        pattern = Pattern(
            schema,
            [
                "u": .string(Program.mark()), "pw": .string("correct horse battery 7"),
                "address": .string("127.0.0.1"), "folder": .string(server.folder),
            ])
    }

    /// Runs a transcript over a transport; false where it is not meant for that one.
    package static func run(
        _ transcript: Transcript, over transport: String, open: Opening? = nil
    ) throws -> Bool {
        let (head, steps) = try transcript.read()
        let over = head["over"]?.array?.compactMap(\.string) ?? ["tcp", "tls"]
        guard over.contains(transport) else { return false }
        let flags = head["flags"]?.array?.compactMap(\.string) ?? []
        let server = try Program.server(flags: flags, alone: head["alone"]?.bool ?? false)
        try Replay(server, over: transport, Corpus.schema.get(), open: open).run(steps)
        return true
    }

    package func run(_ steps: [Transcript.Step]) throws {
        for step in steps {
            let times = step.value["times"]?.int ?? 1
            for count in 1...times {
                pattern.variables["i"] = .number(count)
                do {
                    try take(step.value)
                } catch {
                    throw Differs("line \(step.line): \(error)")
                }
            }
        }
        for (name, wire) in wires {
            do {
                // What was read is answered before the end of input: what comes now was not
                // foretold.
                try wire.halfClose()
                try expectClose(wire)
            } catch {
                throw Differs("at the end, connection \(name): \(error)")
            }
        }
    }

    // MARK: Steps

    private func wire(_ step: JSONValue) throws -> any Conversation {
        let name = step["on"]?.string ?? "a"
        if let wire = wires[name] { return wire }
        let wire = try open(server.place(name == "operator" ? "admin" : transport))
        wires[name] = wire
        return wire
    }

    private func take(_ step: JSONValue) throws {
        if step["call"] != nil { return try call(step) }
        if step["about"] != nil { return }
        if let name = step["user"]?.string { return try user(name, step["role"]) }
        if let name = step["half_close"]?.string { return try known(name).halfClose() }
        if let name = step["close"]?.string ?? step["reset"]?.string {
            try known(name).close(resetting: step["reset"] != nil)
            wires[name] = nil
            return
        }
        if let variables = step["let"]?.members {
            for variable in variables {
                pattern.variables[variable.name] = try pattern.fill(variable.value)
            }
            return
        }
        if let name = step["forge"]?.string { return try forge(name, step) }
        if let name = step["claims"]?.string { return try claims(name, step) }
        try exchange(step, try wire(step))
    }

    private func known(_ name: String) throws -> any Conversation {
        guard let wire = wires[name] else { throw Differs("no connection \(name)") }
        return wire
    }

    private func exchange(_ step: JSONValue, _ wire: any Conversation) throws {
        if let value = step["send"] { try write([value], wire) }
        if let lines = step["lines"]?.array { try write(lines, wire) }
        if let text = step["raw"]?.string { try wire.send(Array(pattern.fill(text).utf8)) }
        if let hex = step["hex"]?.string { try wire.send(try Self.bytes(hex)) }
        if let wanted = step["expect"] {
            let line = try take(wanted, wire)
            if let id = step["id_bytes"]?.string {
                let given = try JSONValue.idBytes(of: line)
                guard given == id else { throw Differs("the id came back as \(given), not \(id)") }
            }
        }
        if step["expect_nothing"] != nil { try expectNothing(wire) }
        if step["expect_close"] != nil { try expectClose(wire) }
    }

    private func write(_ values: [JSONValue], _ wire: any Conversation) throws {
        var bytes: [UInt8] = []
        for value in values {
            bytes += try pattern.fill(value).text().utf8
            bytes.append(UInt8(ascii: "\n"))
        }
        try wire.send(bytes)
    }

    private static func bytes(_ hex: String) throws -> [UInt8] {
        let digits = Array(hex.utf8)
        return try stride(from: 0, to: digits.count - 1, by: 2).map {
            let pair = String(decoding: digits[$0...$0 + 1], as: UTF8.self)
            guard let byte = UInt8(pair, radix: 16) else { throw Differs("no hex: \(hex)") }
            return byte
        }
    }

    // MARK: Calls

    private func call(_ step: JSONValue) throws {
        let wire = try wire(step)
        let params = try step["params"].map(pattern.fill)
        var meta: [JSONValue.Member] = []
        if let name = step["as"]?.string {
            meta.append(.init("access_token", try pattern.lookup(name + ".access")))
        }
        meta += try (step["meta"]?.members ?? []).map {
            JSONValue.Member($0.name, try pattern.fill($0.value))
        }
        let id = try wire.call(step["call"] ?? .null, params, meta: meta)
        var outcome = JSONValue.Member("result", step["result"] ?? .string("$any"))
        if let name = step["error"] {
            var error = JSONValue.object(["$error": name]).adding(step["data"]?.members ?? [])
            if let offences = step["offences"] {
                error = error.adding([.init("offences", offences)])
            }
            outcome = .init("error", error)
        }
        let wanted = JSONValue.object([
            .init("jsonrpc", .string("2.0")), .init("id", id), outcome,
        ])
        let line = try take(wanted, wire)
        try wire.answered(line)
        if let name = step["keep"]?.string, let grant = try JSONValue(line.span)["result"] {
            keep(grant, as: name)
        }
    }

    private func keep(_ grant: JSONValue, as name: String) {
        pattern.variables[name + ".access"] = grant["access_token"]
        pattern.variables[name + ".refresh"] = grant["refresh_token"]
        pattern.variables[name + ".session"] = grant["session_id"]
        pattern.variables[name + ".id"] = grant["user"]?["id"]
        pattern.variables[name + ".username"] = grant["user"]?["username"]
    }

    /// A new account `NAME_{u}`, its grant kept under its name, attached on the connection of its
    /// name.
    private func user(_ name: String, _ role: JSONValue?) throws {
        let account: JSONValue = .object([
            "username": .string(name + "_{u}"), "password": .string("{pw}"),
        ])
        if let role {
            try call(
                .object([
                    "call": .string("admin.create_user"), "on": .string("operator"),
                    "params": account.adding([.init("role", role)]),
                ]))
        }
        try call(
            .object([
                "call": .string(role == nil ? "auth.register" : "auth.login"), "on": .string(name),
                "params": account.adding([.init("attach", .bool(true))]), "keep": .string(name),
            ]))
    }

    // MARK: Answers

    /// The answer for that pattern: of its id, the first batch, or the notification of its name.
    private func take(_ wanted: JSONValue, _ wire: any Conversation) throws -> [UInt8] {
        if let index = try wire.pool.firstIndex(where: { try isMeant(wanted, $0) }) {
            let line = wire.pool.remove(at: index)
            try pattern.check(wanted, JSONValue(line.span))
            return line
        }
        while let line = try wire.line() {
            if try isMeant(wanted, line) {
                try pattern.check(wanted, JSONValue(line.span))
                return line
            }
            wire.pool.append(line)
        }
        let unread = wire.pool.prefix(2).map { String(decoding: $0, as: UTF8.self) }
        throw Differs("closed; no answer for \(wanted.brief); unread: \(unread)")
    }

    private func isMeant(_ wanted: JSONValue, _ line: [UInt8]) throws -> Bool {
        let value: JSONValue
        do {
            value = try JSONValue(line.span)
        } catch {
            throw Differs("no JSON: \(error): \(String(decoding: line.prefix(300), as: UTF8.self))")
        }
        if value.hasRepeats { throw Differs("a repeated member in \(value.brief)") }
        if wanted.array != nil || value.array != nil {
            return wanted.array != nil && value.array != nil
        }
        if wanted["method"] != nil || value["method"] != nil {
            return wanted["method"] == value["method"]
        }
        guard let id = try wanted["id"].map(pattern.fill) else {
            throw Differs("an expected answer has an id")
        }
        return value["id"].map(id.equals) ?? false
    }

    /// A ping is answered, and nothing else has come; the end of the run looks once more.
    private func expectNothing(_ wire: any Conversation) throws {
        wire.count += 1
        let id = "nothing-\(wire.count)"
        try wire.send(
            Array("{\"jsonrpc\":\"2.0\",\"id\":\"\(id)\",\"method\":\"server.ping\"}\n".utf8))
        _ = try take(
            .object([
                "jsonrpc": .string("2.0"), "id": .string(id), "result": .string("pong"),
            ]), wire)
        try expectSilence(wire)
    }

    private func expectClose(_ wire: any Conversation) throws {
        while let line = try wire.line() { wire.pool.append(line) }
        try expectSilence(wire)
    }

    private func expectSilence(_ wire: any Conversation) throws {
        guard let line = wire.pool.first else { return }
        throw Differs("also said: \(String(decoding: line.prefix(300), as: UTF8.self))")
    }

    // MARK: Tokens

    private func forge(_ name: String, _ step: JSONValue) throws {
        let token = try pattern.text(name)
        var parts = token.split(separator: ".").map(String.init)
        guard parts.count == 3, let target = step["to"]?.string else {
            throw Differs("\(name) is no token")
        }
        let forged: String
        switch step["how"]?.string {
        case "signature":
            parts[2] = (parts[2].hasPrefix("A") ? "B" : "A") + parts[2].dropFirst()
            forged = parts.joined(separator: ".")
        case "body":
            var bytes = Array(parts[1].utf8)
            bytes[8] = bytes[8] == UInt8(ascii: "f") ? UInt8(ascii: "g") : UInt8(ascii: "f")
            parts[1] = String(decoding: bytes, as: UTF8.self)
            forged = parts.joined(separator: ".")
        case "none":
            let head = Base64URL.encode("{\"alg\":\"none\",\"typ\":\"at+jwt\"}".utf8.span)
            forged = head + "." + parts[1] + "."
        case "cut": forged = String(token.dropLast())
        case "padded": forged = token + "="
        default: throw Differs("no way to forge: \(step.brief)")
        }
        pattern.variables[target] = .string(forged)
    }

    private func claims(_ name: String, _ step: JSONValue) throws {
        let parts = try pattern.text(name).split(separator: ".").map(String.init)
        for (index, part) in ["head", "body"].enumerated() {
            guard let wanted = step[part] else { continue }
            guard parts.indices.contains(index),
                let bytes = Base64URL.decode(parts[index].utf8.span)
            else { throw Differs("\(name) is no token") }
            try pattern.check(wanted, JSONValue(bytes.span), part)
        }
    }
}
