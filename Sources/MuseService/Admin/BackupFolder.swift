// The rules' room: the folder of a backup: the database's copy and the keys. Called by
// admin.backup.
#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Why there is no backup.
enum BackupFailure: Error, Sendable {
    case exists
    case system(call: String, code: Int32)
}

enum BackupFolder {
    /// The database's name, in a data folder as in a backup.
    static let database = "mentalmuse.db"
    private static let keys = "keys"
    private static let keyBytesMax = 1 << 20

    /// Makes the folder, 0700; nobody else's is used.
    static func make(_ path: String) throws(BackupFailure) {
        guard unsafe mkdir(path, 0o700) == 0 else {
            throw errno == EEXIST ? .exists : .system(call: "mkdir", code: errno)
        }
    }

    /// Copies the keys beside the database's copy.
    /// - Returns: the bytes of both.
    static func finish(_ path: String, from data: String) throws -> Int {
        var status = stat()
        guard unsafe stat(path + "/" + database, &status) == 0 else {
            throw BackupFailure.system(call: "stat", code: errno)
        }
        var bytes = Int(status.st_size)
        try PrivateFiles.ensureFolder(path + "/" + keys)
        for name in try PrivateFiles.names(in: data + "/" + keys) where !name.hasPrefix(".") {
            let file = try PrivateFiles.read(data + "/" + keys + "/" + name, bytesMax: keyBytesMax)
            try PrivateFiles.write(file.bytes.span, to: name, in: path + "/" + keys)
            bytes += file.bytes.count
        }
        // The names of the folders themselves: a backup that was told of survives a power loss.
        try PrivateFiles.sync(path)
        try PrivateFiles.sync(path + "/..")
        return bytes
    }
}
