// The system: files, folders and locks.
internal import Glibc
internal import MuseOptions

/// Whole files and folders.
enum Files {
    /// What is at a path.
    struct Status {
        let isFolder: Bool
        let mode: UInt32
        let owner: UInt32
        let bytes: Int
    }

    /// What is at the path; nil where nothing is.
    static func status(_ path: String) throws(SystemError) -> Status? {
        var info = stat()
        guard unsafe stat(path, &info) == 0 else {
            if errno == ENOENT { return nil }
            throw SystemError("look at \(path)")
        }
        return Status(
            isFolder: info.st_mode & S_IFMT == S_IFDIR, mode: UInt32(info.st_mode & 0o7777),
            owner: info.st_uid, bytes: Int(info.st_size))
    }

    /// A whole file of at most `most` bytes.
    static func read(_ path: String, most: Int = 16 << 20) throws(SystemError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("read \(path)") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while true {
            guard let chunk = Descriptor.readSome(descriptor, most: 1 << 16) else {
                throw SystemError("read \(path)")
            }
            if chunk.isEmpty { return bytes }
            bytes += chunk
            guard bytes.count <= most else { throw SystemError("read \(path)", code: EFBIG) }
        }
    }

    /// The bytes of a config file.
    static func config(_ path: String) throws(UsageError) -> [UInt8] {
        do throws(SystemError) {
            return try read(path, most: 1 << 20)
        } catch {
            throw UsageError(error.message)
        }
    }

    /// Replaces a whole file, or makes it: after a crash the old one or the new one is there.
    static func replace(
        _ path: String, with bytes: [UInt8], mode: UInt32 = 0o600
    ) throws(SystemError) {
        let draft = "\(path).\(getpid()).tmp"
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW
        let descriptor = unsafe open(draft, flags, mode_t(mode))
        guard descriptor >= 0 else { throw SystemError("make \(draft)") }
        let isWritten = Descriptor.writeAll(descriptor, bytes) && fsync(descriptor) == 0
        let code = errno
        close(descriptor)
        guard isWritten else {
            _ = unsafe unlink(draft)
            throw SystemError("write \(draft)", code: code)
        }
        guard unsafe rename(draft, path) == 0 else {
            let code = errno
            _ = unsafe unlink(draft)
            throw SystemError("replace \(path)", code: code)
        }
        try syncFolder(of: path)
    }

    /// Makes the names in the folder of `path` durable.
    static func syncFolder(of path: String) throws(SystemError) {
        let folder = parent(path)
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open \(folder)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemError("sync \(folder)") }
    }

    /// Makes a folder and those above it that are missing.
    static func makeFolder(_ path: String, mode: UInt32 = 0o700) throws(SystemError) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/" + part
            if unsafe mkdir(made, mode_t(mode)) != 0, errno != EEXIST {
                throw SystemError("make the folder \(path)")
            }
        }
    }

    /// A new folder that only this user can enter, in the temporary directory.
    /// - Parameter name: how its name begins.
    static func makeTemporaryFolder(_ name: String) throws(SystemError) -> String {
        let parent = Environment.value("TMPDIR") ?? "/tmp"
        var pattern = Array((parent + "/" + name + "-XXXXXX").utf8CString)
        guard unsafe mkdtemp(&pattern) != nil else {
            throw SystemError("make a folder in \(parent)")
        }
        return String(
            decoding: pattern.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The names in a folder, but `.` and `..`.
    static func names(in folder: String) throws(SystemError) -> [String] {
        guard let open = unsafe opendir(folder) else { throw SystemError("read \(folder)") }
        defer { unsafe closedir(open) }
        var names: [String] = []
        while let entry = unsafe readdir(open) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a folder and all in it, as far as that goes; links are removed, not followed.
    static func removeAll(_ path: String) {
        var folders = [path]
        var emptied: [String] = []
        while let folder = folders.popLast() {
            emptied.append(folder)
            for name in (try? names(in: folder)) ?? [] {
                let inner = folder + "/" + name
                if unsafe unlink(inner) != 0, errno == EISDIR || errno == EPERM {
                    folders.append(inner)
                }
            }
        }
        for folder in emptied.reversed() { _ = unsafe rmdir(folder) }
    }

    /// The path of this program.
    static func ownProgram() throws(SystemError) -> String {
        var room = [CChar](repeating: 0, count: 4_096)
        let count = unsafe readlink("/proc/self/exe", &room, room.count)
        guard count > 0 else { throw SystemError("read /proc/self/exe") }
        return String(decoding: room[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Where relative paths start; nil where it has gone.
    static func workingFolder() -> String? {
        var room = [CChar](repeating: 0, count: 4_096)
        guard let found = unsafe getcwd(&room, room.count) else { return nil }
        return unsafe String(cString: found)
    }

    /// The folder that a path is in.
    static func parent(_ path: String) -> String {
        var path = path
        while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

/// A lock on a file (flock(2)), held until it goes.
struct FileLock: ~Copyable {
    private let descriptor: Int32

    /// Opens or makes the file and locks it.
    /// - Returns: nil where another holds it and `waits` is false.
    static func take(_ path: String, waits: Bool) throws(SystemError) -> FileLock? {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
        while flock(descriptor, waits ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            if code == EINTR { continue }
            close(descriptor)
            if code == EWOULDBLOCK { return nil }
            throw SystemError("lock \(path)", code: code)
        }
        return FileLock(descriptor: descriptor)
    }

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Says in the file who holds it: for messages alone.
    borrowing func write(_ text: String) {
        guard ftruncate(descriptor, 0) == 0 else { return }
        _ = Descriptor.writeAll(descriptor, Array(text.utf8))
    }

    /// Lets others have it, now rather than at the end of a scope that the compiler chooses.
    consuming func release() {}

    deinit {
        close(descriptor)
    }
}
