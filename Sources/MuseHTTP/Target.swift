// The HTTP room: a request's target (RFC 9112 section 3.2). It is split first, then each piece is
// decoded, so that `%2F` never separates anything. Pure; called for each request.

/// Where a request goes.
package struct Target: Equatable {
    /// Why a target is none.
    package enum Fault: String, Error {
        /// Neither a path nor an absolute address.
        case form = "target_form"
        /// `%` without two hexadecimal digits.
        case percent = "target_percent"
        /// What is decoded is no UTF-8, or has a NUL.
        case text = "target_text"
    }

    /// A name and a value of the query.
    package struct Item: Equatable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// `OPTIONS *`.
    package let isServer: Bool
    /// The path's segments, decoded; none of `/`.
    package let segments: [String]
    package let query: [Item]

    /// Reads a target as it was sent.
    /// - Throws: Fault for what is no target.
    package init(_ bytes: Span<UInt8>) throws(Fault) {
        if bytes.count == 1, bytes[0] == UInt8(ascii: "*") {
            isServer = true
            segments = []
            query = []
            return
        }
        isServer = false
        for index in bytes.indices
        where bytes[index] <= 0x20 || bytes[index] >= 0x7F || bytes[index] == UInt8(ascii: "#") {
            throw .form
        }
        let start = try Self.pathStart(bytes)
        let mark = Self.first(UInt8(ascii: "?"), bytes, start..<bytes.count) ?? bytes.count
        segments = try Self.split(bytes, start..<mark)
        query = mark < bytes.count ? try Self.items(bytes, (mark + 1)..<bytes.count) : []
    }

    /// Where the path begins: after the authority of an absolute address.
    private static func pathStart(_ bytes: Span<UInt8>) throws(Fault) -> Int {
        if bytes.count > 0, bytes[0] == UInt8(ascii: "/") { return 0 }
        for scheme: StaticString in ["http://", "https://"] {
            let length = scheme.utf8CodeUnitCount
            guard bytes.count > length, hasPrefix(bytes, scheme) else { continue }
            guard bytes[length] != UInt8(ascii: "/"), bytes[length] != UInt8(ascii: "?") else {
                throw .form
            }
            var index = length
            while index < bytes.count, bytes[index] != UInt8(ascii: "/"),
                bytes[index] != UInt8(ascii: "?")
            {
                index += 1
            }
            return index
        }
        throw .form
    }

    private static func hasPrefix(_ bytes: Span<UInt8>, _ word: StaticString) -> Bool {
        for index in 0..<word.utf8CodeUnitCount {
            // The index is below the literal's length.
            let letter = unsafe word.utf8Start[index]
            let byte = bytes[index]
            guard (byte >= 65 && byte <= 90 ? byte | 0x20 : byte) == letter else { return false }
        }
        return true
    }

    private static func first(_ byte: UInt8, _ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        for index in range where bytes[index] == byte { return index }
        return nil
    }

    private static func split(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) throws(Fault) -> [String] {
        // The path of an absolute address may be empty.
        guard range.count > 1 else { return [] }
        var segments: [String] = []
        var start = range.lowerBound + 1
        while true {
            let end = first(UInt8(ascii: "/"), bytes, start..<range.upperBound)
            segments.append(
                try decoded(bytes, start..<(end ?? range.upperBound), plusIsSpace: false))
            guard let end else { return segments }
            start = end + 1
        }
    }

    private static func items(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) throws(Fault) -> [Item] {
        var items: [Item] = []
        var start = range.lowerBound
        while start < range.upperBound {
            let end = first(UInt8(ascii: "&"), bytes, start..<range.upperBound) ?? range.upperBound
            if end > start {
                let equals = first(UInt8(ascii: "="), bytes, start..<end)
                let name = try decoded(bytes, start..<(equals ?? end), plusIsSpace: true)
                let value = try decoded(
                    bytes, equals.map { ($0 + 1)..<end } ?? end..<end, plusIsSpace: true)
                items.append(Item(name, value))
            }
            start = end + 1
        }
        return items
    }

    private static func decoded(
        _ bytes: Span<UInt8>, _ range: Range<Int>, plusIsSpace: Bool
    ) throws(Fault) -> String {
        let isPlain =
            first(UInt8(ascii: "%"), bytes, range) == nil
            && !(plusIsSpace && first(UInt8(ascii: "+"), bytes, range) != nil)
        // As most are: visible ASCII.
        if isPlain {
            return unsafe bytes.extracting(range).withUnsafeBufferPointer {
                unsafe String(decoding: $0, as: UTF8.self)
            }
        }
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "%"):
                guard index + 2 < range.upperBound, let high = digit(bytes[index + 1]),
                    let low = digit(bytes[index + 2])
                else { throw .percent }
                text.append(high << 4 | low)
                index += 3
            case UInt8(ascii: "+") where plusIsSpace:
                text.append(0x20)
                index += 1
            default:
                text.append(byte)
                index += 1
            }
        }
        guard !text.contains(0), let result = String(validating: text, as: UTF8.self) else {
            throw .text
        }
        return result
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 48
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - 55
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - 87
        default: nil
        }
    }
}
