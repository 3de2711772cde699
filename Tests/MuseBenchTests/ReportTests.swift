// Twins of Summary.swift, MarkedPage.swift and CallText.swift: numbers, pages, requests as text.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseBench
internal import MuseJSON
internal import Testing

@Suite struct ReportTests {
    @Test(
        "Numbers are rounded and written in digits",
        arguments: [
            (0, 0, "0"), (1.25, 1, "1.3"), (0.05, 2, "0.05"), (99.996, 2, "100.00"),
            (-0.4, 0, "0"), (-1.5, 0, "-2"), (1_234_567.8, 0, "1234568"), (.infinity, 1, "-"),
        ] as [(Double, Int, String)])
    func decimals(_ value: Double, _ count: Int, _ text: String) {
        #expect(Decimals.text(value, count) == text)
    }

    @Test("Large numbers have a comma after each three digits")
    func grouped() {
        #expect(
            [0, 999, 1_000, 712_345, 1_000_000].map(Decimals.grouped)
                == ["0", "999", "1,000", "712,345", "1,000,000"])
    }

    @Test("The median is the middle one, or between the two in the middle")
    func spread() {
        let odd = Spread([3, 1, 2])
        #expect(odd.median == 2 && odd.least == 1 && odd.most == 3)
        #expect(Spread([4, 1, 2, 3]).median == 2.5)
        #expect(Spread([]).median == 0)
    }

    private static let page = """
        # A page
        <!-- measured: begin -->
        Old.
        <!-- measured: end -->
        The end.

        """

    @Test("Only what is between a page's marks is replaced, as often as one likes")
    func marks() throws {
        let once = try MarkedPage(Self.page).with("New,\nand more.")
        #expect(once == Self.page.replacing("Old.", with: "New,\nand more."))
        #expect(try MarkedPage(once).with("Old.") == Self.page)
    }

    @Test(
        "A page without a place, or with two, is refused",
        arguments: [
            "", "<!-- measured: begin -->\n", "<!-- measured: end -->\n<!-- measured: begin -->\n",
            page + page,
        ])
    func noMarks(_ text: String) {
        #expect(throws: BenchError.self) { try MarkedPage(text) }
    }

    private static let post = UUIDv7(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001)

    private func text(_ call: OneCall, _ style: Style) throws -> String {
        let script = try Script([call], style, key: "run-")
        var out: [UInt8] = []
        script.append(0, id: 123_456, key: 78, to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    @Test("Id and key are put into a line that the schema's encoder has written")
    func line() throws {
        let call = OneCall(
            method: .postsCreate, params: PostsCreateParams(body: "\"id\":1"), isKeyed: true)
        let line = try text(call, .lines)
        #expect(line.hasSuffix("}\n"))
        let value = try JSONValue(line)
        #expect(value["id"]?.int == 123_456)
        #expect(value["method"]?.string == MethodID.postsCreate.name)
        #expect(value["params"]?["body"]?.string == "\"id\":1")
        #expect(value["params"]?["_meta"]?["idempotency_key"]?.string == "run-000000000078")
        let ping = try text(OneCall(method: .serverPing, params: ServerPingParams()), .lines)
        #expect(try JSONValue(ping)["params"] == nil)
    }

    @Test("A request of REST stands where the schema puts it, with what is known in its header")
    func rest() throws {
        let page = OneCall(
            method: .commentsList, params: CommentsListParams(postID: Self.post, limit: 20),
            token: "t", known: "\"tag\"")
        #expect(
            try text(page, .rest) == """
                GET /posts/\(Self.post)/comments?limit=20 HTTP/1.1\r
                Host: localhost\r
                Authorization: Bearer t\r
                If-None-Match: "tag"\r
                \r

                """)
        let write = OneCall(
            method: .postsCreate, params: PostsCreateParams(body: "é"), token: "t", isKeyed: true)
        let text = try text(write, .rest)
        #expect(text.hasPrefix("POST /posts HTTP/1.1\r\n"))
        #expect(text.contains("\r\nIdempotency-Key: run-000000000078\r\n"))
        #expect(text.hasSuffix("\r\nContent-Length: 13\r\n\r\n{\"body\":\"é\"}"))
        #expect(throws: BenchError.self) {
            try self.text(
                OneCall(method: .authAttach, params: AuthAttachParams(accessToken: "t")), .rest)
        }
    }

    @Test("A message in a POST has its id, and the length of what is sent")
    func posted() throws {
        let text = try text(OneCall(method: .serverPing, params: ServerPingParams()), .post)
        let parts = text.split(separator: "\r\n\r\n")
        #expect(parts.count == 2 && parts[0].hasPrefix("POST /rpc HTTP/1.1\r\n"))
        #expect(parts[0].hasSuffix("Content-Length: \(parts[1].utf8.count)"))
        #expect(try JSONValue(String(parts[1]))["id"]?.int == 123_456)
    }
}
