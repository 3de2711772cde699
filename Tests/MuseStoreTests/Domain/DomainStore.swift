// A store on a temporary folder, for the tests of the domain.
internal import Foundation
internal import MuseBase
internal import MuseSQL
internal import MuseSQLite
internal import MuseStore

/// One database with its writer and one reader; gone with the test. Deletions go on only when a
/// test says so.
final class DomainStore {
    let folder: URL
    let writer: Writer
    let store: Store

    /// Whose time it is; it stands still where a test has set it.
    let milliseconds = Lock<Int64?>(nil)

    init(configure: (inout WriterOptions) -> Void = { _ in }) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "muse-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let driver = SQLiteDriver(path: folder.appending(path: "muse.db").path)
        _ = try Migrator(driver).run()
        var options = WriterOptions()
        let milliseconds = milliseconds
        options.clock = WallClock {
            milliseconds.withLock { $0.map(Timestamp.init(milliseconds:)) }
                ?? WallClock.system.now()
        }
        configure(&options)
        writer = try Writer(
            driver, options: options,
            greatestID: { tx throws(SQLError) in try tx.greatestID() })
        store = try Store(writer)
    }

    deinit {
        store.close()
        writer.shutdown()
        try? FileManager.default.removeItem(at: folder)
    }

    func read<R>(_ body: (StoreTransaction) throws -> R) throws -> R { try store.read(body) }

    func write<R: Sendable>(_ body: @escaping @Sendable (StoreTransaction) throws -> R) throws -> R
    {
        try writer.writeNow(body)
    }

    func user(_ name: String, role: StoredRole = .user) throws -> UUIDv7 {
        try write { tx in
            guard let id = try tx.insertUser(username: name, role: role) else { throw Taken() }
            return id
        }
    }

    func post(_ author: UUIDv7, _ body: String = "post") throws -> UUIDv7 {
        try write { try $0.insertPost(author: author, body: body) }
    }

    func comment(_ post: UUIDv7, _ author: UUIDv7, _ body: String = "comment") throws -> UUIDv7 {
        try write { try $0.insertComment(on: post, author: author, body: body) }
    }

    func like(_ post: UUIDv7, _ user: UUIDv7) throws {
        try write { try $0.like(post, by: user) }
    }

    func deleteUser(_ id: UUIDv7, _ name: String) throws {
        try write { try $0.deleteUser(id, username: name) }
    }

    /// Removes one slice of what hangs on deleted things; whether there is more.
    func slice(_ rowsMax: Int) throws -> Bool {
        try write { try $0.removeDeleted(rowsMax: rowsMax) }
    }

    func count(_ table: String) throws -> Int64 {
        try read { tx in
            let statement = try tx.connection.prepare("SELECT count(*) FROM \(table)")
            defer { statement.reset() }
            return try statement.step() ? statement.int(0) : -1
        }
    }

    /// All ids of a list, page by page.
    func walk(
        limit: Int, newest: Bool = true,
        _ page: (StoreTransaction, ListSlice, inout [UUIDv7]) throws -> UUIDv7?
    ) throws -> [UUIDv7] {
        var ids: [UUIDv7] = []
        var after: UUIDv7?
        repeat {
            let slice = ListSlice(after: after, isNewestFirst: newest, limit: limit)
            let before = ids.count
            after = try read { try page($0, slice, &ids) }
            precondition(ids.count - before <= limit, "a page over its limit")
        } while after != nil
        return ids
    }
}

struct Taken: Error {}
