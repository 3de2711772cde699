// The cryptography room: the two JSON objects of a token, read member by member. Called by
// JWT+Verify.swift.
internal import MuseBase
internal import MuseJSON

/// A flat walk over an object whose names must differ. Names with escapes are refused: none of ours
/// has one, and so two ways to write one name cannot pass for two names.
private struct TokenMembers {
    /// The most members that an object of a token may have.
    static let membersMax = 24

    private var reader: JSONReader
    private var names = InlineArray<24, JSONText>(
        repeating: JSONText(start: 0, end: 0, hasEscapes: false))
    private var count = 0
    private var isFirst = true

    init(_ bytes: Span<UInt8>) throws(TokenError) {
        reader = JSONReader(position: 0, end: bytes.count, depthMax: 8)
        do throws(JSONError) { try reader.beginObject(bytes) } catch { throw .invalid }
    }

    /// The next member's name; nil after the last, where the text must end.
    mutating func next(_ bytes: Span<UInt8>) throws(TokenError) -> JSONText? {
        do {
            guard let name = try reader.nextMember(bytes, isFirst: &isFirst) else {
                try reader.expectEnd(bytes)
                return nil
            }
            guard !name.hasEscapes, count < Self.membersMax else { throw TokenError.invalid }
            for index in 0..<count where Self.same(bytes, names[index], name) {
                throw TokenError.invalid
            }
            names[count] = name
            count += 1
            return name
        } catch {
            throw .invalid
        }
    }

    /// The member's value, which must be a string without escapes.
    mutating func text(_ bytes: Span<UInt8>) throws(TokenError) -> JSONText {
        do {
            let text = try reader.string(bytes)
            guard !text.hasEscapes else { throw TokenError.invalid }
            return text
        } catch {
            throw .invalid
        }
    }

    /// The member's value, which must be a string and say `wanted`.
    mutating func expect(_ bytes: Span<UInt8>, _ wanted: String) throws(TokenError) {
        let text: JSONText
        do throws(JSONError) { text = try reader.string(bytes) } catch { throw .invalid }
        let isWanted =
            text.hasEscapes
            ? text.string(bytes).utf8.elementsEqual(wanted.utf8)
            : equal(bytes.extracting(text.start..<text.end), wanted)
        guard isWanted else { throw .invalid }
    }

    /// The member's value, which must be an id.
    mutating func id(_ bytes: Span<UInt8>) throws(TokenError) -> UUIDv7 {
        let text = try text(bytes)
        guard let id = UUIDv7(text: bytes.extracting(text.start..<text.end)) else { throw .invalid }
        return id
    }

    /// The member's value, which must be a number: whole seconds from 1970 to the year 9999.
    mutating func seconds(_ bytes: Span<UInt8>) throws(TokenError) -> Int {
        do {
            let number = try reader.number(bytes)
            guard let value = number.int64(bytes), (0...253_402_300_799).contains(value) else {
                throw TokenError.invalid
            }
            return Int(value)
        } catch {
            throw .invalid
        }
    }

    /// Goes past the member's value, whatever it is.
    mutating func skip(_ bytes: Span<UInt8>) throws(TokenError) {
        do throws(JSONError) { try reader.skipValue(bytes) } catch { throw .invalid }
    }

    private static func same(_ bytes: Span<UInt8>, _ a: JSONText, _ b: JSONText) -> Bool {
        guard a.end - a.start == b.end - b.start else { return false }
        for index in 0..<(a.end - a.start) where bytes[a.start + index] != bytes[b.start + index] {
            return false
        }
        return true
    }
}

/// The JOSE header of a token.
enum TokenHeader {
    /// Reads a header: the key that is to verify the token. `alg` and `typ` must be what the caller
    /// expects, and are compared by bytes; `kid` must be the id of one of `keys`. A header that
    /// brings its own key, or wants to be understood in a way of its own, is refused; what else it
    /// says is ignored (RFC 7515 section 4).
    static func read(
        _ bytes: Span<UInt8>, _ kind: JWT.Kind, _ keys: KeySet
    ) throws(TokenError) -> VerifyingKey {
        var members = try TokenMembers(bytes)
        var key: VerifyingKey?
        var hasAlgorithm = false
        var hasType = false
        while let name = try members.next(bytes) {
            if name.equals(bytes, "alg") {
                guard try members.text(bytes).equals(bytes, "EdDSA") else { throw .invalid }
                hasAlgorithm = true
            } else if name.equals(bytes, "typ") {
                guard try members.text(bytes).equals(bytes, kind.typ) else { throw .invalid }
                hasType = true
            } else if name.equals(bytes, "kid") {
                let id = try members.text(bytes)
                key = keys.key(id: bytes.extracting(id.start..<id.end))
                guard key != nil else { throw .invalid }
            } else if isForbidden(bytes, name) {
                throw .invalid
            } else {
                try members.skip(bytes)
            }
        }
        guard let key, hasAlgorithm, hasType else { throw .invalid }
        return key
    }

    private static func isForbidden(_ bytes: Span<UInt8>, _ name: JSONText) -> Bool {
        name.equals(bytes, "crit") || name.equals(bytes, "jwk") || name.equals(bytes, "jku")
            || name.equals(bytes, "x5u") || name.equals(bytes, "x5c")
    }
}

/// The claims of a token, of either kind, with the types they must have.
struct TokenClaims {
    private(set) var subject: UUIDv7?
    private(set) var session: UUIDv7?
    private(set) var id: UUIDv7?
    private(set) var role: JSONText?
    private(set) var issuedAt: Int?
    private(set) var expiresAt: Int?
    private var notBefore: Int?
    private var hasIssuer = false
    private var hasAudience = false
    private var hasClient = false

    /// Reads them; `isAccess`: `client_id` and `role` must be there, which are not looked at
    /// otherwise.
    init(_ bytes: Span<UInt8>, _ policy: TokenPolicy, isAccess: Bool) throws(TokenError) {
        var members = try TokenMembers(bytes)
        while let name = try members.next(bytes) {
            if name.equals(bytes, "iss") {
                try members.expect(bytes, policy.issuer)
                hasIssuer = true
            } else if name.equals(bytes, "aud") {
                try members.expect(bytes, policy.audience)
                hasAudience = true
            } else if name.equals(bytes, "sub") {
                subject = try members.id(bytes)
            } else if name.equals(bytes, "sid") {
                session = try members.id(bytes)
            } else if name.equals(bytes, "jti") {
                id = try members.id(bytes)
            } else if name.equals(bytes, "iat") {
                issuedAt = try members.seconds(bytes)
            } else if name.equals(bytes, "exp") {
                expiresAt = try members.seconds(bytes)
            } else if name.equals(bytes, "nbf") {
                notBefore = try members.seconds(bytes)
            } else if isAccess, name.equals(bytes, "client_id") {
                guard try members.text(bytes).equals(bytes, JWT.clientID) else { throw .invalid }
                hasClient = true
            } else if isAccess, name.equals(bytes, "role") {
                let text = try members.text(bytes)
                guard (1...32).contains(text.end - text.start) else { throw .invalid }
                role = text
            } else {
                try members.skip(bytes)
            }
        }
        guard hasIssuer, hasAudience, !isAccess || (hasClient && role != nil) else {
            throw .invalid
        }
    }

    /// Compares `nbf` and `exp` with the clock, once all the rest has been found right. `iat` is
    /// not compared.
    func checkTime(
        _ now: Timestamp, _ leewaySeconds: Int, _ acceptingExpired: Bool
    ) throws(TokenError) {
        precondition((0...JWT.leewayMax).contains(leewaySeconds), "a leeway of at most 5 s")
        guard subject != nil, session != nil, id != nil, issuedAt != nil, let expiresAt else {
            throw .invalid
        }
        if let notBefore, notBefore > now.seconds + leewaySeconds { throw .invalid }
        if !acceptingExpired, now.seconds >= expiresAt + leewaySeconds { throw .expired }
    }
}
