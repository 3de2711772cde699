// What single rooms cost: those with a database, where a page is read and posts are inserted, and
// the service on such a one.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseSQLite
internal import MuseServer
internal import MuseService
internal import MuseStore

/// A database in a folder, and the handlers of one worker on it.
final class House {
    let writer: Writer
    let service: Service

    init(_ folder: String) throws {
        let driver = SQLiteDriver(path: folder + "/mentalmuse.db")
        _ = try Migrator(driver).run()
        writer = try Writer(driver)
        var configuration = ServiceConfiguration(limits: .standard)
        configuration.passwords = PasswordParameters(opsLimit: 1, memoryKiB: 8)
        service = try Service(
            shared: ServiceShared(
                configuration: configuration, writer: writer,
                keys: KeyRing(folder: folder + "/keys", now: WallClock.system.now()),
                hashes: HashPool(threads: 1)))
    }

    func close() {
        service.core.store.close()
        writer.shutdown()
    }
}

enum StoreRooms {
    private static let pageItems = 20

    /// `MuseStore`, `MuseSQLite`: reads 20 of 40 comments on a post, and that the post is there.
    static func page(_ count: Int, _ folder: String) throws -> Int {
        let house = try House(folder)
        defer { house.close() }
        let post = try house.writer.writeNow { tx in
            let author = try author(tx)
            let post = try tx.insertPost(author: author, body: Rooms.body)
            for _ in 0..<2 * pageItems {
                _ = try tx.insertComment(on: post, author: author, body: Rooms.body)
            }
            return post
        }
        let slice = ListSlice(after: nil, isNewestFirst: true, limit: pageItems)
        var right = 0
        for _ in 0..<count {
            var bytes = 0
            let next: UUIDv7? = try house.service.core.store.read { tx in
                guard try tx.postHead(post) != nil else { return nil }
                return try tx.comments(of: post, slice) { unsafe bytes += $0.body.bytes.count }
            }
            if next != nil, bytes == pageItems * Rooms.body.utf8.count { right += 1 }
        }
        return right
    }

    /// `MuseStore`, `MuseSQLite`: inserts a post, all of them in one commit.
    static func insert(_ count: Int, _ folder: String) throws -> Int {
        let house = try House(folder)
        defer { house.close() }
        return try house.writer.writeNow { tx in
            let author = try author(tx)
            for _ in 0..<count { _ = try tx.insertPost(author: author, body: Rooms.body) }
            return try tx.user(author)?.postCount ?? 0
        }
    }

    private static func author(_ tx: StoreTransaction) throws -> UUIDv7 {
        guard let id = try tx.insertUser(username: "bench_writer") else { throw NameIsTaken() }
        return id
    }

    private struct NameIsTaken: Error {}
}
