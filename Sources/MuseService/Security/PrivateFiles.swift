// The service's security room: small files that hold secrets. Called by the key ring alone.
#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Why a file of the key ring cannot be used: always with its path, never with what is in it.
package struct KeyFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong.
    package enum Kind: Sendable, Equatable {
        /// A system call failed; `code` is errno.
        case system(call: String, code: Int32)
        /// Group or others may read, write or enter it; the mode's lower nine bits.
        case openToOthers(mode: UInt32)
        /// It belongs to another user.
        case foreignOwner(uid: UInt32)
        /// No regular file, or no folder: a link, a pipe.
        case wrongType
        /// No private key in the one form that is taken.
        case noKey
        /// The key in it has another id than its name says.
        case wrongName(keyID: String)
        /// The list of keys is not as it was written.
        case malformedState
        /// The list of keys names it, and it is not there.
        case missing
    }

    package let path: String
    package let kind: Kind

    package init(path: String, kind: Kind) {
        self.path = path
        self.kind = kind
    }

    package var description: String {
        switch kind {
        case .system(let call, let code): "\(path): \(call) failed: \(Self.text(code))"
        case .openToOthers(let mode):
            "\(path): others may use it (mode 0\(String(mode, radix: 8))): chmod go= it, "
                + "and retire the key if somebody may have read it"
        case .foreignOwner(let uid): "\(path): it belongs to another user (uid \(uid))"
        case .wrongType: "\(path): it is no regular file or folder"
        case .noKey: "\(path): it holds no Ed25519 private key in PKCS #8 PEM"
        case .wrongName(let keyID): "\(path): it holds the key \(keyID), whose name it should bear"
        case .malformedState: "\(path): it is not the list of keys that was written"
        case .missing: "\(path): it is gone; put it back, or take it out of state.json"
        }
    }

    private static func text(_ code: Int32) -> String {
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }
}

/// Files that their owner alone may use: 0600, in a folder of 0700.
enum PrivateFiles {
    /// Makes the folder, or checks that it is ours alone.
    static func ensureFolder(_ path: String) throws(KeyFileError) {
        if unsafe mkdir(path, 0o700) != 0, errno != EEXIST { throw failure(path, "mkdir") }
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { throw failure(path, "lstat") }
        try check(path, status, type: S_IFDIR)
    }

    /// The names in a folder, in order.
    static func names(in folder: String) throws(KeyFileError) -> [String] {
        guard let handle = unsafe opendir(folder) else { throw failure(folder, "opendir") }
        defer { unsafe closedir(handle) }
        var names: [String] = []
        while let entry = unsafe readdir(handle) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// The bytes of a file that is ours alone, and when it was written (milliseconds since 1970).
    /// The caller wipes them.
    static func read(
        _ path: String, bytesMax: Int
    ) throws(KeyFileError) -> (bytes: [UInt8], modified: Int64) {
        let file = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            // ELOOP: a link, which O_NOFOLLOW does not open.
            if errno == ELOOP { throw KeyFileError(path: path, kind: .wrongType) }
            throw failure(path, "open")
        }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { throw failure(path, "fstat") }
        try check(path, status, type: S_IFREG)
        var bytes = [UInt8](repeating: 0, count: bytesMax)
        var count = 0
        while count < bytesMax {
            let room = bytesMax - count
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Libc.read(file, buffer.baseAddress.map { unsafe $0 + count }, room)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw failure(path, "read") }
            if got == 0 { break }
            count += got
        }
        bytes.removeLast(bytesMax - count)
        return (bytes, modified(status))
    }

    /// Puts a file in place, whole or not at all: written beside it, synced, renamed, and the
    /// folder synced.
    static func write(
        _ bytes: Span<UInt8>, to name: String, in folder: String
    ) throws(KeyFileError) {
        let path = folder + "/" + name
        let draft = folder + "/." + name + draftSuffix
        _ = unsafe unlink(draft)
        let file = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure(draft, "open") }
        do throws(KeyFileError) {
            defer { close(file) }
            guard fchmod(file, 0o600) == 0 else { throw failure(draft, "fchmod") }
            try writeAll(bytes, file, draft)
            guard fsync(file) == 0 else { throw failure(draft, "fsync") }
        } catch {
            _ = unsafe unlink(draft)
            throw error
        }
        guard unsafe rename(draft, path) == 0 else { throw failure(path, "rename") }
        try sync(folder)
    }

    /// What a draft's name ends in; one that is found was left by a crash.
    static let draftSuffix = ".draft"

    /// Takes a file away; none being there is no error.
    static func remove(_ name: String, in folder: String) throws(KeyFileError) {
        let path = folder + "/" + name
        if unsafe unlink(path) != 0, errno != ENOENT { throw failure(path, "unlink") }
        try sync(folder)
    }

    private static func writeAll(
        _ bytes: Span<UInt8>, _ file: Int32, _ path: String
    ) throws(KeyFileError) {
        var offset = 0
        while offset < bytes.count {
            let rest = bytes.extracting(offset..<bytes.count)
            let written = unsafe rest.withUnsafeBytes {
                unsafe Libc.write(file, $0.baseAddress, $0.count)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw failure(path, "write") }
            offset += written
        }
    }

    /// Makes the names in a folder durable.
    static func sync(_ folder: String) throws(KeyFileError) {
        let handle = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard handle >= 0 else { throw failure(folder, "open") }
        defer { close(handle) }
        guard fsync(handle) == 0 else { throw failure(folder, "fsync") }
    }

    private static func check(
        _ path: String, _ status: stat, type: mode_t
    ) throws(KeyFileError) {
        guard status.st_mode & S_IFMT == type else {
            throw KeyFileError(path: path, kind: .wrongType)
        }
        guard status.st_uid == geteuid() else {
            throw KeyFileError(path: path, kind: .foreignOwner(uid: status.st_uid))
        }
        guard status.st_mode & 0o077 == 0 else {
            throw KeyFileError(
                path: path, kind: .openToOthers(mode: UInt32(status.st_mode) & 0o777))
        }
    }

    private static func modified(_ status: stat) -> Int64 {
        #if canImport(Glibc)
            Int64(status.st_mtim.tv_sec) * 1_000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
        #else
            Int64(status.st_mtimespec.tv_sec) * 1_000 + Int64(status.st_mtimespec.tv_nsec)
                / 1_000_000
        #endif
    }

    private static func failure(_ path: String, _ call: String) -> KeyFileError {
        KeyFileError(path: path, kind: .system(call: call, code: errno))
    }
}

/// The C functions whose names this room uses for its own.
private enum Libc {
    static func read(_ file: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
            unsafe Glibc.read(file, bytes, count)
        #else
            unsafe Darwin.read(file, bytes, count)
        #endif
    }

    static func write(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
            unsafe Glibc.write(file, bytes, count)
        #else
            unsafe Darwin.write(file, bytes, count)
        #endif
    }
}
