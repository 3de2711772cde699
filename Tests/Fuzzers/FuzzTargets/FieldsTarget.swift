// Fuzzing: the head of an HTTP request, and the values of its fields. Each is read as a plain
// reading of its bytes has it.
internal import MentalMuseProtocol
internal import MuseHTTP

extension FuzzTarget {
    /// Any bytes as the lines of a head, and as one field's value. `@` stands for an entity tag of
    /// ours, `$` for the same of the gzip form.
    package static let fields = FuzzTarget(
        name: "fields",
        tokens: [
            "Host: a\r\n", "Content-Length: 1\r\n", "Content-Length: 18446744073709551617\r\n",
            "Transfer-Encoding: chunked\r\n", "Accept: ", "If-Match: @\r\n", ": ", "\r\n", "@", "$",
            "W/", "\"", "*", ",", ";", "q=0", "q=0.5", "q=1", "q=nan", "q=2", "q=1e-1", "*/*",
            "application/json", "application/*", "text/html", "gzip", "identity", "charset=utf-8",
            "charset=latin1", "\u{0}", "\u{301}", "\u{600}", "é", "\u{212A}", "\t",
        ],
        failure: { bytes in
            headFailure(bytes) ?? acceptFailure(bytes.shown) ?? mediaFailure(bytes.shown)
                ?? tagFailure(bytes.shown)
        })

    // MARK: The head

    private static func headFailure(_ bytes: [UInt8]) -> String? {
        let fields = lines(bytes)
        for isHTTP11 in [false, true] {
            var head = Head()
            for field in fields { head.take(field.name.span, field.value.span) }
            head.end(isHTTP11: isHTTP11)
            let isGood = isUnambiguous(fields, isHTTP11)
            guard (head.fault == nil) == isGood else {
                let said = String(describing: head.fault)
                return "\(said), a plain reading has it \(isGood ? "good" : "bad")"
            }
            guard head.fault == nil else { continue }
            guard head.contentLength == length(fields), head.isChunked == isChunked(fields) else {
                return "a length of \(head.contentLength), chunked \(head.isChunked)"
            }
            guard head.accept == list(fields, "accept"), head.ifMatch == list(fields, "if-match"),
                head.authorization == list(fields, "authorization")
            else { return "a field's value is another one" }
        }
        return nil
    }

    /// What the library would give: a name and a value for each line.
    static func lines(_ bytes: [UInt8]) -> [(name: [UInt8], value: [UInt8])] {
        bytes.split(separator: 0x0A).map { line in
            let line = line.last == 0x0D ? line.dropLast() : line
            let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
            return (Array(line[..<colon]), Array(line[colon...].dropFirst().drop { $0 == 0x20 }))
        }
    }

    private typealias Fields = [(name: [UInt8], value: [UInt8])]

    private static func values(_ fields: Fields, _ name: String) -> [[UInt8]] {
        fields.filter { $0.name.map(small).elementsEqual(name.utf8) }.map(\.value)
    }

    private static func list(_ fields: Fields, _ name: String) -> String? {
        let values = values(fields, name)
        return values.isEmpty ? nil : values.map(\.shown).joined(separator: ", ")
    }

    private static func isChunked(_ fields: Fields) -> Bool {
        !values(fields, "transfer-encoding").isEmpty
    }

    /// The length that is announced; the greatest where it is greater than any.
    private static func length(_ fields: Fields) -> Int {
        guard let digits = values(fields, "content-length").first else { return 0 }
        return Int(digits.shown) ?? .max
    }

    /// Whether any two readers agree where the request ends, and what its single fields say.
    private static func isUnambiguous(_ fields: Fields, _ isHTTP11: Bool) -> Bool {
        let marks = Set("!#$%&'*+-.^_`|~".utf8)
        for (name, value) in fields {
            let isToken = name.allSatisfy {
                marks.contains($0) || (0x30...0x39).contains($0)
                    || (0x61...0x7A).contains(small($0))
            }
            guard !name.isEmpty, isToken,
                value.allSatisfy({ $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F })
            else { return false }
        }
        let single = [
            "host", "content-length", "transfer-encoding", "authorization", "content-type",
            "idempotency-key", "origin", "access-control-request-method", "traceparent",
        ]
        guard single.allSatisfy({ values(fields, $0).count <= 1 }) else { return false }
        // What the grammar of a host and its port is made of (RFC 3986 section 3.2.2).
        let ofHosts = Set(
            "-._~%:[]!$&'()*+,;=0123456789abcdefghijklmnopqrstuvwxyz".utf8)
        let hosts = values(fields, "host").map { host in
            host.prefix((host.lastIndex { $0 != 0x20 && $0 != 0x09 } ?? -1) + 1)
        }
        guard hosts.allSatisfy({ $0.map(small).allSatisfy(ofHosts.contains) }) else { return false }
        let lengths = values(fields, "content-length")
        let encodings = values(fields, "transfer-encoding")
        return lengths.allSatisfy { digits in
            !digits.isEmpty && digits.allSatisfy { (0x30...0x39).contains($0) }
        } && encodings.allSatisfy { $0.map(small).elementsEqual("chunked".utf8) }
            && (lengths.isEmpty || encodings.isEmpty) && (encodings.isEmpty || isHTTP11)
            && (!isHTTP11 || !values(fields, "host").isEmpty)
    }

    private static func small(_ byte: UInt8) -> UInt8 {
        (0x41...0x5A).contains(byte) ? byte + 32 : byte
    }

    // MARK: Weighted lists

    /// The elements of a list, each its parts, without blanks and in small letters.
    private static func elements(_ field: String) -> [[[UInt8]]] {
        Array(field.utf8).split(separator: UInt8(ascii: ",")).map(parts)
    }

    /// What stands between semicolons, without blanks and in small letters.
    private static func parts(_ element: some Collection<UInt8>) -> [[UInt8]] {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        return element.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map {
            let rest = Array($0.drop(while: isBlank))
            return rest.prefix((rest.lastIndex { !isBlank($0) } ?? -1) + 1).map(small)
        }
    }

    /// The first `q`; 1 without one. Thousandths would do: what is no number from 0 to 1 is 0.
    private static func weight(_ element: [[UInt8]]) -> Double {
        guard let part = element.dropFirst().first(where: { $0.starts(with: Array("q=".utf8)) })
        else { return 1 }
        let halves = part.dropFirst(2).split(
            separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard halves.count <= 2, halves.contains(where: { !$0.isEmpty }),
            halves.allSatisfy({ $0.allSatisfy { (0x30...0x39).contains($0) } })
        else { return 0 }
        var weight = 0.0
        for digit in halves[0] { weight = weight * 10 + Double(digit - 0x30) }
        var place = 0.1
        for digit in halves.dropFirst().joined() {
            weight += Double(digit - 0x30) * place
            place /= 10
        }
        return weight <= 1 ? weight : 0
    }

    private static func acceptFailure(_ field: String) -> String? {
        var best = (0, 0.0)
        var coding: Double?
        var others = 0.0
        for element in elements(field) {
            let name = element.first?.shown ?? ""
            let rank =
                [
                    "application/json": 3, "application/*": 2, "*/*": 1, "*": 1,
                ].first { $0.key.utf8.elementsEqual(name.utf8) }?.value ?? 0
            if rank > best.0 { best = (rank, weight(element)) }
            if ["gzip", "x-gzip"].contains(name) { coding = weight(element) }
            if name == "*" { others = weight(element) }
        }
        let quality = Accept.quality(field, "application", "json")
        guard (0...1).contains(quality), abs(quality - best.1) < 1e-9 else {
            return "Accept: \(field) is \(quality), wanted \(best.1)"
        }
        guard Accept.admits(field, "application", "json") == (quality > 0) || isEmpty(field) else {
            return "Accept: \(field) is weighed \(quality), and judged otherwise"
        }
        let isGzip = (coding ?? others) > 0
        guard (Coding.chosen(field) == .gzip) == isGzip else { return "Accept-Encoding: \(field)" }
        return nil
    }

    private static func isEmpty(_ field: String) -> Bool { field.utf8.allSatisfy { $0 == 0x20 } }

    // MARK: Types and tags

    private static func mediaFailure(_ field: String) -> String? {
        let isJSON = MediaType.isJSON(field)
        let parts = parts(field.utf8)
        let isNamed = parts[0].elementsEqual("application/json".utf8)
        if isJSON, !isNamed { return "Content-Type: \(field) is taken for JSON" }
        if MediaType.isJSON(field + ";charset=latin1") { return "\(field) in Latin-1 is taken" }
        guard MediaType.isJSON(field + "; charset=\"UTF-8\"") == isJSON else {
            return "\(field) in UTF-8 is judged otherwise"
        }
        return isNamed && parts.count == 1 && !isJSON ? "\(field) is refused" : nil
    }

    private static func tagFailure(_ text: String) -> String? {
        var digest = EntityDigest()
        digest.add(text.utf8.count)
        let plain = EntityTag.text(digest, .identity)
        let zipped = EntityTag.text(digest, .gzip)
        let field = text.replacing("@", with: plain).replacing("$", with: zipped)
        // Between quotes stands a tag; what stands right before them says whether it is weak.
        let pieces = Array(field.utf8).split(
            separator: UInt8(ascii: "\""), omittingEmptySubsequences: false)
        var found: Set<String> = []
        for at in stride(from: 1, to: pieces.count - 1, by: 2) {
            let isWeak = pieces[at - 1].suffix(2).elementsEqual("W/".utf8)
            found.insert((isWeak ? "W/" : "") + "\"\(Array(pieces[at]).shown)\"")
        }
        let isAny = elements(field).count == 1 && isStar(field)
        let matches = isAny || found.contains(plain) || found.contains(zipped)
        guard EntityTag.matches(field).contains(digest) == matches else {
            return "If-Match: \(field) of \(plain) should be \(matches)"
        }
        for (coding, tag) in [(Coding.identity, plain), (.gzip, zipped)] {
            let isKnown = isAny || found.contains(tag) || found.contains("W/" + tag)
            guard EntityTag.known(field, coding).contains(digest) == isKnown else {
                return "If-None-Match: \(field) of \(tag) should be \(isKnown)"
            }
        }
        return nil
    }

    private static func isStar(_ field: String) -> Bool {
        field.utf8.filter { $0 != 0x20 && $0 != 0x09 }.elementsEqual("*".utf8)
    }
}
