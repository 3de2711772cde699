// Tests of the generator: the page is one text of its sources, and its policy names exactly those.
internal import MuseJSON
internal import MuseProtocolGen
internal import Testing

struct PageTests {
    private static let markup = "<style></style><p>é</p><script></script>\n"

    private func page(_ source: PageSource) throws -> String {
        let files = try Plan.files(try Top.schema(), page: source)
        return try #require(files.first { $0.path.hasSuffix("MuseHTTP/Generated/Page.swift") }).text
    }

    @Test func `style and scripts stand in the page, and the policy has their hashes`() throws {
        let text = try page(
            PageSource(markup: Self.markup, style: "a{}\n", scripts: ["1;\n", "2;\n"]))
        #expect(
            text.contains("<style>\na{}\n</style><p>é</p><script>\n1;\n2;\n</script>\n\"\"\"###"))
        // By Python's hashlib.
        #expect(text.contains("style-src 'sha256-qCar8pRQiWlgDxN7Kk6boSJXmhcN4LB/65l3d2ZDO+g='"))
        #expect(text.contains("script-src 'sha256-LSkHHUr0D8pd035ZcBaMBjVATLKtYqPcsslL0bZKmGo='"))
    }

    @Test(arguments: [
        ("<p></p>", "", ""), (Self.markup + Self.markup, "", ""),
        (Self.markup, "</STYLE>", ""), (Self.markup, "", "'</script>'"),
        (Self.markup, "", "\"\"\"###"), (Self.markup, "", "\\###("), (Self.markup, "", "\r\n"),
    ])
    func `sources that do not fit together are refused`(
        markup: String, style: String, script: String
    ) {
        #expect(throws: SchemaError.self) {
            try page(PageSource(markup: markup, style: style, scripts: [script]))
        }
    }
}
