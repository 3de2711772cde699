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

    @Test(arguments: [
        ([("Host", "x"), ("Content-Length ", "5")], Head.Fault.name),
        ([("Host", "x"), ("", "5")], .name), ([("Host", "x"), ("a(b", "5")], .name),
        ([("Host", "x"), ("é", "5")], .name), ([("Host", "x"), ("A", "b\u{1}")], .value),
        ([("Host", "x"), ("A", "b\rC: d")], .value), ([("Host", "x"), ("A", "b\u{7F}")], .value),
        ([("Host", "x"), ("host", "x")], .hostRepeated), ([], .hostMissing),
        (
            [("Host", "x"), ("Content-Length", "5"), ("content-length", "5")],
            .contentLengthRepeated
        ),
        ([("Host", "x"), ("Content-Length", "+5")], .value),
        ([("Host", "x"), ("Content-Length", "")], .value),
        ([("Host", "x"), ("Content-Length", "5, 5")], .value),
        (
            [("Host", "x"), ("Content-Length", "5"), ("Transfer-Encoding", "chunked")],
            .lengthBesideEncoding
        ),
        ([("Host", "x"), ("Transfer-Encoding", "gzip")], .transferEncoding),
        ([("Host", "x"), ("Transfer-Encoding", "gzip, chunked")], .transferEncoding),
        ([("Host", "x"), ("Transfer-Encoding", "chunked, chunked")], .transferEncoding),
        (
            [("Host", "x"), ("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")],
            .transferEncoding
        ),
        ([("Host", "x"), ("Authorization", "a"), ("authorization", "b")], .repeated),
        ([("Host", "x"), ("Idempotency-Key", "a"), ("Idempotency-Key", "a")], .repeated),
    ])
    func `a head with two meanings is refused`(fields: [(String, String)], fault: Head.Fault) {
        #expect(read(fields).fault == fault)
    }

    @Test func `chunks are for HTTP 1.1, which needs a host`() {
        #expect(
            read([("Transfer-Encoding", "chunked")], isHTTP11: false).fault == .transferEncoding)
        #expect(read([], isHTTP11: false).fault == nil)
        #expect(read([("Host", "x"), ("Transfer-Encoding", "Chunked")]).fault == nil)
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
