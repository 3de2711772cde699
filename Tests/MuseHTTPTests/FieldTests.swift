// Tests of the HTTP room: the values of fields, tags, and the text of figures.
import MentalMuseProtocol
import MuseBase
import MuseHTTP
import MuseJSON
import Testing

struct FieldTests {
    @Test(
        arguments: [
            (nil, nil), ("Bearer a.b", "a.b"), ("bearer  a", "a"), ("BEARER a b", "a b"),
            ("Bearer", "Bearer"), ("Bearer ", "Bearer "), ("Basic abc", "Basic abc"),
            ("Bearer: abc", "Bearer: abc"), ("Bearer \u{E9}", "\u{E9}"),
        ] as [(String?, String?)])
    func `a bearer's token is what follows; anything else is a token that does not hold`(
        field: String?, token: String?
    ) {
        #expect(Authorization.token(field) == token)
    }

    @Test(
        arguments: [
            ("/posts", "/posts?cursor=c-1"),
            ("/posts?limit=2&cursor=old&order=oldest", "/posts?limit=2&order=oldest&cursor=c-1"),
            ("/a%2Fb/%C3%A9?x=1+2&y=%26%25~", "/a%2Fb/%C3%A9?x=1%202&y=%26%25~&cursor=c-1"),
        ])
    func `the next page is where this one is, but for the cursor`(
        target: String, next: String
    ) throws {
        var page = JSONWriter()
        page.raw(text: #"{"items":[],"next_cursor":"c-1"}"#)
        #expect(Page.link(page, try Target(target.utf8.span)) == "<\(next)>; rel=\"next\"")
        page.removeAll()
        page.raw(text: #"{"items":[],"next_cursor":null}"#)
        #expect(Page.link(page, try Target(target.utf8.span)) == nil)
    }

    @Test(
        arguments: [
            (nil, true), ("", true), ("*/*", true), ("application/json", true),
            ("application/*", true), ("text/html", false), ("text/html, */*;q=0.1", true),
            ("application/json;q=0", false), ("*/*, application/json;q=0", false),
            ("application/json;q=0.5, */*;q=0", true), ("APPLICATION/JSON", true),
            ("nonsense", false),
        ] as [(String?, Bool)])
    func `an answer is JSON where the client takes that`(field: String?, isAdmitted: Bool) {
        #expect(Accept.admits(field, "application", "json") == isAdmitted)
    }

    @Test(
        arguments: [
            ("application/json", true), ("application/json; charset=utf-8", true),
            ("application/json;charset=\"UTF-8\"", true), ("Application/JSON", true),
            ("application/json; charset=latin1", false), ("text/json", false), (nil, false),
            ("application/x-www-form-urlencoded", false), ("application/jsonx", false),
        ] as [(String?, Bool)])
    func `a body is JSON in UTF-8`(field: String?, isJSON: Bool) {
        #expect(MediaType.isJSON(field) == isJSON)
    }

    @Test(
        arguments: [
            (nil, Coding.identity), ("gzip", .gzip), ("br, gzip;q=0.5", .gzip),
            ("gzip;q=0", .identity),
            ("*", .gzip), ("*;q=0, gzip", .gzip), ("gzip;q=0, *", .identity), ("br", .identity),
            ("identity", .identity), ("x-gzip", .gzip),
        ] as [(String?, Coding)])
    func `gzip is used where it is asked for`(field: String?, coding: Coding) {
        #expect(Coding.chosen(field) == coding)
    }

    @Test(
        arguments: [
            (nil, "192.0.2.7", "192.0.2.7"), (nil, "203.0.113.9, 192.0.2.7", "192.0.2.7"),
            (nil, "203.0.113.9, 10.0.0.2", "203.0.113.9"), (nil, "10.0.0.3, 10.0.0.2", "10.0.0.3"),
            (nil, "bad, 192.0.2.7:80", "192.0.2.7"), (nil, "bad", nil), (nil, nil, nil),
            ("for=192.0.2.7;proto=https", nil, "192.0.2.7"),
            ("For=\"[2001:db8::1]:4711\"", nil, "2001:db8::1"),
            ("for=203.0.113.9, for=10.0.0.2", "192.0.2.7", nil),
            ("for=_hidden", nil, nil),
        ] as [(String?, String?, String?)])
    func `the last address that is no proxy of ours calls`(
        forwarded: String?, forwardedFor: String?, address: String?
    ) {
        let client = ForwardedAddress.client(
            forwarded: forwarded, forwardedFor: forwardedFor,
            isTrusted: { $0.text.hasPrefix("10.") })
        #expect(client?.text == address)
    }

    @Test func `a tag says the state and the coding`() throws {
        var digest = EntityDigest()
        digest.add(1)
        let plain = EntityTag.text(digest, .identity)
        let packed = EntityTag.text(digest, .gzip)
        #expect(plain.utf8.count == 24 && plain != packed)
        #expect(EntityTag.known(plain, .identity).contains(digest))
        #expect(!EntityTag.known(plain, .gzip).contains(digest))
        #expect(EntityTag.known("\"x,\", W/\(packed)", .gzip).contains(digest))
        #expect(EntityTag.matches(packed).contains(digest))
        #expect(EntityTag.matches("\"a\", " + plain).contains(digest))
        #expect(!EntityTag.matches("W/" + plain).contains(digest))
        #expect(EntityTag.matches(" * ") == .any)
        #expect(!EntityTag.matches("*, \"a").contains(digest))
        var other = EntityDigest()
        other.add(2)
        #expect(!EntityTag.matches(plain).contains(other))
    }

    @Test func `each part of a state changes the tag, and so does their order`() {
        func digest(_ words: [UInt64]) -> EntityDigest {
            var digest = EntityDigest()
            for word in words { digest.add(word) }
            return digest
        }
        let all = [[], [0], [0, 0], [1], [1, 2], [2, 1], [1, 2, 3], [.max]].map(digest)
        #expect(Set(all).count == all.count)
        let text = all[4].text
        #expect(EntityDigest(text.utf8.span) == all[4])
        #expect(text == EntityDigest(text.utf8.span)?.text)
    }

    @Test func `figures are told in the form that the collector asks for`() {
        #expect(Exposition.Format.chosen(nil) == .prometheus)
        #expect(Exposition.Format.chosen("*/*") == .prometheus)
        #expect(Exposition.Format.chosen("text/html") == nil)
        #expect(
            Exposition.Format.chosen("application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
                == .openMetrics)
        var text = Exposition(.prometheus)
        text.counter("a", "Help.", [("", "1"), ("x=\"y\"", "2")])
        text.histogram(
            "h", "Times.", bounds: ["0.1"],
            [(labels: "m=\"p\"", within: [1], count: 3, sum: "0.5")])
        text.end()
        #expect(
            text.text == """
                # HELP a_total Help.
                # TYPE a_total counter
                a_total 1
                a_total{x="y"} 2
                # HELP h Times.
                # TYPE h histogram
                h_bucket{m="p",le="0.1"} 1
                h_bucket{m="p",le="+Inf"} 3
                h_sum{m="p"} 0.5
                h_count{m="p"} 3

                """)
        var open = Exposition(.openMetrics)
        open.counter("a", "Help.", [("", "1")])
        open.end()
        #expect(open.text == "# HELP a Help.\n# TYPE a counter\na_total 1\n# EOF\n")
    }

    @Test(
        arguments: [
            (0, "0.0"), (1, "0.000000001"), (10_000, "0.00001"), (1_500_000_000, "1.5"),
            (60_000_000_000, "60.0"),
        ] as [(UInt64, String)])
    func `durations are seconds without exponents`(nanoseconds: UInt64, text: String) {
        #expect(Exposition.seconds(nanoseconds) == text)
    }
}
