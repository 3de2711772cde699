// Tests of the measuring room: a chart of growth.
internal import MuseBench
internal import Testing

struct GrowthChartTests {
    @Test func `equal rates have one height, and sizes ten times apart equal distances`() throws {
        let chart = GrowthChart(
            title: "A page", size: "comments",
            curves: [("of any", [(10, 7), (100, 7), (1_000, 7)])])
        let curve = try #require(chart.svg.firstMatch(of: /<polyline class="a" points="([^"]*)"/))
        let places = curve.1.split(separator: " ").map {
            $0.split(separator: ",").compactMap { Double($0) }
        }
        try #require(places.count == 3 && places.allSatisfy { $0.count == 2 })
        #expect(Set(places.map { $0[1] }).count == 1)
        // Places are told to a tenth.
        #expect(abs((places[1][0] - places[0][0]) - (places[2][0] - places[1][0])) < 0.15)
        #expect(chart.svg.contains(">of any</text>") && chart.svg.contains(">comments</text>"))
    }
}
