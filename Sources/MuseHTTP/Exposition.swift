// The HTTP room: the text in which Prometheus and OpenMetrics read figures. Pure.
internal import MuseJSON

/// Writes families of figures. Names and labels are ours alone: nothing of a request is among them.
package struct Exposition {
    /// What is written for whom.
    package enum Format {
        case prometheus, openMetrics

        package var mediaType: String {
            switch self {
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }

        /// What an `Accept` asks for; nil where it takes neither.
        package static func chosen(_ accept: String?) -> Format? {
            guard let accept else { return .prometheus }
            let open = Accept.quality(accept, "application", "openmetrics-text")
            let plain = Accept.quality(accept, "text", "plain")
            if accept.contains("openmetrics-text"), open > 0, open >= plain { return .openMetrics }
            return plain > 0 ? .prometheus : open > 0 ? .openMetrics : nil
        }
    }

    package private(set) var text = ""
    private let format: Format

    package init(_ format: Format) {
        self.format = format
    }

    /// A number that only grows; `name` without its `_total`.
    package mutating func counter(_ name: String, _ help: String, _ samples: [(String, String)]) {
        head(format == .openMetrics ? name : name + "_total", "counter", help)
        for (labels, value) in samples { line(name + "_total", labels, value) }
    }

    package mutating func gauge(_ name: String, _ help: String, _ samples: [(String, String)]) {
        head(name, "gauge", help)
        for (labels, value) in samples { line(name, labels, value) }
    }

    /// A family of histograms: labels, how many were within each bound, all, and their sum.
    package mutating func histogram(
        _ name: String, _ help: String, bounds: [String],
        _ samples: [(labels: String, within: [Int], count: Int, sum: String)]
    ) {
        head(name, "histogram", help)
        for sample in samples {
            for (bound, count) in zip(bounds, sample.within) {
                line(name + "_bucket", sample.labels + ",le=\"\(bound)\"", String(count))
            }
            line(name + "_bucket", sample.labels + ",le=\"+Inf\"", String(sample.count))
            line(name + "_sum", sample.labels, sample.sum)
            line(name + "_count", sample.labels, String(sample.count))
        }
    }

    /// The end of the text.
    package mutating func end() {
        if format == .openMetrics { text += "# EOF\n" }
    }

    private mutating func head(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    private mutating func line(_ name: String, _ labels: String, _ value: String) {
        text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }

    /// Nanoseconds as seconds, without an exponent.
    package static func seconds(_ nanoseconds: UInt64) -> String {
        let whole = nanoseconds / 1_000_000_000
        let rest = String(nanoseconds % 1_000_000_000)
        let digits = String(repeating: "0", count: 9 - rest.utf8.count) + rest
        var text = "\(whole).\(digits)"
        while text.hasSuffix("0"), !text.hasSuffix(".0") { text.removeLast() }
        return text
    }
}
