// Tests of the JSON room: what they share.
internal import MuseJSON
internal import Testing

/// The error of reading `bytes` as one whole text, both ways that the room has; they must agree.
func verdict(_ bytes: [UInt8], depthMax: Int = 32) -> (skip: JSONError?, tree: JSONError?) {
    (skipped(bytes, depthMax: depthMax), treed(bytes, depthMax: depthMax).error)
}

/// Reads past one whole text.
func skipped(_ bytes: [UInt8], depthMax: Int = 32) -> JSONError? {
    var reader = JSONReader(position: 0, end: bytes.count, depthMax: depthMax)
    do throws(JSONError) {
        try reader.skipValue(bytes.span)
        try reader.expectEnd(bytes.span)
        return nil
    } catch {
        return error
    }
}

/// Reads one whole text as a tree.
func treed(_ bytes: [UInt8], depthMax: Int = 32) -> (value: JSONValue?, error: JSONError?) {
    do throws(JSONError) {
        return (try JSONValue(bytes.span, depthMax: depthMax), nil)
    } catch {
        return (nil, error)
    }
}

/// A text and what is wrong with it.
struct Fault: Sendable, CustomTestStringConvertible {
    let bytes: [UInt8]
    let offset: Int
    let reason: JSONError.Reason

    init(_ text: String, _ offset: Int, _ reason: JSONError.Reason) {
        self.init(bytes: Array(text.utf8), offset, reason)
    }

    init(bytes: [UInt8], _ offset: Int, _ reason: JSONError.Reason) {
        self.bytes = bytes
        self.offset = offset
        self.reason = reason
    }

    var error: JSONError { JSONError(offset: offset, reason: reason) }

    var testDescription: String {
        String(reflecting: String(decoding: bytes.prefix(40), as: UTF8.self))
    }
}

/// The same numbers for the same seed (SplitMix64).
struct Dice: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
