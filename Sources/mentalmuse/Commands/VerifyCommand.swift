// The command `verify`: whether a database agrees with itself. It takes the data folder's lock.
internal import MuseBase
internal import MuseOptions
internal import MuseSQL
internal import MuseSQLite
internal import MuseService
internal import MuseStore

/// `mentalmuse verify`.
enum VerifyCommand {
    private static let quick = Option(
        "quick", .flag, "false", in: .general,
        "Leave out that indexes agree with their tables.", reach: .flagOnly)

    static let command = Command(
        path: ["verify"],
        summary: "Check the database against itself: its pages, its counts, its references.",
        details: [
            "Everything is read. One line for each fault, and exit status 1 where "
                + "there is one.",
            MigrateCommands.alone,
        ],
        options: [quick] + ServeOptions.folder, table: ServeOptions.all + [quick],
        run: { (input) throws(CommandFailure) in
            let folder = try DataFolder.open(
                input.settings.text(ServeOptions.data) ?? "", makes: false)
            let faults = try faults(folder, quick: input.settings.isOn(quick))
            for fault in faults { Output.line(fault) }
            guard faults.isEmpty else {
                throw CommandFailure("\(folder.database): \(faults.count) faults")
            }
            Output.line("\(folder.database): no faults")
        })

    private static func faults(
        _ folder: DataFolder, quick: Bool
    ) throws(CommandFailure) -> [String] {
        let driver = SQLiteDriver(path: folder.database)
        guard driver.exists else { throw CommandFailure("\(folder.database): is not there") }
        let status = try Backend.migrating { () throws(MigrationError) in
            try Migrator(driver).status()
        }
        guard status.pending.isEmpty else {
            throw CommandFailure(
                "\(folder.database): is older than this program; 'mentalmuse migrate run' brings it up"
            )
        }
        do {
            let connection = try driver.open(.reader)
            let found = try connection.faults(quick: quick)
            connection.close()
            guard found.isEmpty else { return found }
            let writer = try Writer(driver)
            defer { writer.shutdown() }
            let store = try Store(writer)
            defer { store.close() }
            return try store.read { transaction in
                let counts = try transaction.wrongCounts().map {
                    "\($0.name): \($0.rows) rows have another count than they have rows"
                }
                let references = try transaction.brokenReferences().map {
                    "\($0.name): \($0.rows) rows"
                }
                return counts + references
            }
        } catch {
            throw CommandFailure("\(folder.database): \(error)")
        }
    }
}
