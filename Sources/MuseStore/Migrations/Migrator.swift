// The store room: brings a database up to this program. `serve` runs it before the writer starts;
// `migrate` shows and runs it. Nobody else may have the database open meanwhile.
package import MuseBase
package import MuseSQL

/// Why a database is not brought up. Nothing was changed in it by the step that failed.
package enum MigrationError: Error, Sendable, CustomStringConvertible {
    /// The database was written by a newer program.
    case newer(database: Int, program: Int)
    /// The file belongs to another program, or is no database.
    case foreign(path: String)
    /// The file is ours, and not whole.
    case damaged(path: String, SQLError)
    /// A migration that was applied has another text in this program.
    case altered(number: Int, name: String)
    /// The record of what was applied has a gap.
    case incomplete(number: Int)
    /// The copy that is made before cannot be made.
    case noCopy(path: String, SQLError)
    /// A migration does not run.
    case failed(number: Int, SQLError)
    case database(SQLError)

    package var description: String {
        switch self {
        case .newer(let database, let program):
            "the database is at migration \(database), this program knows \(program): use a newer program"
        case .foreign(let path): "\(path) is not a database of MentalMuse; it is left as it is"
        case .damaged(let path, let error): "\(path) is damaged, restore a backup: \(error)"
        case .altered(let number, let name):
            "migration \(number) (\(name)) was applied with another text than this program has"
        case .incomplete(let number): "migration \(number) is missing in the database's own record"
        case .noCopy(let path, let error): "no copy can be made at \(path): \(error)"
        case .failed(let number, let error): "migration \(number) failed: \(error)"
        case .database(let error): error.description
        }
    }
}

/// How far a database is.
package struct MigrationStatus: Sendable {
    package struct Applied: Sendable {
        package let number: Int
        package let name: String
        package let appliedAt: Timestamp
        package let checksum: String
    }

    package var applied: [Applied] = []
    /// What `run` would do, in order.
    package var pending: [Migration] = []
}

/// What a run did.
package struct MigrationReport: Sendable {
    /// The numbers applied, in order.
    package var applied: [Int] = []
    /// Where the database's copy of before is; nil: it was new or up to date.
    package var copy: String?
}

/// Runs migrations.
package struct Migrator: Sendable {
    private let driver: any SQLDriver
    private let migrations: [Migration]
    private let clock: WallClock

    package init(
        _ driver: any SQLDriver, migrations: [Migration] = Migration.all, clock: WallClock = .system
    ) {
        self.driver = driver
        self.migrations = migrations
        self.clock = clock
        for (index, migration) in migrations.enumerated() {
            precondition(migration.number == index + 1, "migrations are numbered without gaps")
        }
    }

    /// How far the database is; changes nothing, makes nothing.
    package func status() throws(MigrationError) -> MigrationStatus {
        guard driver.exists else { return MigrationStatus(applied: [], pending: migrations) }
        let connection = try open(.reader)
        defer { connection.close() }
        return try status(connection)
    }

    /// Applies what is pending, each migration in a transaction of its own. Where the database
    /// holds something already, a consistent copy is made first, beside it, named by the first
    /// migration that follows.
    package func run() throws(MigrationError) -> MigrationReport {
        let isOld = driver.exists
        let connection = try open(.writer)
        defer { connection.close() }
        let status = try status(connection)
        var report = MigrationReport()
        guard let first = status.pending.first else { return report }
        if isOld, !status.applied.isEmpty {
            let path = "\(driver.path).before-\(first.number)"
            do throws(SQLError) {
                let backup = try connection.backup(to: path)
                while try !backup.step(pages: 1_024) {}
            } catch {
                throw .noCopy(path: path, error)
            }
            report.copy = path
        }
        for migration in status.pending {
            do throws(SQLError) {
                try apply(migration, connection)
            } catch {
                throw .failed(number: migration.number, error)
            }
            report.applied.append(migration.number)
        }
        do throws(SQLError) {
            try connection.checkpoint(.truncate)
        } catch {
            throw .database(error)
        }
        return report
    }

    private func open(_ role: SQLRole) throws(MigrationError) -> any SQLConnection {
        do throws(SQLError) {
            return try driver.open(role)
        } catch {
            throw refusal(error)
        }
    }

    private func refusal(_ error: SQLError) -> MigrationError {
        switch error.kind {
        case .foreign: .foreign(path: driver.path)
        case .corrupt: .damaged(path: driver.path, error)
        default: .database(error)
        }
    }

    private func status(_ connection: any SQLConnection) throws(MigrationError) -> MigrationStatus {
        var status = MigrationStatus()
        do throws(SQLError) {
            status.applied = try applied(connection)
        } catch {
            throw refusal(error)
        }
        for (index, row) in status.applied.enumerated() {
            guard row.number == index + 1 else { throw .incomplete(number: index + 1) }
            guard index < migrations.count else {
                throw .newer(database: status.applied.count, program: migrations.count)
            }
            guard row.checksum == migrations[index].checksum else {
                throw .altered(number: row.number, name: row.name)
            }
        }
        status.pending = Array(migrations.dropFirst(status.applied.count))
        return status
    }

    private func applied(
        _ connection: any SQLConnection
    ) throws(SQLError) -> [MigrationStatus.Applied] {
        let table = try connection.prepare(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'")
        guard try table.step(), table.int(0) > 0 else { return [] }
        let rows = try connection.prepare(
            "SELECT number, name, applied_at, checksum FROM migrations ORDER BY number")
        var applied: [MigrationStatus.Applied] = []
        while try rows.step() {
            applied.append(
                MigrationStatus.Applied(
                    number: Int(rows.int(0)), name: rows.text(1), appliedAt: rows.time(2),
                    checksum: rows.text(3)))
        }
        return applied
    }

    private func apply(
        _ migration: Migration, _ connection: any SQLConnection
    ) throws(SQLError) {
        try connection.beginWrite()
        do throws(SQLError) {
            try connection.execute(
                """
                CREATE TABLE IF NOT EXISTS migrations(
                    number INTEGER PRIMARY KEY,
                    name TEXT NOT NULL,
                    applied_at INTEGER NOT NULL,
                    checksum TEXT NOT NULL
                ) STRICT;
                """)
            try connection.execute(migration.sql)
            let record = try connection.prepare("INSERT INTO migrations VALUES(?, ?, ?, ?)")
            record.bind(1, Int64(migration.number))
            record.bind(2, text: migration.name)
            record.bind(3, clock.now())
            record.bind(4, text: migration.checksum)
            try record.run()
            // Inside the transaction: it is a field of the first page.
            try connection.execute("PRAGMA user_version=\(migration.number)")
            try connection.commit()
        } catch {
            // The rollback's own failure would only hide what went wrong.
            try? connection.rollback()
            throw error
        }
    }
}
