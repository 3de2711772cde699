// The client: a session in a file of the user's own, which several processes share.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Keeps the session in a file that only its owner can read (0600). Processes that use the same
/// file swap its tokens one after another, under a lock on the file of that name with `.lock` after
/// it (flock(2)).
///
/// The file is one JSON object. It is replaced as a whole, so that no reader sees half of it.
public struct FileSessionStore: SessionStore {
    /// The file cannot be used: its path, and why.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        public let description: String
    }

    /// How long another process may hold the lock.
    private static let lockTimeout: Duration = .seconds(30)

    private let path: String
    private let server: String?

    /// - Parameters:
    ///   - path: the file; it is made when there is something to keep. Its folder must be there.
    ///   - server: whose tokens they are, the server's address or issuer for one. What the file has
    ///     of another server is not used.
    public init(path: String, server: String? = nil) {
        self.path = path
        self.server = server
    }

    // MARK: Reading and writing

    /// - Throws: Failure where there is a file that cannot be read.
    public func load() async throws -> StoredSession? {
        guard let bytes = try read() else { return nil }
        guard let value = try? JSONValue(bytes.span) else {
            throw failure("is no session file")
        }
        if let server, value["server"]?.string != server { return nil }
        return session(value)
    }

    /// - Throws: Failure where the file cannot be written; what it held is still there then.
    public func save(_ session: StoredSession?) async throws {
        guard let session else {
            if unsafe unlink(path) != 0, errno != ENOENT {
                throw failure("cannot be removed", errno)
            }
            return
        }
        let text = value(session).text(indented: true) + "\n"
        try replace(Array(text.utf8))
    }

    private func read() throws(Failure) -> [UInt8]? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("cannot be opened", errno)
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 8_192)
        while bytes.count < 1 << 20 {
            let count = Self.read(file, &chunk, chunk.count)
            if count == 0 { return bytes }
            guard count > 0 else { throw failure("cannot be read", errno) }
            bytes.append(contentsOf: chunk[..<count])
        }
        throw failure("is too large for a session file")
    }

    private func replace(_ bytes: [UInt8]) throws(Failure) {
        let draft = path + ".\(getpid())-" + String(UInt32.random(in: 0 ... .max), radix: 36)
        let file = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("cannot be written", errno) }
        var written = 0
        while written < bytes.count {
            let count = Self.write(file, bytes, written)
            guard count > 0 else { break }
            written += count
        }
        let isWhole = written == bytes.count && fsync(file) == 0
        let number = errno
        close(file)
        guard isWhole, unsafe rename(draft, path) == 0 else {
            let why = isWhole ? errno : number
            _ = unsafe unlink(draft)
            throw failure("cannot be written", why)
        }
    }

    private static func read(_ file: Int32, _ chunk: inout [UInt8], _ count: Int) -> Int {
        unsafe chunk.withUnsafeMutableBytes { bytes in
            #if canImport(Glibc)
                unsafe Glibc.read(file, bytes.baseAddress, bytes.count)
            #else
                unsafe Darwin.read(file, bytes.baseAddress, bytes.count)
            #endif
        }
    }

    private static func write(_ file: Int32, _ bytes: [UInt8], _ from: Int) -> Int {
        unsafe bytes.withUnsafeBytes { bytes in
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[from...])
            #if canImport(Glibc)
                return unsafe Glibc.write(file, rest.baseAddress, rest.count)
            #else
                return unsafe Darwin.write(file, rest.baseAddress, rest.count)
            #endif
        }
    }

    private func failure(_ what: String, _ number: Int32? = nil) -> Failure {
        let why = number.map { unsafe ": " + String(cString: strerror($0)) } ?? ""
        return Failure(description: "\(path) \(what)\(why)")
    }

    // MARK: The lock

    /// - Throws: Failure where the lock cannot be had, CancellationError.
    public func exclusively<R: Sendable>(_ body: @Sendable () async -> R) async throws -> R {
        let lock = unsafe open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw failure("cannot be locked", errno) }
        // Closing the file gives the lock back.
        defer { close(lock) }
        let clock = ContinuousClock()
        let end = clock.now + Self.lockTimeout
        while flock(lock, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw failure("cannot be locked", errno)
            }
            guard clock.now < end else { throw failure("is locked by another process") }
            try await Task.sleep(for: .milliseconds(10))
        }
        return await body()
    }

    // MARK: Its JSON

    private func value(_ session: StoredSession) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("user_id", .string(session.userID.description)),
            .init("username", .string(session.username)),
            .init("session_id", .string(session.sessionID.description)),
            .init("access_token", .string(session.accessToken)),
            .init("access_expires_at", .string(session.accessExpiresAt.description)),
            .init("refresh_key", .string(session.refreshKey)),
        ]
        if let server { members.insert(.init("server", .string(server)), at: 0) }
        if let token = session.refreshToken {
            members.append(.init("refresh_token", .string(token)))
        }
        if let time = session.refreshExpiresAt {
            members.append(.init("refresh_expires_at", .string(time.description)))
        }
        return .object(members)
    }

    private func session(_ value: JSONValue) -> StoredSession? {
        guard let user = value["user_id"]?.string.flatMap({ UUIDv7($0) }),
            let session = value["session_id"]?.string.flatMap({ UUIDv7($0) }),
            let token = value["access_token"]?.string,
            let expires = value["access_expires_at"]?.string.flatMap({ Timestamp($0) }),
            let key = value["refresh_key"]?.string
        else { return nil }
        return StoredSession(
            userID: user, username: value["username"]?.string ?? "", sessionID: session,
            accessToken: token, accessExpiresAt: expires,
            refreshToken: value["refresh_token"]?.string,
            refreshExpiresAt: value["refresh_expires_at"]?.string.flatMap { Timestamp($0) },
            refreshKey: key)
    }
}
