// The store room: one write on its way through the writer.
internal import MuseSQL

/// Why a write was not done, when it was not the write's own fault.
package enum WriterError: Error, Sendable, Equatable {
    /// A bound has been reached; nothing was written.
    package enum Bound: Sendable, Equatable { case queue, log }
    /// What may have become of a write whose commit failed.
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
class WriteJob {
    /// Runs the write and keeps its result.
    /// - Throws: what the write itself throws.
    func run(_ transaction: StoreTransaction) throws {}

    /// Hands the result back, or `failure` in its place.
    func finish(_ failure: WriterError?) {}
}

/// A write with its type.
final class TypedWriteJob<R: Sendable>: WriteJob {
    private let body: @Sendable (StoreTransaction) throws -> R
    private let deliver: (Result<R, any Error>) -> Void
    private var result: Result<R, any Error>

    init(
        _ body: @escaping @Sendable (StoreTransaction) throws -> R,
        deliver: @escaping (Result<R, any Error>) -> Void
    ) {
        self.body = body
        self.deliver = deliver
        result = .failure(WriterError.commitFailed(.none))
    }

    override func run(_ transaction: StoreTransaction) throws {
        do {
            result = .success(try body(transaction))
        } catch {
            result = .failure(error)
            throw error
        }
    }

    override func finish(_ failure: WriterError?) {
        if let failure { deliver(.failure(failure)) } else { deliver(result) }
    }
}
