// The data: the folder that a server works on, and the lock that says who has it.
internal import Glibc
internal import MuseOptions

/// A data folder, held by its lock until it is released.
///
/// `mentalmuse.db` (with `-wal`, `-shm`), `keys/`, `lock`, `admin.sock`; the folder is 0700 and its
/// owner's.
final class DataFolder: Sendable {
    let path: String
    /// Whether this run made it.
    let isNew: Bool
    private let lock: FileLock

    var database: String { Self.database(path) }
    var keys: String { path + "/keys" }
    var socket: String { Self.socket(path) }

    static func database(_ path: String) -> String { path + "/mentalmuse.db" }
    static func socket(_ path: String) -> String { path + "/admin.sock" }
    private static func lock(_ path: String) -> String { path + "/lock" }

    private init(path: String, isNew: Bool, lock: consuming FileLock) {
        self.path = path
        self.isNew = isNew
        self.lock = lock
    }

    /// Takes the folder.
    /// - Parameter makes: whether it is made where it is missing.
    /// - Throws: one line for people: it is missing, not ours, open to others, or another has it.
    static func open(_ path: String, makes: Bool) throws(CommandFailure) -> DataFolder {
        guard let folder = try openUnlessHeld(path, makes: makes) else {
            let holder = (try? Files.read(lock(path), most: 32))
                .map { Text.trimmed(String(decoding: $0.filter { $0 != 10 }, as: UTF8.self)) }
            let who = holder.flatMap { $0.isEmpty ? nil : " (process \($0))" } ?? ""
            throw CommandFailure("\(path): another process has this data folder\(who)")
        }
        return folder
    }

    /// Takes the folder; nil where another process has it.
    static func openUnlessHeld(
        _ path: String, makes: Bool
    ) throws(CommandFailure) -> DataFolder? {
        let isNew = try made(path, makes)
        if let offence = try offence(path) { throw CommandFailure(offence) }
        do throws(SystemError) {
            guard let taken = try FileLock.take(lock(path), waits: false) else { return nil }
            taken.write("\(getpid())\n")
            return DataFolder(path: path, isNew: isNew, lock: taken)
        } catch {
            throw CommandFailure(error.message)
        }
    }

    /// Makes the folder where it is missing and may be made.
    private static func made(_ path: String, _ makes: Bool) throws(CommandFailure) -> Bool {
        do throws(SystemError) {
            guard try Files.status(path) == nil else { return false }
            guard makes else {
                throw SystemError("use the data folder \(path)", code: ENOENT)
            }
            guard unsafe mkdir(path, 0o700) == 0 else {
                throw SystemError("make the data folder \(path)")
            }
            // Or all that is in it could be gone after a power loss.
            try Files.syncFolder(of: path)
            return true
        } catch {
            throw CommandFailure(error.message)
        }
    }

    /// Why the folder is not fit to hold secrets; nil where it is.
    private static func offence(_ path: String) throws(CommandFailure) -> String? {
        guard let status = try? Files.status(path), status.isFolder else {
            return "\(path): is no folder"
        }
        guard status.owner == geteuid() else {
            return "\(path): belongs to another user (uid \(status.owner))"
        }
        guard status.mode & 0o077 == 0 else {
            let mode = String(status.mode & 0o777, radix: 8)
            return "\(path): others may use it (mode 0\(mode)); 'chmod 700 \(path)' ends that"
        }
        guard unsafe access(path, R_OK | W_OK | X_OK) == 0 else {
            return "\(path): cannot be written"
        }
        return nil
    }

    /// Takes back a folder that this run made, where nothing was kept in it.
    func discardIfNew() {
        guard isNew else { return }
        for name in ["/admin.sock", "/lock"] { _ = unsafe unlink(path + name) }
        _ = unsafe rmdir(path)
    }
}
