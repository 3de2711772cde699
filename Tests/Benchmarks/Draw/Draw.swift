// Draws a chart of growth, as the program draws its own: the executable that growth.py calls.
//
//     bench-draw <FIGURES >DRAWING
//
// FIGURES: {"title": TEXT, "size": TEXT, "curves": {NAME: [[SIZE, REQUESTS A SECOND], ...], ...}}.
// The drawing is an SVG.
internal import Glibc
internal import MuseBench
internal import MuseJSON

@main
enum Draw {
    private struct NotFigures: Error {}

    static func main() throws {
        var text = ""
        while let line = readLine(strippingNewline: false) { text += line }
        print(try chart(JSONValue(text)).svg, terminator: "")
    }

    private static func chart(_ figures: JSONValue) throws -> GrowthChart {
        guard let title = figures["title"]?.string, let size = figures["size"]?.string,
            let curves = figures["curves"]?.members
        else { throw NotFigures() }
        return GrowthChart(
            title: title, size: size, curves: try curves.map { ($0.name, try points($0.value)) })
    }

    private static func points(_ value: JSONValue) throws -> [(Double, Double)] {
        guard let points = value.array else { throw NotFigures() }
        return try points.map { point in
            guard let pair = point.array, pair.count == 2, let size = pair[0].double,
                let rate = pair[1].double
            else { throw NotFigures() }
            return (size, rate)
        }
    }
}
