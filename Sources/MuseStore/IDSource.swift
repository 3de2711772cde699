// The store room: ids that rise in commit order and never go back, whatever the clock does. The
// writer owns the one source.
internal import MuseBase
internal import MuseSQL

/// Makes the writer's ids, and remembers in the database how far they have come.
///
/// At the start they follow the greatest id that the tables hold and the mark, which is written
/// about once a second of id time, so that also ids whose rows have gone are not made again when
/// the clock went back.
final class IDSource {
    private var generator: UUIDv7Generator
    private let random: RandomSource
    /// The time of the last id made.
    private var last: Int64
    /// The time that the committed mark tells, and that of the one being committed.
    private var marked: Int64
    private var marking: Int64

    /// - Parameter greatest: asks the domain tables for their greatest id.
    init(
        _ connection: any SQLConnection, random: RandomSource,
        greatest: (StoreTransaction) throws(SQLError) -> UUIDv7?
    ) throws(SQLError) {
        let reading = StoreTransaction(
            connection: connection, now: Timestamp(milliseconds: 0), marks: TransactionMarks(),
            ids: nil)
        let held = try greatest(reading)?.timestamp.milliseconds ?? 0
        let mark = try connection.statement("SELECT value FROM marks WHERE name = 'last_id'")
        defer { mark.reset() }
        marked = try mark.step() ? mark.int(0) : 0
        last = max(marked, held)
        marking = marked
        generator = UUIDv7Generator(afterMilliseconds: last)
        self.random = random
    }

    func next(_ now: Timestamp) -> UUIDv7 {
        let id = generator.next(now: now, random: random)
        last = id.timestamp.milliseconds
        return id
    }

    /// Writes the mark into the open transaction if it is due.
    func writeMark(_ connection: any SQLConnection, evenYoung: Bool = false) throws(SQLError) {
        marking = marked
        guard last >= marked + 1_000 || (evenYoung && last > marked) else { return }
        try connection.writeMark("last_id", last)
        marking = last
    }

    /// The transaction with the mark in it is durable.
    func markIsDurable() {
        marked = marking
    }
}

extension SQLConnection {
    /// Sets a row of the table of marks.
    func writeMark(_ name: String, _ value: Int64) throws(SQLError) {
        let statement = try statement(
            "INSERT INTO marks(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value"
        )
        statement.bind(1, text: name)
        statement.bind(2, value)
        try statement.run()
    }
}
