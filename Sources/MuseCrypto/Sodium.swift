// The cryptography room: libsodium made ready, and bytes that nobody may find afterwards. Called by
// every file of this room, and by whoever carries a password or a key from one thread to another.
internal import CSodium
package import MuseBase

/// libsodium itself.
enum Sodium {
    private static let isReady = sodium_init() >= 0

    /// Makes libsodium ready, once in the process; later calls cost a load.
    static func prepare() {
        precondition(isReady, "sodium_init failed: the system gives no random bytes")
    }
}

extension Span<UInt8> {
    /// A copy of the bytes.
    var array: [UInt8] {
        unsafe withUnsafeBufferPointer { unsafe [UInt8]($0) }
    }

    /// Lends the bytes as C wants them: a pointer that is never null, and a length.
    func withPointer<R>(_ body: (UnsafePointer<UInt8>, Int) -> R) -> R {
        unsafe withUnsafeBufferPointer { bytes in
            if let start = bytes.baseAddress { return unsafe body(start, bytes.count) }
            return unsafe withUnsafePointer(to: 0) { unsafe body($0, 0) }
        }
    }

    /// As `withPointer`, for functions that take text.
    func withCharacters<R>(_ body: (UnsafePointer<CChar>, Int) -> R) -> R {
        unsafe withPointer { bytes, count in
            unsafe body(UnsafeRawPointer(bytes).assumingMemoryBound(to: CChar.self), count)
        }
    }
}

extension [UInt8] {
    /// Overwrites the bytes with zeros (sodium_memzero(3): no optimiser takes it away).
    ///
    /// The array must be the only holder of its bytes: a shared one would be copied, and the copy
    /// wiped.
    package mutating func wipe() {
        unsafe withUnsafeMutableBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            unsafe sodium_memzero(start, bytes.count)
        }
    }
}

/// Bytes of a secret: never shown, never copied out, overwritten with zeros when the last holder
/// lets go.
///
/// Passwords go to the hash pool in one, and keys live in one.
package final class SecretBytes: Sendable, CustomStringConvertible, CustomReflectable {
    private let bytes: [UInt8]

    /// A copy of `bytes`; the caller wipes its own.
    package init(copying bytes: Span<UInt8>) {
        self.bytes = unsafe [UInt8](unsafeUninitializedCapacity: bytes.count) { buffer, count in
            for index in bytes.indices {
                unsafe buffer.initializeElement(at: index, to: bytes[index])
            }
            count = bytes.count
        }
    }

    /// As many random bytes.
    package init(randomCount count: Int) {
        bytes = SecureRandom.bytes(count)
    }

    deinit {
        guard !bytes.isEmpty else { return }
        unsafe bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            // This object alone ever held the array, and it is going: nobody can see the write.
            unsafe sodium_memzero(UnsafeMutableRawPointer(mutating: start), bytes.count)
        }
    }

    package var count: Int { bytes.count }

    /// Lends the bytes.
    package func withSpan<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        let bytes = bytes
        return try body(bytes.span)
    }

    package var description: String { "(secret)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Random bytes that are fit for secrets (randombytes_buf(3): getrandom(2) on Linux).
package enum SecureRandom {
    /// `count` random bytes.
    package static func bytes(_ count: Int) -> [UInt8] {
        Sodium.prepare()
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let start = buffer.baseAddress { unsafe randombytes_buf(start, count) }
            initialized = count
        }
    }

    /// The same generator as a value, for whoever takes one.
    package static let source = RandomSource {
        Sodium.prepare()
        var value: UInt64 = 0
        unsafe randombytes_buf(&value, MemoryLayout<UInt64>.size)
        return value
    }
}

/// Whether two byte strings are equal, in a time that tells their lengths and nothing else
/// (sodium_memcmp(3)).
package func constantTimeEquals(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
    guard a.count == b.count else { return false }
    return unsafe a.withUnsafeBytes { a in
        unsafe b.withUnsafeBytes { b in
            guard let first = a.baseAddress, let second = b.baseAddress else { return true }
            return unsafe sodium_memcmp(first, second, a.count) == 0
        }
    }
}
