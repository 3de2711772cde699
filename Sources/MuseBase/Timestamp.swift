// The base room: points in time and their text.

/// A point in time, in milliseconds since 1970 in UTC. Its text is RFC 3339 with three decimals and
/// `Z`, 24 characters.
public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public let milliseconds: Int64

    /// That many milliseconds after 1970-01-01T00:00:00Z.
    @inlinable
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// Whole seconds since 1970, as tokens have them.
    package var seconds: Int { Int(milliseconds / 1_000) }

    package init(seconds: Int) {
        milliseconds = Int64(seconds) * 1_000
    }

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

    package static func + (a: Timestamp, milliseconds: Int64) -> Timestamp {
        Timestamp(milliseconds: a.milliseconds + milliseconds)
    }

    /// Reads the 24 characters that `description` gives; nil for anything else.
    public init?(_ text: String) {
        self.init(text: text.utf8.span)
    }

    /// Reads 24 characters; nil for another form.
    package init?(text: Span<UInt8>) {
        guard text.count == 24 else { return nil }
        func number(_ from: Int, _ to: Int) -> Int? {
            var value = 0
            for index in from..<to {
                let byte = text[index]
                guard byte >= 48, byte <= 57 else { return nil }
                value = value * 10 + Int(byte) - 48
            }
            return value
        }
        guard text[4] == 45, text[7] == 45, text[10] == 84, text[13] == 58, text[16] == 58,
            text[19] == 46, text[23] == 90, let year = number(0, 4), let month = number(5, 7),
            let day = number(8, 10), let hour = number(11, 13), let minute = number(14, 16),
            let second = number(17, 19), let milli = number(20, 23), year >= 1970,
            (1...12).contains(month), hour < 24, minute < 60, second < 60
        else { return nil }
        let days = Self.days(year, month, day)
        // A day that the month does not have is another date when it is counted.
        guard days >= 0, Self.date(UInt32(days)) == (UInt32(year), UInt32(month), UInt32(day))
        else { return nil }
        milliseconds =
            Int64(((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000 + Int64(milli)
    }

    public var description: String {
        withText { text in
            var characters = ""
            for index in text.indices {
                characters.unicodeScalars.append(Unicode.Scalar(text[index]))
            }
            return characters
        }
    }

    /// Lends its 24 characters, made on the stack. Years beyond 9999 are shown as 9999.
    package func withText<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        try unsafe withStackBytes(Self.textBytes) { text throws(E) in
            unsafe write(to: UnsafeMutableRawBufferPointer(text))
            return try body(unsafe Span(_unsafeElements: UnsafeBufferPointer(text)))
        }
    }

    /// How long its text is.
    package static let textBytes = 24

    /// Writes its text at the beginning of `text`, which has room for `textBytes`.
    package func write(to text: UnsafeMutableRawBufferPointer) {
        precondition(text.count >= Self.textBytes, "a time's text needs 24 bytes")
        let bounded = UInt64(min(max(milliseconds, 0), 253_402_300_799_999))
        let (years, month, day) = Self.date(UInt32(bounded / 86_400_000))
        let rest = UInt32(bounded % 86_400_000)
        let seconds = rest / 1_000
        let minutes = seconds / 60
        let milli = rest - seconds * 1_000
        // The room was checked above: 24 bytes, written in twos and ones.
        unsafe text.storeBytes(of: Self.pair(years / 100), toByteOffset: 0, as: UInt16.self)
        unsafe text.storeBytes(of: Self.pair(years % 100), toByteOffset: 2, as: UInt16.self)
        unsafe text.storeBytes(of: 0x2D, toByteOffset: 4, as: UInt8.self)
        unsafe text.storeBytes(of: Self.pair(month), toByteOffset: 5, as: UInt16.self)
        unsafe text.storeBytes(of: 0x2D, toByteOffset: 7, as: UInt8.self)
        unsafe text.storeBytes(of: Self.pair(day), toByteOffset: 8, as: UInt16.self)
        unsafe text.storeBytes(of: UInt8(ascii: "T"), toByteOffset: 10, as: UInt8.self)
        unsafe text.storeBytes(of: Self.pair(minutes / 60), toByteOffset: 11, as: UInt16.self)
        unsafe text.storeBytes(of: 0x3A, toByteOffset: 13, as: UInt8.self)
        unsafe text.storeBytes(of: Self.pair(minutes % 60), toByteOffset: 14, as: UInt16.self)
        unsafe text.storeBytes(of: 0x3A, toByteOffset: 16, as: UInt8.self)
        unsafe text.storeBytes(of: Self.pair(seconds % 60), toByteOffset: 17, as: UInt16.self)
        unsafe text.storeBytes(of: 0x2E, toByteOffset: 19, as: UInt8.self)
        unsafe text.storeBytes(of: UInt8(48 + milli / 100), toByteOffset: 20, as: UInt8.self)
        unsafe text.storeBytes(of: Self.pair(milli % 100), toByteOffset: 21, as: UInt16.self)
        unsafe text.storeBytes(of: UInt8(ascii: "Z"), toByteOffset: 23, as: UInt8.self)
    }

    /// Two digits as they stand in memory.
    private static func pair(_ value: UInt32) -> UInt16 {
        UInt16(truncatingIfNeeded: (48 &+ value / 10) | (48 &+ value % 10) << 8).littleEndian
    }

    /// Days since 1970 of a date of the proleptic Gregorian calendar, counted from March so that
    /// the leap day comes last.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let y = month <= 2 ? year - 1 : year
        let era = y / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            - 719_468
    }

    /// The date of a day since 1970: year, month, day. Small unsigned numbers, as dividing those by
    /// a constant takes the fewest instructions, and a page has forty dates.
    private static func date(_ days: UInt32) -> (year: UInt32, month: UInt32, day: UInt32) {
        let z = days + 719_468
        let era = z / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}
