// The rules' room: lists. A cursor says where a page ended; a page is read and written in one
// place. Called by every handler that gives a page.
package import MentalMuseProtocol
package import MuseBase
internal import MuseJSON
package import MuseRPC
internal import MuseStore

/// Where a page of a list ended, as a text that the client hands back.
///
/// 27 bytes in canonical base64url, 36 characters: version, list, order (a byte each), eight bytes
/// that check these, the filter and the id, then the id of the last row that was read. Nothing in
/// it is secret or signed: the check tells damage, and a cursor of another list, from one of this.
/// It never expires: the id is compared, never looked up, so its row may have gone.
package enum ListCursor {
    /// How many items a page has where nothing is said.
    static let limitDefault = 20

    /// Which list it is; numbers are only ever added.
    package enum Kind: UInt8, Sendable, CaseIterable {
        case users = 1
        case posts = 2
        case likers = 3
        case comments = 4
        case sessions = 5
    }

    /// What a list is narrowed to.
    package enum Filter: Sendable {
        case none
        case id(UUIDv7)
        case text(String)
    }

    /// A list, as far as its cursors depend on it.
    package struct List: Sendable {
        let kind: Kind
        let isNewest: Bool
        private let filter: Filter

        private static let version: UInt8 = 1
        private static let bytesCount = 27
        private static let textCount = 36

        package init(kind: Kind, order: Order?, filter: Filter = .none) {
            self.kind = kind
            isNewest = order != .oldest
            self.filter = filter
        }

        /// The text that says that a page ended with `last`.
        package func cursor(_ last: UUIDv7) -> String {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(Self.bytesCount)
            bytes.append(contentsOf: head)
            append(check(last), to: &bytes)
            append(last.high, to: &bytes)
            append(last.low, to: &bytes)
            return Base64URL.encode(bytes.span)
        }

        /// Where the next page begins; nil: at the list's beginning.
        /// - Throws: 1402 for what is no cursor, or another list's.
        package func position(_ cursor: String?) throws(RPCError) -> UUIDv7? {
            guard let cursor else { return nil }
            guard cursor.utf8.count == Self.textCount,
                let bytes = Base64URL.decode(cursor.utf8.span), bytes.count == Self.bytesCount,
                bytes.starts(with: head)
            else { throw RPCError.cursorInvalid() }
            let last = UUIDv7(high: number(bytes, 11), low: number(bytes, 19))
            guard number(bytes, 3) == check(last) else { throw RPCError.cursorInvalid() }
            return last
        }

        /// The stretch of the list that a call asks for.
        /// - Throws: 1402.
        func slice(_ cursor: String?, _ limit: Int?) throws(RPCError) -> ListSlice {
            ListSlice(
                after: try position(cursor), isNewestFirst: isNewest,
                limit: limit ?? ListCursor.limitDefault)
        }

        /// What tells a page from all others, and one caller's from another's.
        func page(_ cursor: String?, _ limit: Int?, for viewer: Viewer?) -> EntityDigest {
            var digest = EntityDigest()
            digest.add(Int(kind.rawValue))
            digest.add(isNewest ? 1 : 0)
            switch filter {
            case .none: digest.add(0)
            case .id(let id):
                digest.add(1)
                digest.add(id)
            case .text(let text):
                digest.add(2)
                digest.add(text.utf8.span)
            }
            digest.add((cursor ?? "").utf8.span)
            digest.add(limit ?? ListCursor.limitDefault)
            if let viewer {
                digest.add(viewer.user)
                digest.add(viewer.isAdmin ? 1 : 0)
            }
            return digest
        }

        private var head: [UInt8] { [Self.version, kind.rawValue, isNewest ? 0 : 1] }

        /// Against damage and mistakes, not malice.
        private func check(_ last: UUIDv7) -> UInt64 {
            var hash = FNV1a()
            hash.add(Self.version)
            hash.add(kind.rawValue)
            hash.add(isNewest ? 0 : 1)
            hash.add(last)
            switch filter {
            case .none: hash.add(0)
            case .id(let id):
                hash.add(1)
                hash.add(id)
            case .text(let text):
                hash.add(2)
                for byte in text.utf8 { hash.add(byte) }
            }
            return hash.value
        }

        private func append(_ number: UInt64, to bytes: inout [UInt8]) {
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: number >> shift))
            }
        }

        private func number(_ bytes: [UInt8], _ from: Int) -> UInt64 {
            bytes[from..<(from + 8)].reduce(0) { $0 << 8 | UInt64($1) }
        }
    }
}

/// FNV-1a, 64 bits (draft-eastlake-fnv).
private struct FNV1a {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x100_0000_01B3
    }

    /// Its sixteen bytes, the most significant first.
    mutating func add(_ id: UUIDv7) {
        add(id.high)
        add(id.low)
    }

    private mutating func add(_ number: UInt64) {
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            add(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}

extension ServiceCore {
    /// Reads a page in one snapshot and writes it as it is read: each row goes from the database's
    /// own memory to the answer. Where it is refused, nothing of it stays in the answer.
    ///
    /// For a caller that keeps answers the state of the page is told besides; what he has already
    /// is not written, and where nothing has been committed since it was last read, not read
    /// either.
    /// - Parameters:
    ///   - name: tells the page from all others.
    ///   - rows: lends the rows, and gives the id to go on after.
    ///   - digest: adds what the shown form of a row depends on.
    ///   - encode: writes one row.
    /// - Throws: what `rows` throws as RPCError, 1601.
    func page<Row>(
        _ list: ListCursor.List, _ name: @autoclosure () -> EntityDigest, _ call: Call,
        into page: inout JSONWriter,
        rows: (StoreTransaction, (Row) -> Void) throws -> UUIDv7?,
        digest: @escaping (Row, inout EntityDigest) -> Void,
        encode: @escaping (Row, inout JSONWriter) -> Void
    ) throws(RPCError) {
        let validator = call.peer.validator
        // Before the snapshot is taken: a commit in between makes what is kept void.
        let commits = store.epochs.commits
        let name = validator == nil ? EntityDigest() : name()
        if let validator, validator.known != nil {
            validator.digest = pages.digest(name, commits)
            if validator.digest == nil {
                var state = EntityDigest()
                let next = try read { tx in try rows(tx) { digest($0, &state) } }
                validator.note(state, next)
            }
            if validator.isKnown {
                pages.keep(name, validator.digest, commits)
                return
            }
        }
        var state = EntityDigest()
        let mark = page.count
        page.beginPage()
        var isFirst = true
        do throws(RPCError) {
            let next = try read { tx in
                try rows(tx) { row in
                    if !isFirst { page.byte(UInt8(ascii: ",")) }
                    isFirst = false
                    if validator != nil { digest(row, &state) }
                    encode(row, &page)
                }
            }
            if let validator {
                validator.note(state, next)
                pages.keep(name, validator.digest, commits)
            }
            page.endPage(nextCursor: next.map(list.cursor))
        } catch {
            page.truncate(to: mark)
            throw error
        }
    }
}

/// The states of pages as they were when so many commits had been made. Confined to a worker.
struct KnownPages {
    private static let max = 8_192
    private var commits: UInt64 = 0
    private var digests: [EntityDigest: EntityDigest] = [:]

    /// A page's state, where nothing has been committed since.
    mutating func digest(_ name: EntityDigest, _ commits: UInt64) -> EntityDigest? {
        commits == self.commits ? digests[name] : nil
    }

    mutating func keep(_ name: EntityDigest, _ digest: EntityDigest?, _ commits: UInt64) {
        if commits != self.commits || digests.count >= Self.max {
            digests.removeAll(keepingCapacity: true)
            self.commits = commits
        }
        digests[name] = digest
    }
}

extension Validator {
    /// Takes the state of a page: its rows, and where the next one begins.
    func note(_ rows: EntityDigest, _ next: UUIDv7?) {
        var state = rows
        state.add(next == nil ? 0 : 1)
        if let next { state.add(next) }
        digest = state
    }
}
