// The data: what stands on a data folder: the database brought up, the keys, the writer, the hash
// pool, and what all handlers share. Made by `serve`, and by the operator's commands where no
// server runs.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseJSON
internal import MuseOptions
internal import MuseSQL
internal import MuseSQLite
internal import MuseService
internal import MuseStore
internal import MuseTLS

/// The rooms below the handlers, opened over a data folder.
final class Backend: Sendable {
    let folder: DataFolder
    let shared: ServiceShared
    /// What the migrations did.
    let migration: MigrationReport
    private let writer: Writer

    /// Opens everything; a database of an older program is brought up, after a copy beside it.
    /// - Throws: one line for people; then nothing was altered, but for a migration that had
    ///   succeeded.
    init(
        _ folder: DataFolder, _ configuration: ServiceConfiguration,
        idempotencyKeysMax: Int = 10_000_000
    ) throws(CommandFailure) {
        self.folder = folder
        let driver = SQLiteDriver(path: folder.database)
        // Looked at before anything is made or changed: a newer database, an unreadable key.
        _ = try Self.migrating { () throws(MigrationError) in try Migrator(driver).status() }
        let keys: KeyRing
        do throws(KeyFileError) {
            keys = try KeyRing(folder: folder.keys, now: WallClock.system.now())
        } catch {
            throw CommandFailure(error.description)
        }
        migration = try Self.migrating { () throws(MigrationError) in try Migrator(driver).run() }
        var options = WriterOptions()
        options.queueMax = configuration.limits.writeQueueMax
        options.logBytesMax = configuration.limits.logBytesMax
        options.keys = KeyCensus(max: idempotencyKeysMax)
        do {
            writer = try Writer(
                driver, options: options, chores: [.deletions] + Housekeeping.chores(options.keys),
                greatestID: { (transaction) throws(SQLError) in try transaction.greatestID() })
            shared = try ServiceShared(
                configuration: configuration, writer: writer, keys: keys,
                hashes: HashPool(queueMax: configuration.limits.hashQueueMax))
        } catch {
            throw CommandFailure("\(folder.database): \(error)")
        }
    }

    /// Runs what migrates.
    static func migrating<R>(
        _ body: () throws(MigrationError) -> R
    ) throws(CommandFailure) -> R {
        do throws(MigrationError) {
            return try body()
        } catch {
            throw CommandFailure(error.description)
        }
    }

    /// The versions of the libraries in use.
    static func libraries() -> [LibraryVersion] {
        let parts = SQLiteDriver(path: "").libraryVersion.split(separator: " ", maxSplits: 1)
        return [
            LibraryVersion(
                name: parts.first.map(String.init) ?? "SQLite",
                version: parts.count > 1 ? String(parts[1]) : ""),
            LibraryVersion(name: CryptoLibrary.name, version: CryptoLibrary.version),
            LibraryVersion(name: TLSLibrary.name, version: TLSLibrary.version),
        ]
    }

    /// Ends the writer: what is queued is done, the log goes into the database. The readers should
    /// be closed.
    func close() {
        writer.shutdown()
    }
}

extension ServiceConfiguration {
    /// From the options of `serve`.
    /// - Parameter isLoopbackOnly: whether registrations and writes are not counted unless that was
    ///   asked for.
    init(_ settings: Settings, isLoopbackOnly: Bool) throws(CommandFailure) {
        var limits = settings.limits()
        if isLoopbackOnly, !settings.isGiven(ServeOptions.writesPerMinute) {
            limits.writesPerMinuteMax = 0
        }
        if isLoopbackOnly, !settings.isGiven(ServeOptions.registrationsPerHour) {
            limits.registrationsPerHourMax = 0
        }
        self.init(limits: limits)
        // A limit of 0 counts nothing; whether it is 0 has been settled above.
        self.isLoopbackOnly = false
        tokens = TokenPolicy(
            issuer: settings.text(ServeOptions.issuer) ?? "",
            audience: settings.text(ServeOptions.audience) ?? "")
        passwords = PasswordParameters(
            opsLimit: settings.int(ServeOptions.argonPasses),
            memoryKiB: settings.int(ServeOptions.argonMemory))
        guard passwords.isUsable else {
            throw CommandFailure(
                UsageError("--argon2-memory-kib and --argon2-passes: Argon2id does not work so"))
        }
        isPrivate = settings.isOn(ServeOptions.isPrivate)
        isRegistrationOpen = settings.text(ServeOptions.registration) == "open"
        accessSeconds = settings.int(ServeOptions.accessSeconds)
        refreshGraceSeconds = settings.int(ServeOptions.refreshGrace)
        dataFolder = settings.text(ServeOptions.data) ?? ""
        version = Program.version
        libraries = Backend.libraries()
    }
}

extension Settings {
    /// All bounds in force: the table's rows are the members of `Limits`.
    func limits() -> Limits {
        let members = ServeOptions.limits.map {
            JSONValue.Member($0.key, .number(String(int($0))))
        }
        let text = JSONValue.object(members).text()
        var reader = JSONReader(position: 0, end: text.utf8.count)
        guard let limits = try? Limits(text.utf8.span, &reader) else {
            preconditionFailure("the option table and the schema's limits differ")
        }
        return limits
    }
}
