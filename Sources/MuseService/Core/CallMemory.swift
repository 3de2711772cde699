// The rules' room: exactly once. What is remembered of a write by its idempotency key, and how a
// repeat is told from another call. Used inside the writer's transaction.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseJSON
internal import MuseRPC
internal import MuseStore

/// Whose key it is: never the session's or connection's, but for `auth.refresh`.
enum MemoryOwner: Sendable {
    case user(UUIDv7)
    /// `auth.register`: the name asked for, folded.
    case username(String)
    /// `auth.refresh`.
    case session(UUIDv7)

    /// The bytes under which the store keeps it.
    var bytes: [UInt8] {
        switch self {
        case .user(let id): [0] + id.bytes
        case .username(let name): [1] + Array(name.utf8)
        case .session(let id): [2] + id.bytes
        }
    }
}

/// One call with an idempotency key.
struct CallMemory: Sendable {
    let owner: MemoryOwner
    let key: String
    let method: String
    let fingerprint: [UInt8]
    let keptMilliseconds: Int64

    /// What the first of these calls left, where it succeeded.
    /// - Throws: 1303 where the key was used for another method or other params.
    func recall(_ tx: StoreTransaction) throws -> RememberedCall? {
        guard let row = try tx.rememberedCall(owner: owner.bytes, key: key) else { return nil }
        guard row.method == method, row.fingerprint == fingerprint else {
            throw RPCError.idempotencyMismatch()
        }
        return row
    }

    func remember(_ ids: [UUIDv7], in tx: StoreTransaction) throws {
        try tx.rememberCall(
            RememberedCall(
                method: method, fingerprint: fingerprint, ids: ids, createdAt: tx.now,
                expiresAt: tx.now + keptMilliseconds),
            owner: owner.bytes, key: key)
    }
}

extension ServiceShared {
    /// How long the key of a write is kept, and of one whose answer is a Grant.
    static let keyMilliseconds: Int64 = 24 * 3_600_000
    static let grantKeyMilliseconds: Int64 = 10 * 60_000

    /// The memory of a call; nil where it has no key.
    func memory(
        _ call: Call, _ params: some CallParams, owner: MemoryOwner, isGrant: Bool = false
    ) -> CallMemory? {
        guard let key = call.meta.idempotencyKey else { return nil }
        var writer = JSONWriter()
        writer.raw(text: call.method.name)
        writer.byte(0x0A)
        params.fingerprint(into: &writer)
        return CallMemory(
            owner: owner, key: key, method: call.method.name,
            fingerprint: fingerprints.digest(of: writer),
            keptMilliseconds: isGrant ? Self.grantKeyMilliseconds : Self.keyMilliseconds)
    }
}

extension KeyedHash {
    func digest(of writer: borrowing JSONWriter) -> [UInt8] {
        unsafe writer.withBytes {
            unsafe digest(of: Span(_unsafeElements: $0.bindMemory(to: UInt8.self))).bytes
        }
    }
}
