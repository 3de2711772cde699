// The cryptography room: tokens read back. Everything here comes from outside until the signature
// has been checked; no heap, no recursion, no lookup of an algorithm. Called once for every token
// that no cache knows.
internal import CSodium
package import MuseBase
internal import MuseJSON

extension JWT {
    /// The most that two clocks may differ, in seconds.
    package static let leewayMax = 5

    /// Reads an access token that one of `keys` has signed.
    ///
    /// - Parameters:
    ///   - leewaySeconds: how far `exp` and `nbf` may be off, 0 to 5. Nought by default: the clock
    ///     that is read here has also signed the token. Two nodes, or another service, may want
    ///     more.
    ///   - acceptingExpired: take one whose time has passed, where the claims still tell something
    ///     (log-out).
    /// - Throws: TokenError; `.expired` only for a token that is valid in everything else.
    package static func verifyAccess(
        _ token: Span<UInt8>, keys: KeySet, policy: TokenPolicy, now: Timestamp,
        leewaySeconds: Int = 0, acceptingExpired: Bool = false
    ) throws(TokenError) -> VerifiedAccessToken {
        try open(token, .access, keys) { payload, key throws(TokenError) in
            let found = try TokenClaims(payload, policy, isAccess: true)
            try found.checkTime(now, leewaySeconds, acceptingExpired)
            guard let subject = found.subject, let session = found.session, let id = found.id,
                let role = found.role, let issuedAt = found.issuedAt,
                let expiresAt = found.expiresAt
            else { throw .invalid }
            return VerifiedAccessToken(
                claims: AccessTokenClaims(
                    subject: subject, session: session, id: id, role: role.string(payload),
                    issuedAt: issuedAt, expiresAt: expiresAt),
                keyID: key.keyID)
        }
    }

    /// Reads a refresh token that one of `keys` has signed; see `verifyAccess`.
    /// - Throws: TokenError.
    package static func verifyRefresh(
        _ token: Span<UInt8>, keys: KeySet, policy: TokenPolicy, now: Timestamp,
        leewaySeconds: Int = 0, acceptingExpired: Bool = false
    ) throws(TokenError) -> RefreshTokenClaims {
        try open(token, .refresh, keys) { payload, _ throws(TokenError) in
            let found = try TokenClaims(payload, policy, isAccess: false)
            try found.checkTime(now, leewaySeconds, acceptingExpired)
            guard let subject = found.subject, let session = found.session, let id = found.id,
                let issuedAt = found.issuedAt, let expiresAt = found.expiresAt
            else { throw .invalid }
            return RefreshTokenClaims(
                subject: subject, session: session, id: id, issuedAt: issuedAt,
                expiresAt: expiresAt)
        }
    }

    /// Checks form, header and signature, in this order, then lends the payload.
    private static func open<R>(
        _ token: Span<UInt8>, _ kind: Kind, _ keys: KeySet,
        _ body: (Span<UInt8>, VerifyingKey) throws(TokenError) -> R
    ) throws(TokenError) -> R {
        guard token.count <= bytesMax, let (first, second) = dots(token) else { throw .invalid }
        // Three segments of base64url are fewer bytes than characters; they share one piece of
        // stack.
        let result: Result<R, TokenError> = unsafe withUnsafeTemporaryAllocation(
            of: UInt8.self, capacity: token.count
        ) { room in
            unsafe room.initialize(repeating: 0)
            do throws(TokenError) {
                let header = try unsafe decode(token, 0..<first, room)
                let headerBytes = unsafe Span(_unsafeElements: UnsafeBufferPointer(header))
                let key = try TokenHeader.read(headerBytes, kind, keys)
                let rest = unsafe UnsafeMutableBufferPointer(rebasing: room[header.count...])
                let signature = try unsafe decode(token, (second + 1)..<token.count, rest)
                guard
                    key.verifies(
                        unsafe Span(_unsafeElements: UnsafeBufferPointer(signature)),
                        of: token.extracting(0..<second))
                else { throw TokenError.invalid }
                let payload = try unsafe decode(token, (first + 1)..<second, rest)
                return .success(
                    try body(unsafe Span(_unsafeElements: UnsafeBufferPointer(payload)), key))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Where the two dots are; nil unless there are two and something stands beside each.
    private static func dots(_ token: Span<UInt8>) -> (Int, Int)? {
        var first: Int?
        var second: Int?
        for index in token.indices where token[index] == UInt8(ascii: ".") {
            if first == nil {
                first = index
            } else if second == nil {
                second = index
            } else {
                return nil
            }
        }
        guard let first, let second, first > 0, second > first + 1, second + 1 < token.count else {
            return nil
        }
        return (first, second)
    }

    /// Decodes a segment into `room`: base64url without padding, white space or unused bits that
    /// are set (sodium_base642bin(3) refuses each).
    private static func decode(
        _ token: Span<UInt8>, _ range: Range<Int>, _ room: UnsafeMutableBufferPointer<UInt8>
    ) throws(TokenError) -> UnsafeMutableBufferPointer<UInt8> {
        guard let start = room.baseAddress else { throw .invalid }
        var count = 0
        let result = unsafe token.extracting(range).withCharacters { text, length in
            unsafe sodium_base642bin(
                start, room.count, text, length, nil, &count, nil,
                sodium_base64_VARIANT_URLSAFE_NO_PADDING)
        }
        guard result == 0, count > 0 else { throw .invalid }
        return unsafe UnsafeMutableBufferPointer(rebasing: room[..<count])
    }
}
