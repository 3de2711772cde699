// The command `restore`: a data folder from a backup.
internal import Glibc
internal import MuseOptions
internal import MuseSQL
internal import MuseSQLite
internal import MuseStore

/// `mentalmuse restore FROM --data NEW [--keep-sessions]`.
enum RestoreCommand {
    private static let keepSessions = Option(
        "keep-sessions", .flag, "false", in: .general,
        "Let the sessions of the backup go on: also those that were ended after it was made.",
        reach: .flagOnly)

    static let command = Command(
        path: ["restore"], summary: "Make a data folder from a backup.",
        details: [
            "The data folder must be empty or missing. All sessions end, since the backup may know some "
                + "that were ended after it was made; --keep-sessions keeps them.",
            MigrateCommands.alone,
        ],
        operands: ["FROM"], options: [keepSessions] + ServeOptions.folder,
        table: ServeOptions.all + [keepSessions],
        examples: ["mentalmuse restore /var/backups/mentalmuse-monday --data mentalmuse-data"],
        run: { (input) throws(CommandFailure) in
            let source = try input.operand(0)
            let target = input.settings.text(ServeOptions.data) ?? ""
            try check(source, target)
            let folder = try DataFolder.open(target, makes: true)
            do throws(CommandFailure) {
                try copy(source, to: folder)
                if !input.settings.isOn(keepSessions) { try endSessions(folder) }
            } catch {
                discard(folder)
                throw error
            }
            Output.line("\(target) is ready")
        })

    /// The backup is one, and the target is empty.
    private static func check(_ source: String, _ target: String) throws(CommandFailure) {
        do throws(SystemError) {
            guard try Files.status(DataFolder.database(source)) != nil else {
                throw SystemError("find a backup in \(source)", code: ENOENT)
            }
            guard try Files.status(target) != nil else { return }
            let names = try Files.names(in: target).filter { $0 != "lock" && $0 != "lost+found" }
            guard names.isEmpty else {
                throw SystemError("restore into \(target)", code: ENOTEMPTY)
            }
        } catch {
            throw CommandFailure(error.message)
        }
    }

    private static func copy(_ source: String, to folder: DataFolder) throws(CommandFailure) {
        let driver = SQLiteDriver(path: DataFolder.database(source))
        // A reader makes them, and the backup is to stay as it was.
        let sides = ["-shm", "-wal"].map { driver.path + $0 }
            .filter { ((try? Files.status($0)) ?? nil) == nil }
        defer { for side in sides { _ = unsafe unlink(side) } }
        _ = try Backend.migrating { () throws(MigrationError) in try Migrator(driver).status() }
        do throws(SQLError) {
            let connection = try driver.open(.reader)
            let backup = try connection.backup(to: folder.database)
            while try !backup.step(pages: 1_024) {}
            connection.close()
        } catch {
            throw CommandFailure("\(driver.path): \(error)")
        }
        do throws(SystemError) {
            try Files.makeFolder(folder.keys)
            for name in try Files.names(in: source + "/keys") {
                let bytes = try Files.read(source + "/keys/" + name, most: 1 << 20)
                try Files.replace(folder.keys + "/" + name, with: bytes)
            }
            try Files.syncFolder(of: folder.keys)
        } catch {
            throw CommandFailure(error.message)
        }
    }

    private static func endSessions(_ folder: DataFolder) throws(CommandFailure) {
        let driver = SQLiteDriver(path: folder.database)
        do throws(SQLError) {
            let connection = try driver.open(.writer)
            defer { connection.close() }
            try connection.beginWrite()
            try connection.execute("DELETE FROM sessions")
            try connection.commit()
            try connection.checkpoint(.truncate)
        } catch {
            throw CommandFailure("\(driver.path): \(error)")
        }
    }

    /// Leaves nothing of a restore that failed.
    private static func discard(_ folder: DataFolder) {
        for suffix in ["", "-wal", "-shm", ".partial"] {
            _ = unsafe unlink(folder.database + suffix)
        }
        for name in (try? Files.names(in: folder.keys)) ?? [] {
            _ = unsafe unlink(folder.keys + "/" + name)
        }
        _ = unsafe rmdir(folder.keys)
        folder.discardIfNew()
    }
}
