// What the tests of the security room share: a folder, and a key ring in it.
internal import Foundation
internal import MuseBase
internal import MuseCrypto
internal import MuseService
internal import Testing

/// A folder that goes with its holder.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "muse-" + UUID().uuidString
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// A ring in a temporary folder, and what the tests ask of it.
struct RingBench {
    let folder = TemporaryFolder()
    let start = Timestamp(seconds: 1_800_000_000)
    static let minute: Int64 = 60_000
    static let day: Int64 = 86_400_000

    var keys: String { folder.path + "/keys" }

    func open(at now: Timestamp? = nil) throws -> KeyRing {
        try KeyRing(folder: keys, now: now ?? start)
    }

    func files() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: keys).sorted()
    }

    func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
    }

    func chmod(_ path: String, _ mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    func signing(_ ring: KeyRing, _ now: Timestamp) -> String? {
        ring.snapshot(now: now).keys.signing?.keyID
    }

    func verifies(_ ring: KeyRing, _ keyID: String, _ now: Timestamp) -> Bool {
        ring.snapshot(now: now).keys.key(id: keyID) != nil
    }

    func problem(at now: Timestamp? = nil) -> KeyFileError? {
        do {
            _ = try open(at: now)
            return nil
        } catch {
            return error as? KeyFileError
        }
    }
}
