// The vocabulary room: what tells one state of a representation from another, for callers that
// keep answers. Made of ids, revisions and counts while a read runs, so that nobody has to encode
// an answer to learn that it has not changed.
package import MuseBase
internal import MuseJSON

/// 128 bits over what a representation is made of, in its order. It keeps across restarts and is
/// the same on every node. Against accidents: what goes in is ours, but for a ban's reason.
package struct EntityDigest: Sendable, Hashable {
    private var high: UInt64
    private var low: UInt64

    /// The digest of nothing, in this version of the schema.
    package init() {
        self = Self.empty
    }

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    private static let empty: EntityDigest = {
        var digest = EntityDigest(high: 0x9AE1_6A3B_2F90_404F, low: 0xC3A5_C85C_97CB_3127)
        digest.add(SchemaDocument.hash.utf8.span)
        return digest
    }()

    package mutating func add(_ word: UInt64) {
        high = (high ^ word) &* 0x9FB2_1C65_1E98_DF25
        high ^= high >> 29
        low = (low << 31 | low >> 33) ^ word
        low = (low &* 0xD6E8_FEB8_6659_FD93) &+ high
    }

    package mutating func add(_ number: Int) {
        add(UInt64(bitPattern: Int64(number)))
    }

    package mutating func add(_ id: UUIDv7) {
        add(id.high)
        add(id.low)
    }

    package mutating func add(_ time: Timestamp) {
        add(UInt64(bitPattern: time.milliseconds))
    }

    package mutating func add(_ bytes: Span<UInt8>) {
        add(bytes.count)
        var word: UInt64 = 0
        for index in bytes.indices {
            word = word << 8 | UInt64(bytes[index])
            if index & 7 == 7 {
                add(word)
                word = 0
            }
        }
        if bytes.count & 7 != 0 { add(word) }
    }

    /// 22 characters of base64url.
    package var text: String {
        let bytes = InlineArray<16, UInt8> { index in
            let half = index < 8 ? high : low
            return UInt8(truncatingIfNeeded: half >> UInt64(56 - index % 8 * 8))
        }
        return Base64URL.encode(bytes.span)
    }

    /// Reads the text of one; nil for anything else.
    package init?(_ text: Span<UInt8>) {
        guard text.count == 22, let bytes = Base64URL.decode(text), bytes.count == 16 else {
            return nil
        }
        func half(_ from: Int) -> UInt64 {
            bytes[from..<(from + 8)].reduce(0) { $0 << 8 | UInt64($1) }
        }
        self.init(high: half(0), low: half(8))
    }
}

/// What a caller says that it has.
package enum KnownEntities: Sendable, Equatable {
    /// Whatever there is.
    case any
    case these([EntityDigest])

    package func contains(_ digest: EntityDigest) -> Bool {
        switch self {
        case .any: true
        case .these(let digests): digests.contains(digest)
        }
    }
}

/// What has to hold before a write has its effect. Judged in its transaction.
package final class Precondition: Sendable {
    /// The state has to be one of these.
    private let matches: KnownEntities?
    /// The state must be none of these.
    private let excludes: KnownEntities?
    private let written = Lock<EntityDigest?>(nil)

    package init(matches: KnownEntities?, excludes: KnownEntities?) {
        self.matches = matches
        self.excludes = excludes
    }

    /// Whether anything is asked for.
    package var isNeeded: Bool { matches != nil || excludes != nil }

    package func admits(_ digest: EntityDigest) -> Bool {
        matches?.contains(digest) ?? true && !(excludes?.contains(digest) ?? false)
    }

    /// The state that the write left, if its handler told.
    package var outcome: EntityDigest? {
        get { written.withLock { $0 } }
        set { written.withLock { $0 = newValue } }
    }
}

/// What passes between a call and a caller that keeps answers. Confined to the call's worker.
package final class Validator {
    /// What the caller has already: a page that is among it need not be written.
    package var known: KnownEntities?
    /// For writes.
    package let precondition: Precondition
    /// The state of what was read; set by the handler.
    package var digest: EntityDigest?
    /// The revision of the object that was read.
    package var revision: Int?

    package init(known: KnownEntities?, precondition: Precondition) {
        self.known = known
        self.precondition = precondition
    }

    /// Whether the caller has what was read.
    package var isKnown: Bool {
        guard let known, let digest else { return false }
        return known.contains(digest)
    }
}
