// The commands `migrate …`: the shape of the database. They take the data folder's lock themselves.
internal import MuseOptions
internal import MuseSQLite
internal import MuseStore

/// `mentalmuse migrate status | plan | run`.
enum MigrateCommands {
    static let commands: [Command] = [status, plan, run]

    private static let status = Command(
        path: ["migrate", "status"], summary: "Show which migrations the database has.",
        details: [alone], options: ServeOptions.folder, table: ServeOptions.all,
        run: { (input) throws(CommandFailure) in
            try withMigrator(input) { (migrator, _) throws(CommandFailure) in
                let status = try Backend.migrating { () throws(MigrationError) in
                    try migrator.status()
                }
                for applied in status.applied {
                    Output.line("\(applied.number)  \(applied.name)  applied \(applied.appliedAt)")
                }
                for pending in status.pending {
                    Output.line("\(pending.number)  \(pending.name)  pending")
                }
            }
        })

    private static let plan = Command(
        path: ["migrate", "plan"], summary: "Show the SQL that 'migrate run' would run.",
        details: [alone], options: ServeOptions.folder, table: ServeOptions.all,
        run: { (input) throws(CommandFailure) in
            try withMigrator(input) { (migrator, _) throws(CommandFailure) in
                let status = try Backend.migrating { () throws(MigrationError) in
                    try migrator.status()
                }
                if status.pending.isEmpty { Output.line("-- nothing to do") }
                for pending in status.pending {
                    Output.line("-- \(pending.number) \(pending.name)\n\(pending.sql)")
                }
            }
        })

    private static let run = Command(
        path: ["migrate", "run"], summary: "Bring the database up, after a copy beside it.",
        details: ["'serve' does the same at its start.", alone], options: ServeOptions.folder,
        table: ServeOptions.all,
        run: { (input) throws(CommandFailure) in
            try withMigrator(input) { (migrator, _) throws(CommandFailure) in
                let report = try Backend.migrating { () throws(MigrationError) in
                    try migrator.run()
                }
                if let copy = report.copy { Output.line("the database of before is \(copy)") }
                let numbers = report.applied.map(String.init).joined(separator: ", ")
                Output.line(numbers.isEmpty ? "nothing to do" : "applied: \(numbers)")
            }
        })

    /// What `migrate`, `restore` and `verify` say of running servers.
    static let alone = "No server may have the data folder meanwhile."

    private static func withMigrator(
        _ input: CommandInput,
        _ body: (Migrator, DataFolder) throws(CommandFailure) -> Void
    ) throws(CommandFailure) {
        let folder = try DataFolder.open(
            input.settings.text(ServeOptions.data) ?? "", makes: false)
        try body(Migrator(SQLiteDriver(path: folder.database)), folder)
    }
}
