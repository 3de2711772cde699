// Tests of the session in a file.
internal import Foundation
internal import MentalMuseClient
internal import MuseBase
internal import Testing

/// A folder that goes with its owner.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "muse-client-" + UUID().uuidString
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }
}

@Suite(.timeLimit(.minutes(30)))
struct FileSessionStoreTests {
    private let folder = TemporaryFolder()

    private var session: StoredSession {
        StoredSession(
            userID: Identifier.some, username: "robin", sessionID: Identifier.some,
            accessToken: "a.b.c", accessExpiresAt: Timestamp(milliseconds: 1_900_000_000_000),
            refreshToken: "d.e.f", refreshExpiresAt: Timestamp(milliseconds: 1_990_000_000_000),
            refreshKey: "one-two")
    }

    @Test func `what is kept is found again, by its owner alone`() async throws {
        let store = FileSessionStore(path: folder.file("session"))
        #expect(try await store.load() == nil)
        try await store.save(session)
        #expect(try await FileSessionStore(path: folder.file("session")).load() == session)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.file("session"))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        try await store.save(nil)
        try await store.save(nil)
        #expect(try await store.load() == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func `tokens of another server are not used`() async throws {
        try await FileSessionStore(path: folder.file("session"), server: "tcp://a:1").save(session)
        let other = FileSessionStore(path: folder.file("session"), server: "tcp://b:1")
        #expect(try await other.load() == nil)
        let same = FileSessionStore(path: folder.file("session"), server: "tcp://a:1")
        #expect(try await same.load() == session)
    }

    @Test(arguments: ["", "{", "[1]", "\u{0}"])
    func `a file of something else is told, and is no session`(text: String) async throws {
        try text.write(toFile: folder.file("session"), atomically: true, encoding: .utf8)
        let store = FileSessionStore(path: folder.file("session"))
        do {
            #expect(try await store.load() == nil)
        } catch {
            #expect("\(error)".contains("is no session file"))
        }
    }

    @Test func `one at a time is within the lock`() async throws {
        let inside = Lock((now: 0, most: 0))
        let path = folder.file("session")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try await FileSessionStore(path: path).exclusively {
                        inside.withLock { inside in
                            inside.now += 1
                            inside.most = max(inside.most, inside.now)
                        }
                        await Task.yield()
                        inside.withLock { $0.now -= 1 }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(inside.withLock { $0.most } == 1)
    }

    @Test func `a folder that is not there is told`() async {
        let store = FileSessionStore(path: folder.file("none/session"))
        await #expect(throws: FileSessionStore.Failure.self) { try await store.save(session) }
    }
}
