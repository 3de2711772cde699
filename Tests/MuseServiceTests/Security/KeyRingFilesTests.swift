// The key ring: crashes between steps, files that are lost, and files that must not be used.
internal import Foundation
internal import MuseBase
internal import MuseCrypto
internal import MuseService
internal import Testing

@Suite struct KeyRingFilesTests {
    let bench = RingBench()

    // MARK: Crashes and lost files

    @Test("a key whose file was written just before a crash is taken up as a new one")
    func crashInRotation() throws {
        let ring = try bench.open()
        let old = try #require(bench.signing(ring, bench.start))
        let state = try Data(contentsOf: URL(fileURLWithPath: bench.keys + "/state.json"))
        let new = try ring.rotate(now: bench.start)
        try state.write(to: URL(fileURLWithPath: bench.keys + "/state.json"))
        try bench.chmod(bench.keys + "/state.json", 0o600)
        let now = bench.start + RingBench.minute
        let again = try bench.open(at: now)
        #expect(bench.signing(again, now) == old)
        #expect(bench.verifies(again, new, now))
        #expect(bench.signing(again, now + 10 * RingBench.minute) == new)
        #expect(bench.verifies(again, old, now + 30 * RingBench.day))
    }

    @Test("a draft that a crash left is deleted")
    func draft() throws {
        _ = try bench.open()
        let path = bench.keys + "/.state.json.draft"
        try Data("{".utf8).write(to: URL(fileURLWithPath: path))
        _ = try bench.open()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("without the list, the keys are taken up by the times of their files")
    func lostList() throws {
        let ring = try bench.open()
        let old = try #require(bench.signing(ring, bench.start))
        let new = try ring.rotate(now: bench.start)
        try FileManager.default.removeItem(atPath: bench.keys + "/state.json")
        let now = bench.start + RingBench.day
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: Double(bench.start.seconds))],
            ofItemAtPath: bench.keys + "/" + old + ".pem")
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: Double(bench.start.seconds + 600))],
            ofItemAtPath: bench.keys + "/" + new + ".pem")
        let again = try bench.open(at: now)
        #expect(bench.signing(again, now) == new)
        #expect(bench.verifies(again, old, bench.start + 30 * RingBench.day))
        #expect(!bench.verifies(again, old, bench.start + 31 * RingBench.day))
        #expect(try bench.files().contains("state.json"))
    }

    @Test("a key of the list whose file is gone is an error that names it, unless its time is over")
    func missing() throws {
        let ring = try bench.open()
        let old = try #require(bench.signing(ring, bench.start))
        _ = try ring.rotate(now: bench.start)
        let path = bench.keys + "/" + old + ".pem"
        try FileManager.default.removeItem(atPath: path)
        let found = try #require(bench.problem(at: bench.start + RingBench.day))
        #expect(found.kind == .missing)
        #expect(found.path == path)
        #expect(found.description.contains(old))
        #expect(bench.problem(at: bench.start + 31 * RingBench.day) == nil)
    }

    @Test("with a clock that has gone back, there is still a key that signs")
    func clockBack() throws {
        let first = bench.signing(try bench.open(), bench.start)
        let past = bench.start + -30 * RingBench.day
        let ring = try bench.open(at: past)
        #expect(bench.signing(ring, past) == first)
        #expect(ring.list(now: past).count == 1)
    }

    // MARK: Files that must not be used

    @Test(
        "a key that others may read is refused, and the error names file and mode",
        arguments: [0o644, 0o640, 0o604, 0o660, 0o602])
    func openToOthers(_ mode: Int) throws {
        let keyID = try #require(bench.signing(try bench.open(), bench.start))
        let path = bench.keys + "/" + keyID + ".pem"
        try bench.chmod(path, mode)
        let found = try #require(bench.problem())
        #expect(found == KeyFileError(path: path, kind: .openToOthers(mode: UInt32(mode))))
        #expect(found.description.contains(path))
        #expect(found.description.contains("0" + String(mode, radix: 8)))
        try bench.chmod(path, 0o600)
        #expect(bench.problem() == nil)
        try bench.chmod(path, 0o400)
        #expect(bench.problem() == nil)
    }

    @Test("a folder or list that others may read is refused")
    func openFolder() throws {
        _ = try bench.open()
        try bench.chmod(bench.keys, 0o755)
        #expect(bench.problem()?.kind == .openToOthers(mode: 0o755))
        #expect(bench.problem()?.path == bench.keys)
        try bench.chmod(bench.keys, 0o700)
        try bench.chmod(bench.keys + "/state.json", 0o644)
        #expect(bench.problem()?.path == bench.keys + "/state.json")
    }

    @Test("a file that holds no key, or another one, is refused by name")
    func wrongContents() throws {
        let keyID = try #require(bench.signing(try bench.open(), bench.start))
        let path = bench.keys + "/" + keyID + ".pem"
        let good = try Data(contentsOf: URL(fileURLWithPath: path))
        let other = SigningKey.generate()
        let contents: [(Data, KeyFileError.Kind)] = [
            (Data(), .noKey), (Data("x".utf8), .noKey), (good.dropLast(30), .noKey),
            (good + good, .noKey), (Data(repeating: 65, count: 100_000), .noKey),
            (Data(other.pem.utf8), .wrongName(keyID: other.keyID)),
        ]
        for (data, kind) in contents {
            try data.write(to: URL(fileURLWithPath: path))
            try bench.chmod(path, 0o600)
            #expect(bench.problem() == KeyFileError(path: path, kind: kind))
        }
    }

    @Test("a link, a pipe or a folder in a key's place is refused")
    func wrongType() throws {
        let keyID = try #require(bench.signing(try bench.open(), bench.start))
        let path = bench.keys + "/" + keyID + ".pem"
        let away = bench.folder.path + "/away.pem"
        try FileManager.default.moveItem(atPath: path, toPath: away)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: away)
        #expect(bench.problem() == KeyFileError(path: path, kind: .wrongType))
        try FileManager.default.removeItem(atPath: path)
        #expect(unsafe mkfifo(path, 0o600) == 0)
        #expect(bench.problem() == KeyFileError(path: path, kind: .wrongType))
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(bench.problem() == KeyFileError(path: path, kind: .wrongType))
    }

    static let badLists = [
        "", "{", "[]", "{}", #"{"version":2,"keys":[],"gone":[]}"#,
        #"{"version":1,"keys":{},"gone":[]}"#,
        #"{"version":1,"keys":[{}],"gone":[]}"#, #"{"version":1,"keys":[],"gone":[1]}"#,
        #"{"version":1,"keys":[{"kid":"a","created_at":"x","signs_from":"x","signs_until":null,"verifies_until":null}],"gone":[]}"#,
    ]

    @Test("a list that is not as it was written is refused by name", arguments: badLists)
    func badList(_ text: String) throws {
        _ = try bench.open()
        try Data(text.utf8).write(to: URL(fileURLWithPath: bench.keys + "/state.json"))
        try bench.chmod(bench.keys + "/state.json", 0o600)
        #expect(
            bench.problem() == KeyFileError(path: bench.keys + "/state.json", kind: .malformedState)
        )
    }

    @Test("where nothing can be written, a command changes nothing and names the path")
    func unwritable() throws {
        let ring = try bench.open()
        let keyID = try #require(bench.signing(ring, bench.start))
        let away = bench.folder.path + "/away"
        try FileManager.default.moveItem(atPath: bench.keys, toPath: away)
        #expect(throws: KeyRing.Failure.self) { try ring.rotate(now: bench.start) }
        #expect(throws: KeyRing.Failure.self) { try ring.retire(keyID, now: bench.start) }
        #expect(bench.signing(ring, bench.start) == keyID)
        #expect(ring.list(now: bench.start).count == 1)
        try FileManager.default.moveItem(atPath: away, toPath: bench.keys)
        #expect(try ring.rotate(now: bench.start) != keyID)
    }
}
