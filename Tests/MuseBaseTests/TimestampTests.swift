// Tests of the base room: points in time and their text.
internal import MuseBase
internal import Testing

struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (1, "1970-01-01T00:00:00.001Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (951_868_799_999, "2000-02-29T23:59:59.999Z"),
        (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
        (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
        (1_764_000_123_456, "2025-11-24T16:02:03.456Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ])
    func `a time has its text and comes back from it`(milliseconds: Int64, text: String) {
        let time = Timestamp(milliseconds: milliseconds)
        #expect(time.description == text)
        #expect(Timestamp(text) == time)
    }

    @Test func `every day of 140 years follows the one before, leap days and no others`() {
        var days: Int64 = 0
        for year in 1970...2110 {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            for (month, length) in lengths.enumerated() {
                for day in 1...length {
                    let text = "\(year)-\(two(month + 1))-\(two(day))T12:34:56.789Z"
                    let time = Timestamp(milliseconds: days * 86_400_000 + 45_296_789)
                    if time.description != text || Timestamp(text) != time {
                        Issue.record("\(text) is \(time)")
                    }
                    days += 1
                }
                let after = "\(year)-\(two(month + 1))-\(two(length + 1))T00:00:00.000Z"
                #expect(Timestamp(after) == nil, "there is no \(after)")
            }
        }
    }

    private func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

    @Test func `random times up to the year 9999 come back, and their texts keep their order`() {
        let random = RandomSource.seeded(1)
        var last: Timestamp?
        for _ in 0..<5_000 {
            let time = Timestamp(milliseconds: Int64(random.uint64() % 253_402_300_800_000))
            #expect(Timestamp(time.description) == time)
            if let last { #expect((last < time) == (last.description < time.description)) }
            last = time
        }
    }

    @Test(arguments: [
        "", "2025-11-24", "2025-11-24T16:02:03Z", "2025-11-24T16:02:03.45Z",
        "2025-11-24T16:02:03.4567Z", "2025-11-24T16:02:03.456z", "2025-11-24t16:02:03.456Z",
        "2025-11-24 16:02:03.456Z", "2025-11-24T16:02:03,456Z", "2025-11-24T16:02:03.456+",
        "2025-13-24T16:02:03.456Z", "2025-00-24T16:02:03.456Z", "2025-11-00T16:02:03.456Z",
        "2025-11-32T16:02:03.456Z", "2025-11-24T24:00:00.000Z", "2025-11-24T16:60:03.456Z",
        "2025-11-24T16:02:60.456Z", "2O25-11-24T16:02:03.456Z", "+025-11-24T16:02:03.456Z",
        "2025-11-24T16:02:03.-56Z", " 2025-11-24T16:02:03.45Z",
    ])
    func `another form is no time`(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test(arguments: [
        "2025-02-29T00:00:00.000Z", "2100-02-29T00:00:00.000Z", "2024-02-30T00:00:00.000Z",
        "2025-04-31T00:00:00.000Z", "2025-06-31T00:00:00.000Z", "1969-12-31T23:59:59.999Z",
        "0000-01-01T00:00:00.000Z",
    ])
    func `a day that does not exist, or before 1970, is no time`(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func `what is read is what would be written, at every altered character`() {
        let text = Array("2024-02-29T23:59:59.999Z".utf8)
        for at in text.indices {
            for other in UInt8.min...UInt8.max {
                var altered = text
                altered[at] = other
                guard let time = Timestamp(text: altered.span) else { continue }
                #expect(Array(time.description.utf8) == altered)
            }
        }
    }

    @Test func `times beyond what four digits can say are shown as the nearest that they can`() {
        #expect(Timestamp(milliseconds: -1).description == "1970-01-01T00:00:00.000Z")
        #expect(Timestamp(milliseconds: .min).description == "1970-01-01T00:00:00.000Z")
        #expect(Timestamp(milliseconds: .max).description == "9999-12-31T23:59:59.999Z")
    }

    @Test func `seconds are whole ones, and sums are of milliseconds`() {
        #expect(Timestamp(milliseconds: 1_999).seconds == 1)
        #expect(Timestamp(seconds: 2).milliseconds == 2_000)
        #expect(Timestamp(milliseconds: 5) + 7 == Timestamp(milliseconds: 12))
    }
}
