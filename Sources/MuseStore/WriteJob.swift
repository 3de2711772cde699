// The store room: one write on its way through the writer.
internal import MuseSQL

/// Why a write was not done, when it was not the write's own fault.
@usableFromInline
package enum WriterError: Error, Sendable, Equatable {
    /// A bound has been reached; nothing was written.
    @usableFromInline
    package enum Bound: Sendable, Equatable { case queue, log }
    /// What may have become of a write whose commit failed.
    @usableFromInline
    package enum Outcome: Sendable, Equatable {
        /// Nothing was written, and nothing will come back after a crash.
        case none
        /// It may have been written, and may come back after a crash.
        case unknown
    }

    case busy(Bound)
    case commitFailed(Outcome)
    /// The writer has been shut down; nothing was written.
    case stopped
}

/// A write without its type. Made on a worker, run and finished on the writer's thread.
@usableFromInline
class WriteJob {
    @usableFromInline
    init() {}

    /// Runs the write and keeps its result.
    /// - Throws: what the write itself throws.
    @usableFromInline
    func run(_ transaction: StoreTransaction) throws {}

    /// Hands the result back, or `failure` in its place.
    @usableFromInline
    func finish(_ failure: WriterError?) {}
}

/// A write with its type. Inlinable, as what it is made of is known where it is made: generic code
/// would ask the runtime for the type of its result time and again.
@usableFromInline
final class TypedWriteJob<R: Sendable>: WriteJob {
    @usableFromInline let body: @Sendable (StoreTransaction) throws -> R
    @usableFromInline let deliver: (Result<R, any Error>) -> Void
    /// Nil until it has been run.
    @usableFromInline var result: Result<R, any Error>?

    @inlinable
    init(
        _ body: @escaping @Sendable (StoreTransaction) throws -> R,
        deliver: @escaping (Result<R, any Error>) -> Void
    ) {
        self.body = body
        self.deliver = deliver
    }

    @inlinable
    override func run(_ transaction: StoreTransaction) throws {
        do {
            result = .success(try body(transaction))
        } catch {
            result = .failure(error)
            throw error
        }
    }

    @inlinable
    override func finish(_ failure: WriterError?) {
        if failure == nil, let result {
            deliver(result)
        } else {
            deliver(.failure(failure ?? .commitFailed(.none)))
        }
    }
}
