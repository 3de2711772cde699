// The rules' room: the handlers of one worker. Made by the program, called by the server's lanes.
package import MentalMuseProtocol
package import MuseBase
package import MuseSQL
internal import MuseStore

/// What a worker asks of whoever has its handlers.
package protocol ServiceHost: AnyObject {
    /// The handlers, by namespace.
    var methods: Methods { get }
    /// What is counted beside the metrics of the contract.
    var figures: HostFigures { get }
    /// Ends what the calls of one pass of the worker's loop shared.
    func endPass()
    /// Whose an access token is, for the log alone; nil where it does not hold.
    func caller(of token: String) -> UUIDv7?
}

extension ServiceHost {
    package var figures: HostFigures { HostFigures() }
}

/// What all workers' handlers count, for operators.
package struct HostFigures: Sendable {
    /// Tokens found in the caches, and verified anew.
    package var tokenHits = 0
    package var tokenMisses = 0
    /// How long all password hashes together took.
    package var hashNanoseconds = 0
    package var hashesRefused = 0
}

/// The whole service, for one worker; confined to it.
package final class Service: ServiceHost {
    package let methods: Methods
    package let core: ServiceCore

    package init(core: ServiceCore) {
        self.core = core
        methods = Methods(
            auth: AuthHandlers(core: core), users: UsersHandlers(core: core),
            posts: PostsHandlers(core: core), comments: CommentsHandlers(core: core),
            server: ServerHandlers(core: core), admin: AdminHandlers(core: core))
    }

    /// Opens a worker's own read connection.
    /// - Throws: where the database cannot be opened.
    package convenience init(shared: ServiceShared) throws(SQLError) {
        self.init(core: ServiceCore(shared: shared, store: try Store(shared.writer)))
    }

    package var figures: HostFigures { core.shared.figures }

    package func endPass() {
        core.endPass()
    }

    package func caller(of token: String) -> UUIDv7? {
        try? core.verify(access: token).user
    }
}
