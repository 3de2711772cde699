// The measuring room: drawings as SVG (SVG 1.1), for light and dark pages. Pure.

/// A drawing under way. Lengths are in the drawing's own units, from its upper left corner.
struct Drawing {
    let width: Double
    private var parts: [String] = []

    /// Classes of what is drawn, with their colours on light and on dark ground. `a` to `e` are
    /// kinds of data.
    private static let colors = [
        ("a", "#1f6feb", "#6cb0ff"), ("b", "#c2570c", "#ff9f4d"), ("c", "#8a6d00", "#e3c341"),
        ("d", "#59636e", "#a5b0bb"), ("e", "#8250df", "#c9a5ff"),
    ]

    init(width: Double) {
        self.width = width
    }

    enum Anchor: String {
        case start, middle, end
    }

    mutating func text(
        _ text: String, _ x: Double, _ y: Double, _ anchor: Anchor = .start, kind: String = "ink"
    ) {
        parts.append(
            "<text class=\"\(kind)\" x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" "
                + "text-anchor=\"\(anchor.rawValue)\">\(Self.escaped(text))</text>")
    }

    mutating func bar(_ x: Double, _ y: Double, _ width: Double, _ height: Double, kind: String) {
        parts.append(
            "<rect class=\"\(kind)\" x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" "
                + "width=\"\(Self.number(width))\" height=\"\(Self.number(height))\"/>")
    }

    mutating func line(_ points: [(Double, Double)], kind: String) {
        let places = points.map { "\(Self.number($0.0)),\(Self.number($0.1))" }
        parts.append(
            "<polyline class=\"\(kind)\" points=\"\(places.joined(separator: " "))\"/>")
    }

    mutating func dot(_ x: Double, _ y: Double, kind: String) {
        parts.append(
            "<circle class=\"\(kind)\" cx=\"\(Self.number(x))\" cy=\"\(Self.number(y))\" r=\"3\"/>")
    }

    /// The whole drawing, so high.
    /// - Parameter label: what it shows, for those who cannot see it.
    func svg(height: Double, label: String) -> String {
        let (wide, high) = (Self.number(width), Self.number(height))
        let rules = { (pick: ((String, String, String)) -> String) in
            Self.colors.map {
                "rect.\($0.0),circle.\($0.0){fill:\(pick($0))}polyline.\($0.0){stroke:\(pick($0))}"
            }.joined()
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(wide)" height="\(high)" \
            viewBox="0 0 \(wide) \(high)" role="img" aria-label="\(Self.escaped(label))">
            <style>
            text{font:12px sans-serif}text.title{font-weight:bold}polyline{fill:none;stroke-width:2}
            polyline.axis{stroke-width:1}polyline.grid{stroke-width:.5}
            .ground{fill:#fff}.ink,.title{fill:#17202a}.faint{fill:#59636e}
            .axis{stroke:#59636e}.grid{stroke:#c9d1d9}\(rules { $0.1 })
            @media (prefers-color-scheme:dark){
            .ground{fill:#14181d}.ink,.title{fill:#e6eaee}.faint{fill:#a5b0bb}
            .axis{stroke:#a5b0bb}.grid{stroke:#3a434d}\(rules { $0.2 })
            }
            </style>
            <rect class="ground" width="\(wide)" height="\(high)"/>
            \(parts.joined(separator: "\n"))
            </svg>

            """
    }

    private static func number(_ value: Double) -> String { Decimals.text(value, 1) }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "&": result += "&amp;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
    }
}
