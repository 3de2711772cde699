// The JSON room: validating one whole value in a single pass, whatever its nesting, without
// recursion.

extension JSONReader {
    /// One bit a level: set for an object. 512 levels, no heap.
    private struct Levels {
        private var bits: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) =
            (0, 0, 0, 0, 0, 0, 0, 0)

        private static func word(
            _ levels: inout Levels, _ level: Int, _ change: (inout UInt64) -> Void
        ) {
            switch level >> 6 {
            case 0: change(&levels.bits.0)
            case 1: change(&levels.bits.1)
            case 2: change(&levels.bits.2)
            case 3: change(&levels.bits.3)
            case 4: change(&levels.bits.4)
            case 5: change(&levels.bits.5)
            case 6: change(&levels.bits.6)
            default: change(&levels.bits.7)
            }
        }

        mutating func set(_ level: Int, isObject: Bool) {
            let mask = UInt64(1) << UInt64(level & 63)
            Self.word(&self, level) { isObject ? ($0 |= mask) : ($0 &= ~mask) }
        }

        mutating func isObject(_ level: Int) -> Bool {
            let mask = UInt64(1) << UInt64(level & 63)
            var result = false
            Self.word(&self, level) { result = $0 & mask != 0 }
            return result
        }
    }

    /// Goes past one value of any kind, validating every byte of it.
    package mutating func skipValue(_ bytes: Span<UInt8>) throws(JSONError) {
        if try skipScalar(bytes) { return }
        var levels = Levels()
        let outer = depth
        var isFirst = try open(bytes, &levels, outer)
        while depth > outer {
            if levels.isObject(depth - 1 - outer) {
                guard try nextMember(bytes, isFirst: &isFirst) != nil else {
                    isFirst = false
                    continue
                }
            } else {
                guard try nextElement(bytes, isFirst: &isFirst) else {
                    isFirst = false
                    continue
                }
            }
            if try !skipScalar(bytes) { isFirst = try open(bytes, &levels, outer) }
        }
    }

    /// Goes into the array or object that stands here; true, as its first member comes next.
    private mutating func open(
        _ bytes: Span<UInt8>, _ levels: inout Levels, _ outer: Int
    ) throws(JSONError) -> Bool {
        let isObject = bytes[position] == UInt8(ascii: "{")
        isObject ? try beginObject(bytes) : try beginArray(bytes)
        levels.set(depth - 1 - outer, isObject: isObject)
        return true
    }

    /// Goes past a value that holds no others; false, and at its first byte, for an array or
    /// object.
    private mutating func skipScalar(_ bytes: Span<UInt8>) throws(JSONError) -> Bool {
        switch try kind(bytes) {
        case .string: _ = try string(bytes)
        case .number: _ = try number(bytes)
        case .boolean: _ = try boolean(bytes)
        case .null: try null(bytes)
        case .object, .array: return false
        }
        return true
    }
}
