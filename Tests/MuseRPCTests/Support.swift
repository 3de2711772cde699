// Tests of the RPC room: what they share.
internal import MuseJSON
internal import MuseRPC

/// The whole text as one line.
func parse(_ text: String, depthMax: Int = 32) -> Line {
    let bytes = Array(text.utf8)
    return Line.parse(bytes.span, 0..<bytes.count, depthMax: depthMax)
}

/// What an envelope says, as texts.
struct Reading: Equatable, CustomStringConvertible {
    var kind: Envelope.Kind
    var id: String?
    var method: String
    var params: String?
    var byName: Bool
    /// The id that an answer would carry; nil where none may be sent.
    var answerID: String?

    init(_ envelope: Envelope, _ bytes: [UInt8]) {
        func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        kind = envelope.kind
        id = envelope.id.map(text)
        method = envelope.method.string(bytes.span)
        params = envelope.params.map(text)
        byName = envelope.paramsByName
        answerID = envelope.ownedID(bytes.span).text
    }

    var description: String {
        "\(kind) id \(id ?? "-") method \(method) params \(params ?? "-") answered \(answerID ?? "-")"
    }
}

/// A line's single envelope; nil where it is anything else.
func single(_ text: String) -> Reading? {
    guard case .single(let envelope) = parse(text) else { return nil }
    return Reading(envelope, Array(text.utf8))
}

/// A batch's members; nil where the line is anything else.
func members(_ text: String) -> [Reading]? {
    guard case .batch(let count, var members) = parse(text) else { return nil }
    let bytes = Array(text.utf8)
    var readings: [Reading] = []
    while let envelope = members.next(bytes.span) { readings.append(Reading(envelope, bytes)) }
    return readings.count == count ? readings : nil
}

/// Why a line cannot be parsed; nil where it can.
func parseError(_ text: String, depthMax: Int = 32) -> JSONError? {
    if case .unparsable(let error) = parse(text, depthMax: depthMax) { error } else { nil }
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
