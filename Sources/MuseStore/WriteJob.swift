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

/// A write. Made on a worker, run and finished on the writer's thread.
@usableFromInline
final class WriteJob {
    /// Runs the write and keeps its result.
    let run: (StoreTransaction) throws -> Void
    /// Hands the result back, or a failure in its place.
    let finish: (WriterError?) -> Void

    @usableFromInline
    init(
        run: @escaping (StoreTransaction) throws -> Void,
        finish: @escaping (WriterError?) -> Void
    ) {
        self.run = run
        self.finish = finish
    }

    /// A write with the type of its result. Inlinable, and the class is not generic, as that type
    /// is known where the write is made: generic code would ask the runtime for it time and again.
    @inlinable
    convenience init<R: Sendable>(
        _ body: @escaping @Sendable (StoreTransaction) throws -> R,
        deliver: @escaping (Result<R, any Error>) -> Void
    ) {
        // Nil until it has been run.
        var result: Result<R, any Error>?
        self.init { transaction in
            do {
                result = .success(try body(transaction))
            } catch {
                result = .failure(error)
                throw error
            }
        } finish: { failure in
            if failure == nil, let result {
                deliver(result)
            } else {
                deliver(.failure(failure ?? .commitFailed(.none)))
            }
        }
    }
}
