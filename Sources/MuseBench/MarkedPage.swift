// The measuring room: a page with a place for what was measured. Pure.

/// A page's lines around its marks.
package struct MarkedPage {
    private let before: ArraySlice<Substring>
    private let after: ArraySlice<Substring>

    private static let first = "<!-- measured: begin -->"
    private static let last = "<!-- measured: end -->"

    /// - Throws: where the page has not exactly one place.
    package init(_ page: String) throws(BenchError) {
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
        let starts = lines.indices.filter { lines[$0] == Self.first }
        let ends = lines.indices.filter { lines[$0] == Self.last }
        guard let start = starts.first, let end = ends.first, starts.count == 1, ends.count == 1,
            start < end
        else { throw BenchError("the page has no place between \(Self.first) and \(Self.last)") }
        before = lines[...start]
        after = lines[end...]
    }

    /// The page with `text` in its place.
    package func with(_ text: String) -> String {
        (before + [text[...]] + after).joined(separator: "\n")
    }
}
