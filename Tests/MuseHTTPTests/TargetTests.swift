// Tests of the HTTP room: where a request goes. Paths are split before they are decoded.
import MuseHTTP
import Testing

struct TargetTests {
    private func read(_ text: String) throws -> Target {
        let bytes = Array(text.utf8)
        return try Target(bytes.span)
    }

    @Test(
        arguments: [
            ("/", []), ("/posts", ["posts"]), ("/posts/", ["posts", ""]),
            ("//posts", ["", "posts"]), ("/a%2Fb/c", ["a/b", "c"]), ("/%70osts", ["posts"]),
            ("/a+b", ["a+b"]), ("/%C3%A9", ["é"]), ("/./..", [".", ".."]), ("/a%3Fb", ["a?b"]),
            ("http://host/posts", ["posts"]), ("HTTPS://h:1/posts/x", ["posts", "x"]),
            ("http://host", []), ("http://host?x=1", []),
        ] as [(String, [String])])
    func `a path is split first, and each piece decoded then`(
        text: String, segments: [String]
    ) throws {
        #expect(try read(text).segments == segments)
    }

    @Test(
        arguments: [
            ("/p?limit=1&cursor=a", [("limit", "1"), ("cursor", "a")]),
            ("/p?a=1&a=2", [("a", "1"), ("a", "2")]), ("/p?a", [("a", "")]), ("/p?", []),
            ("/p?&&a=&", [("a", "")]), ("/p?a=b=c", [("a", "b=c")]),
            ("/p?a+b=c%20d", [("a b", "c d")]),
            ("/p?a%26b=%3D", [("a&b", "=")]), ("/p?a=?/", [("a", "?/")]),
        ] as [(String, [(String, String)])])
    func `a query is split first, and each piece decoded then`(
        text: String, items: [(String, String)]
    ) throws {
        #expect(try read(text).query == items.map { Target.Item($0.0, $0.1) })
    }

    @Test(
        arguments: [
            ("", Target.Fault.form), ("posts", .form), ("*x", .form), ("/a#b", .form),
            ("/é", .form),
            ("http:///x", .form), ("ftp://h/x", .form), ("/%", .percent), ("/%4", .percent),
            ("/%zz", .percent), ("/p?a=%G0", .percent), ("/%FF", .text), ("/%C3", .text),
            ("/a%00b", .text), ("/p?a=%00", .text),
        ] as [(String, Target.Fault)])
    func `what is no target is refused`(text: String, fault: Target.Fault) {
        #expect(throws: fault) { try read(text) }
    }

    @Test func `an asterisk is the server itself`() throws {
        let target = try read("*")
        #expect(target.isServer && target.segments.isEmpty)
    }
}
