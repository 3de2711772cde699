// Tests of the JSON room: the values of numbers, exactly.
internal import Foundation
internal import MuseJSON
internal import Testing

struct JSONNumberTests {
    private func number(_ text: String) throws -> (int: Int64?, isInteger: Bool, isNegative: Bool) {
        let bytes = Array(text.utf8)
        var reader = JSONReader(position: 0, end: bytes.count)
        let number = try reader.number(bytes.span)
        try reader.expectEnd(bytes.span)
        #expect(number.text(bytes.span) == text)
        return (
            number.int64(bytes.span), number.isInteger(bytes.span), number.isNegative(bytes.span)
        )
    }

    static let inRange: [(String, Int64)] = [
        ("0", 0), ("-0", 0), ("0.0", 0), ("-0.0e-0", 0), ("20", 20), ("20.0", 20), ("2e1", 20),
        ("2E+1", 20), ("200e-1", 20), ("0.2e2", 20), ("0.00001e5", 1), ("-2e1", -20),
        ("-20.00", -20),
        ("1.0000000000000000000000000000", 1), ("10000000000000000000000e-20", 100), ("0e400", 0),
        ("0.000e-400", 0), ("0e99999999999999999999999", 0), ("1.5e1", 15), ("123.456e3", 123_456),
        ("1e18", 1_000_000_000_000_000_000), ("10e17", 1_000_000_000_000_000_000),
        ("9007199254740993", 9_007_199_254_740_993), ("9007199254740993.0", 9_007_199_254_740_993),
        ("9223372036854775807", .max), ("9223372036854775807.0", .max),
        ("922337203685477580.7e1", .max), ("9.223372036854775807e18", .max),
        ("-9223372036854775807", -.max), ("-9223372036854775808", .min),
    ]

    @Test(arguments: inRange)
    func `an integer has its value however it is written`(text: String, value: Int64) throws {
        let number = try number(text)
        #expect(number.int == value)
        #expect(number.isInteger)
        #expect(number.isNegative == text.hasPrefix("-"))
    }

    @Test(arguments: [
        "-9223372036854775808.0", "-9.223372036854775808e18", "-922337203685477580.8e1",
    ])
    func `the least integer has its value with a fraction or an exponent too`(text: String) throws {
        #expect(try number(text).int == .min)
    }

    @Test(arguments: [
        "9223372036854775808", "-9223372036854775809", "9223372036854775808.0", "1e19", "-1e19",
        "9.223372036854775808e18", "1e400", "-1e400", "1e99999999999999999999999",
        "18446744073709551616", "100000000000000000000000000000000000000", "92233720368547758080e0",
    ])
    func `an integer out of range is an integer without a value`(text: String) throws {
        let number = try number(text)
        #expect(number.int == nil)
        #expect(number.isInteger)
    }

    @Test(arguments: [
        "0.5", "20.5", "-0.1", "1e-1", "1e-400", "1e-99999999999999999999999", "15e-1",
        "1.0000000000000000000000000001", "123456789012345678901234567890e-20",
        "9223372036854775807.5",
    ])
    func `what is no integer has no integer value`(text: String) throws {
        let number = try number(text)
        #expect(number.int == nil)
        #expect(!number.isInteger)
    }

    @Test func `random numbers have the value that decimal arithmetic gives`() throws {
        var dice = Dice(7)
        for _ in 0..<20_000 {
            let whole = String(Int64.random(in: 0...999_999_999_999, using: &dice))
            var text = Bool.random(using: &dice) ? "-" + whole : whole
            if Bool.random(using: &dice) {
                text += "." + String(Int64.random(in: 0...99_999, using: &dice))
            }
            if Bool.random(using: &dice) { text += "e\(Int.random(in: -12...12, using: &dice))" }
            let number = try number(text)
            let value = try #require(
                Decimal(string: text, locale: Locale(identifier: "en_US_POSIX")))
            var source = value
            var rounded = Decimal()
            unsafe NSDecimalRound(&rounded, &source, 0, .plain)
            #expect(number.isInteger == (rounded == value), "\(text)")
            let fits =
                rounded == value && value >= Decimal(Int64.min) && value <= Decimal(Int64.max)
            #expect(number.int.map { Decimal($0) } == (fits ? value : nil), "\(text)")
        }
    }
}
