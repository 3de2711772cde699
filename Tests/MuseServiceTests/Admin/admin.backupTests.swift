// Tests of `admin.backup`.
internal import Foundation
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseRPC
internal import MuseSQLite
internal import MuseService
internal import MuseStore
internal import Testing

@Suite struct AdminBackupTests {
    private func backup(_ house: ContentHouse, _ path: String) async throws -> Backup {
        try await house.admin.backup(
            AdminBackupParams(path: path), house.operatorCall(.adminBackup))
    }

    private func mode(_ path: String) throws -> Int {
        let facts = try FileManager.default.attributesOfItem(atPath: path)
        return (facts[.posixPermissions] as? NSNumber)?.intValue ?? -1
    }

    @Test("the copy opens, with what was written until then, and the keys are with it")
    func copies() async throws {
        let house = try ContentHouse()
        let grant = try await house.register("ann")
        let path = house.folder.path + "/copy"
        let backup = try await backup(house, path)
        #expect(backup.path == path)
        _ = try await house.register("bob")
        let writer = try Writer(SQLiteDriver(path: path + "/mentalmuse.db"))
        defer { writer.shutdown() }
        let names = try writer.writeNow { tx in
            try ["ann", "bob"].filter { try tx.credential(username: $0) != nil }
        }
        #expect(names == ["ann"])
        #expect(try writer.writeNow { try $0.sessionOwner(grant.sessionID) } != nil)
        let now = house.shared.wallClock.now()
        let keys = try KeyRing(folder: path + "/keys", now: now).list(now: now)
        #expect(keys == house.shared.keys.list(now: now))
    }

    @Test("it is for its owner alone, and its size is that of its files")
    func modes() async throws {
        let house = try ContentHouse()
        _ = try await house.register("ann")
        let path = house.folder.path + "/copy"
        let backup = try await backup(house, path)
        #expect(try mode(path) == 0o700)
        #expect(try mode(path + "/keys") == 0o700)
        var bytes = 0
        let files = try FileManager.default.subpathsOfDirectory(atPath: path)
            .filter { $0 != "keys" }
        #expect(files.count >= 3)
        for file in files {
            #expect(try mode(path + "/" + file) == 0o600, "\(file)")
            let facts = try FileManager.default.attributesOfItem(atPath: path + "/" + file)
            bytes += (facts[.size] as? NSNumber)?.intValue ?? 0
        }
        #expect(backup.bytes == bytes)
    }

    @Test("a folder, a file or a link that is there already is left as it is")
    func exists() async throws {
        let house = try ContentHouse()
        let path = house.folder.path
        let files = FileManager.default
        try files.createDirectory(atPath: path + "/empty", withIntermediateDirectories: false)
        #expect(files.createFile(atPath: path + "/file", contents: nil))
        try files.createSymbolicLink(
            atPath: path + "/link", withDestinationPath: path + "/elsewhere")
        for name in ["empty", "file", "link"] {
            let error = await refusalWhole { try await backup(house, path + "/" + name) }
            #expect(error?.name == "already_exists" && error?.members == ",\"field\":\"path\"")
        }
        #expect(try files.contentsOfDirectory(atPath: path + "/empty").isEmpty)
        #expect(!files.fileExists(atPath: path + "/elsewhere"))
        #expect(
            await refusal { try await backup(house, path + "/no/such/folder") } == "unavailable")
    }
}
