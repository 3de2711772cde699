// The measuring room: the load generator and what compares by it. Called by the command `bench`.
// It knows the protocol from the schema alone, and connects by what its caller lends it.

/// Why a measurement cannot be made or is worth nothing: one line for people.
package struct BenchError: Error, Sendable, Equatable {
    package let message: String
    /// There was no connection.
    package let isUnreached: Bool

    package init(_ message: String, isUnreached: Bool = false) {
        self.message = message
        self.isUnreached = isUnreached
    }
}
