// Tests of the HTTP room: heads. What two readers could understand differently is refused.
import MuseHTTP
import Testing

struct HeadTests {
    private func read(_ fields: [(String, String)], isHTTP11: Bool = true) -> Head {
        var head = Head()
        for (name, value) in fields {
            let (name, value) = (Array(name.utf8), Array(value.utf8))
            head.take(name.span, value.span)
        }
        head.end(isHTTP11: isHTTP11)
        return head
    }

    /// Fields, one a line, and why they are refused.
    private static let broken: [(text: String, fault: Head.Fault)] = [
        ("Host: x\nContent-Length : 5", .name), ("Host: x\n: 5", .name),
        ("Host: x\na(b: 5", .name), ("Host: x\né: 5", .name), ("Host: x\nA: b\u{1}", .value),
        ("Host: x\nA: b\rC: d", .value), ("Host: x\nA: b\u{7F}", .value),
        ("Host: x\nhost: x", .hostRepeated), ("A: b", .hostMissing),
        ("Host: a b", .hostInvalid), ("Host: a/b", .hostInvalid), ("Host: u@a", .hostInvalid),
        ("Host: a\\b", .hostInvalid), ("Host: é", .hostInvalid),
        ("Host: x\nContent-Length: 5\ncontent-length: 5", .contentLengthRepeated),
        ("Host: x\nContent-Length: +5", .value), ("Host: x\nContent-Length: ", .value),
        ("Host: x\nContent-Length: 5, 5", .value),
        ("Host: x\nContent-Length: 5\nTransfer-Encoding: chunked", .lengthBesideEncoding),
        ("Host: x\nTransfer-Encoding: gzip", .transferEncoding),
        ("Host: x\nTransfer-Encoding: gzip, chunked", .transferEncoding),
        ("Host: x\nTransfer-Encoding: chunked, chunked", .transferEncoding),
        ("Host: x\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked", .transferEncoding),
        ("Host: x\nAuthorization: a\nauthorization: b", .repeated),
        ("Host: x\nIdempotency-Key: a\nIdempotency-Key: a", .repeated),
    ]

    @Test(arguments: broken.indices)
    func `a head with two meanings is refused`(index: Int) {
        let (text, fault) = Self.broken[index]
        let fields = text.split(separator: "\n").map { line in
            let parts = line.split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), String(parts[1].dropFirst()))
        }
        #expect(read(fields).fault == fault)
    }

    @Test func `chunks are for HTTP 1.1, which needs a host`() {
        #expect(
            read([("Transfer-Encoding", "chunked")], isHTTP11: false).fault == .transferEncoding)
        #expect(read([], isHTTP11: false).fault == nil)
        #expect(read([("Host", "x"), ("Transfer-Encoding", "Chunked")]).fault == nil)
    }

    @Test(arguments: ["", "a", "a:80", "A-b_c.example:", "[2001:db8::1]:8443", "%41", "a "])
    func `a host may be a name, an address, or empty`(host: String) {
        #expect(read([("Host", host)]).fault == nil)
    }

    /// A head of `GET / HTTP/1.1` and a line of `X: y`, whose places are altered.
    private func placed(
        version: Int = 6, begins: Int = 16, ends: Int = 20, count: Int = 24
    ) -> Head.Fault? {
        var head = Head()
        head.placeRequest(verb: 3, target: 1, version: 8, begins: version)
        head.placeField(begins: begins, ends: ends)
        head.placeEnd(count)
        return head.fault
    }

    @Test func `the lines of a head fill it, or it is refused`() {
        #expect(placed() == nil)
        #expect(placed(begins: 15, ends: 19, count: 21) == nil, "ends of lines without CR")
        #expect(placed(version: 7) == .stray)
        for begins in [-4, 0, 14, 17, 40, .min, .max] { #expect(placed(begins: begins) == .stray) }
        for ends in [0, 19, 23, .min, .max] { #expect(placed(ends: ends) == .stray) }
        for count in [0, 21, 25, .max] { #expect(placed(count: count) == .stray) }
    }

    @Test func `names have no case, and lists may stand in parts`() {
        let head = read([
            ("HOST", "x"), ("aCCept", "a/b"), ("Accept", "c/d"), ("CONTENT-LENGTH", "007"),
            ("if-none-match", "\"a\""), ("X-Forwarded-For", "192.0.2.1"),
        ])
        #expect(head.fault == nil)
        #expect(head.accept == "a/b, c/d")
        #expect(head.contentLength == 7 && head.hasBody)
        #expect(head.ifNoneMatch == "\"a\"")
        #expect(head.forwardedFor == "192.0.2.1")
    }

    @Test func `a length beyond all numbers is very large, and no trap`() {
        let head = read([("Host", "x"), ("Content-Length", String(repeating: "9", count: 40))])
        #expect(head.fault == nil && head.contentLength == .max)
    }
}
