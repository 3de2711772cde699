// The generator: the page that the HTTP side serves at `/`, put together from its sources, and the
// policy that lets a browser run these scripts and no others.
internal import CSodium

/// The sources of the page.
package struct PageSource {
    package static let folder = "Sources/MuseHTTP/Page/"
    package static let markupName = "index.html"
    package static let styleName = "style.css"
    /// In the order in which they run.
    package static let scriptNames = ["calls.js", "reference.js", "form.js", "page.js"]

    let markup: String
    let style: String
    let scripts: [String]

    package init(markup: String, style: String, scripts: [String]) {
        self.markup = markup
        self.style = style
        self.scripts = scripts
    }
}

enum EmitPage {
    /// The page and its policy as Swift.
    /// - Throws: SchemaError where the markup has no single place for style and script, or a source
    ///   would end its element or the literal.
    static func embedded(_ page: PageSource) throws(SchemaError) -> String {
        let style = "\n" + page.style
        let script = "\n" + page.scripts.joined()
        var text = try filled(page.markup, "style", with: style)
        text = try filled(text, "script", with: script)
        guard !text.contains("\"\"\"###"), !text.contains("\\###"), !text.utf8.contains(0x0D) else {
            throw SchemaError(
                pointer: PageSource.folder, why: "has what a literal of Swift cannot hold")
        }
        return Banner.swift + """

            /// The page at `/`.
            enum PageDocument {
                /// What a browser may load for it: its own style and scripts, by their hashes, and
                /// answers of this server.
                static let policy = \"""
                    default-src 'none'; connect-src 'self'; img-src data:; \\
                    style-src '\(hash(style))'; \\
                    script-src '\(hash(script))'; \\
                    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \\
                    require-trusted-types-for 'script'
                    \"""
                static let text: StaticString = ###\"""
            \(text)\"""###
            }

            """
    }

    /// Puts text into an element of the markup that is empty there.
    private static func filled(
        _ markup: String, _ name: String, with text: String
    ) throws(SchemaError) -> String {
        let parts = markup.split(
            separator: "<\(name)></\(name)>", omittingEmptySubsequences: false)
        guard parts.count == 2, !text.lowercased().contains("</\(name)") else {
            throw SchemaError(
                pointer: PageSource.folder,
                why: "one empty <\(name)> is needed, which no text ends")
        }
        return parts[0] + "<\(name)>" + text + "</\(name)>" + parts[1]
    }

    /// A source as a policy names it (Content Security Policy Level 3, section 2.3.1).
    private static func hash(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        _ = unsafe crypto_hash_sha256(&digest, bytes, UInt64(bytes.count))
        return "sha256-" + base64(digest)
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(0) { $0 << 8 | Int($1) }
            bits <<= 8 * (3 - group.count)
            for place in 0...group.count { text.append(letters[bits >> (18 - 6 * place) & 63]) }
            text += String(repeating: "=", count: 3 - group.count)
        }
        return text
    }
}
