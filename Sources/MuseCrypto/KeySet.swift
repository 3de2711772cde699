// The cryptography room: the keys that hold at one moment. Made by the key ring, read by every
// worker.
package import MuseJSON

/// Which keys verify tokens, and which one signs them. A value: it never changes, a new one
/// replaces it.
package struct KeySet: Sendable {
    /// The key that signs; nil where tokens are only verified.
    package let signing: SigningKey?
    /// Every key that verifies, the signing one among them, in the order they were given.
    package let verifying: [VerifyingKey]

    /// A set of `signing` and of other keys that verify. A key that comes twice is kept once.
    package init(signing: SigningKey?, verifying: [VerifyingKey] = []) {
        self.signing = signing
        var keys: [VerifyingKey] = []
        if let signing { keys.append(signing.verifying) }
        for key in verifying where !keys.contains(key) { keys.append(key) }
        self.verifying = keys
    }

    /// The key of that id; nil if it is none of these. There are a handful: they are looked through
    /// in turn.
    package func key(id: Span<UInt8>) -> VerifyingKey? {
        for key in verifying where equal(id, key.keyID) { return key }
        return nil
    }

    /// The key of that id; nil if it is none of these.
    package func key(id: String) -> VerifyingKey? {
        key(id: id.utf8.span)
    }

    /// Appends the set as a JWK set (RFC 7517 section 5): public parts only.
    package func write(into json: inout JSONWriter) {
        json.raw("{\"keys\":[")
        for (index, key) in verifying.enumerated() {
            if index > 0 { json.byte(UInt8(ascii: ",")) }
            key.write(into: &json)
        }
        json.raw("]}")
    }
}

/// Whether the bytes are those of the text: public values alone, it stops at the first difference.
func equal(_ bytes: Span<UInt8>, _ text: String) -> Bool {
    let text = text.utf8.span
    guard bytes.count == text.count else { return false }
    for index in bytes.indices where bytes[index] != text[index] { return false }
    return true
}
