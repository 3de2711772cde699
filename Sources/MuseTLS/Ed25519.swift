// The TLS room: Ed25519 signatures by the library that is here anyway, for the client, which has no
// other. The server signs and verifies with its own (MuseCrypto).
internal import COpenSSL

/// Ed25519 (RFC 8032) by OpenSSL.
package enum Ed25519 {
    package static let keyBytes = 32
    package static let signatureBytes = 64

    /// Whether a key can be trusted to tell signatures apart: 32 bytes, and no point of small
    /// order, under which anybody can sign.
    package static func isKey(_ key: [UInt8]) -> Bool {
        key.count == keyBytes && !isOfSmallOrder(key[...])
    }

    /// Whether the owner of `key` has signed `message`. Strict: no malleable signature (OpenSSL
    /// refuses those), no key and no signature of small order.
    package static func verifies(
        _ signature: [UInt8], of message: [UInt8], by key: [UInt8]
    ) -> Bool {
        guard isKey(key), signature.count == signatureBytes,
            !isOfSmallOrder(signature[..<keyBytes])
        else { return false }
        // Whatever the library has to say of a bad signature is not to be found by the next call.
        defer { ERR_clear_error() }
        guard
            let owner = unsafe EVP_PKEY_new_raw_public_key(
                EVP_PKEY_ED25519, nil, key, key.count)
        else { return false }
        defer { unsafe EVP_PKEY_free(owner) }
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestVerifyInit(context, nil, nil, nil, owner) == 1 else { return false }
        return unsafe EVP_DigestVerify(
            context, signature, signature.count, message, message.count) == 1
    }

    /// The y of the points whose order divides 8, and of those that say the same beyond the field's
    /// prime (their sign, the topmost bit, is not looked at).
    private static let smallOrder: [[UInt8]] = {
        let zero = [UInt8](repeating: 0, count: 32)
        // p, little endian: 2^255 - 19.
        let prime: [UInt8] = [0xED] + [UInt8](repeating: 0xFF, count: 30) + [0x7F]
        func with(_ first: UInt8, _ rest: [UInt8]) -> [UInt8] { [first] + rest.dropFirst() }
        return [
            zero, with(1, zero), with(0xEC, prime), prime, with(0xEE, prime),
            [
                0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF,
                0x98, 0xF0, 0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88,
                0x6D, 0x53, 0xFC, 0x05,
            ],
            [
                0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10,
                0x67, 0x0F, 0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77,
                0x92, 0xAC, 0x03, 0x7A,
            ],
        ]
    }()

    private static func isOfSmallOrder(_ point: ArraySlice<UInt8>) -> Bool {
        var bytes = Array(point)
        if let last = bytes.popLast() { bytes.append(last & 0x7F) }
        return smallOrder.contains(bytes)
    }
}
