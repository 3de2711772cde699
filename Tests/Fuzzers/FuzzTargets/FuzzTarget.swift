// Fuzzing: what is fuzzed, and what must hold whatever comes. Run by FuzzerTests with a seed, and
// by the program `fuzz` under libFuzzer.

/// A decoder of the project, with the properties that hold for every input.
package struct FuzzTarget: Sendable {
    /// Its name, and that of its folder of examples.
    package let name: String
    /// Pieces of its language, for mutations.
    package let tokens: [String]
    /// What is broken for these bytes; nil if everything holds.
    package let failure: @Sendable ([UInt8]) -> String?

    /// All of them.
    package static let all: [FuzzTarget] = [
        json, envelope, framing, base64url, params, jwt, cursor, config, target, fields, rest,
        proxy,
    ]

    /// Checks one input of libFuzzer's; traps where a property is broken.
    package func run(_ start: UnsafePointer<UInt8>?, _ count: Int) {
        let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
        if let failure = failure(bytes) { preconditionFailure("\(name): \(failure)") }
    }
}

extension Collection<UInt8> {
    /// The bytes as text; what is no UTF-8 is mended.
    var shown: String { String(decoding: self, as: UTF8.self) }
}
