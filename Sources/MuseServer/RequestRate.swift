// The server room: a connection's own rate, whatever it speaks. A value of each connection.
internal import MentalMuseProtocol
package import MuseRPC

/// How many requests a connection has made in the second under way.
package struct RequestRate {
    private static let second: UInt64 = 1_000_000_000
    private var begunAt: UInt64 = 0
    private var count = 0

    package init() {}

    /// Counts one request; the refusal where it is more than `max` in a second.
    /// - Parameters:
    ///   - max: requests a second; 0 counts nothing.
    ///   - now: monotonic nanoseconds.
    package mutating func refusal(max: Int, now: UInt64) -> RPCError? {
        guard max > 0 else { return nil }
        if now - begunAt >= Self.second {
            begunAt = now
            count = 0
        }
        count += 1
        guard count > max else { return nil }
        let rest = (begunAt + Self.second - now) / 1_000_000
        return .rateLimited(
            retryAfterMs: Int(rest) + 1, limit: max, windowMs: 1_000, scope: "connection")
    }
}
