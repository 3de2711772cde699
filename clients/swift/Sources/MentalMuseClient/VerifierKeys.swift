// The client: the keys that a verifier trusts, and when they are to be fetched. Pure: time is a
// parameter, in nanoseconds of the client's clock.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseTLS

/// A server's keys, as they were when they were fetched.
struct VerifierKeys: Sendable {
    /// After that the keys are fetched again, so that one that was retired is not trusted for
    /// longer.
    static let freshFor: UInt64 = 300_000_000_000
    /// After that keys that could not be fetched again are not trusted any more.
    static let trustedFor: UInt64 = 3_600_000_000_000
    /// The shortest time between two fetches: ids that nobody knows cost the server no more.
    static let pause: UInt64 = 10_000_000_000
    /// More keys than any server has.
    private static let countMax = 100

    private var keys: [String: [UInt8]] = [:]
    private var fetchedAt: UInt64?
    private var triedAt: UInt64?

    init() {}

    /// Whether the keys are to be fetched, as a token of that key has come.
    func wantsFetch(for id: String, _ now: UInt64) -> Bool {
        if let triedAt, now < triedAt &+ Self.pause { return false }
        guard let fetchedAt else { return true }
        return keys[id] == nil || now >= fetchedAt &+ Self.freshFor
    }

    /// A fetch begins.
    mutating func tried(_ now: UInt64) { triedAt = now }

    /// Whether there are keys, and not too old ones.
    func areTrusted(_ now: UInt64) -> Bool {
        fetchedAt.map { now < $0 &+ Self.trustedFor } ?? false
    }

    /// The key of that id; nil where there is none that can be trusted now.
    func key(_ id: String, _ now: UInt64) -> [UInt8]? { areTrusted(now) ? keys[id] : nil }

    /// The server's keys have come. What is no key for EdDSA signatures is passed over, and so are
    /// two of one id, neither of which says who signed.
    mutating func replace(_ set: JWKSet, _ now: UInt64) {
        var found: [String: [UInt8]] = [:]
        var repeated: Set<String> = []
        for key in set.keys.prefix(Self.countMax)
        where key.kty == "OKP" && key.crv == "Ed25519" && key.use == "sig" && key.alg == "EdDSA" {
            guard let bytes = Base64URL.decode(key.x.utf8.span), Ed25519.isKey(bytes) else {
                continue
            }
            if found.updateValue(bytes, forKey: key.kid) != nil { repeated.insert(key.kid) }
        }
        for id in repeated { found[id] = nil }
        keys = found
        fetchedAt = now
    }
}
