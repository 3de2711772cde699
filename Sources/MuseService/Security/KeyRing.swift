// The service's security room: the keys that sign tokens, through their lives. Read by every
// worker, changed by the operator's commands; the files are KeyStore.swift's.
package import MuseBase
package import MuseCrypto
internal import Synchronization

/// The keys of this service, in the folder `keys` of its data.
///
/// **A key's life.** It is made and published; after `publicationSeconds` it signs, and whoever
/// keeps a copy of `auth.jwks` has had the time to see it. When another takes over, it still
/// verifies until the last token that it can have signed has expired (`tokenSeconds`, a refresh
/// token's life, and a minute for those who were late to see the change), and is deleted then.
/// `retire` ends it at once, with every token that it signed.
///
/// **What survives.** Files are `KID.pem` (0600) and `state.json`, which says when each key was
/// made, signs from and verifies until; each change is written before it holds. A change of the
/// clock, a restart or a crash between two steps loses no key and brings no retired one back.
///
/// **Reading it.** Workers ask for the `epoch`, two loads, and for the `snapshot` when that has
/// changed. One process at a time has the folder: whoever holds the data folder's lock.
package final class KeyRing: Sendable {
    /// How long keys live.
    package struct Times: Sendable, Equatable {
        /// From a key's publication to its first signature.
        package var publicationSeconds = 600
        /// The longest life of a token.
        package var tokenSeconds = 2_592_000

        package init() {}
    }

    /// The keys at one moment.
    package struct Snapshot: Sendable {
        package let keys: KeySet
        /// Rises with every change; never 0.
        package let epoch: UInt64
    }

    /// One key, as the operator is shown it.
    package struct KeyInfo: Sendable, Equatable {
        package enum State: String, Sendable {
            case published, signing, verifying
        }

        package let keyID: String
        package let state: State
        package let createdAt: Timestamp
        package let signsFrom: Timestamp
        /// nil until another key is to take over.
        package let verifiesUntil: Timestamp?
    }

    /// Why a command was refused.
    package enum Failure: Error, Sendable, Equatable {
        case unknownKey
        case file(KeyFileError)
    }

    private struct State {
        var list: KeyList
        var snapshot: Snapshot
    }

    private let store: KeyStore
    private let state: Lock<State>
    /// Commands, one after another: they hold this while they write, and `state` only for the
    /// moment of the change.
    private let commands = Lock(())
    private let currentEpoch: Atomic<UInt64>
    /// When the clock alone will change the keys, in milliseconds.
    private let changesAt: Atomic<Int64>

    /// Opens the ring in `folder`, which is made if it is not there, and so is the first key, which
    /// signs at once.
    /// - Throws: KeyFileError, which names the file.
    package init(
        folder: String, now: Timestamp, times: Times = Times()
    ) throws(KeyFileError) {
        store = KeyStore(
            folder: folder, publicationMilliseconds: Int64(times.publicationSeconds) * 1_000,
            tokenMilliseconds: (Int64(times.tokenSeconds) + 60) * 1_000)
        var list = try store.load(now)
        if !list.keys.contains(where: { $0.signsUntil == nil }) {
            try Self.addKey(&list, store, now, signsFrom: now)
            try store.write(list)
        }
        currentEpoch = Atomic(1)
        changesAt = Atomic(Self.nextChange(list.keys, now))
        state = Lock(
            State(list: list, snapshot: Snapshot(keys: Self.keySet(list.keys, now), epoch: 1)))
    }

    // MARK: For workers

    /// Rises with every change of the keys, those that the clock brings among them. Cheap: two
    /// loads.
    package func epoch(now: Timestamp) -> UInt64 {
        if now.milliseconds >= changesAt.load(ordering: .acquiring) {
            state.withLock { advance(&$0, now) }
        }
        return currentEpoch.load(ordering: .acquiring)
    }

    /// The keys that hold now.
    package func snapshot(now: Timestamp) -> Snapshot {
        state.withLock { state in
            if now.milliseconds >= changesAt.load(ordering: .acquiring) { advance(&state, now) }
            return state.snapshot
        }
    }

    // MARK: For the operator

    // Commands wait for the disk: not on a worker's own thread.

    /// All keys, in the order in which they sign.
    package func list(now: Timestamp) -> [KeyInfo] {
        let keys = state.withLock { $0.list.keys }.filter { !$0.hasEnded(at: now) }
        let signing = Self.signing(keys, now)?.keyID
        return keys.sorted { $0.signsFrom < $1.signsFrom }.map {
            let state: KeyInfo.State =
                $0.keyID == signing ? .signing : $0.signsFrom > now ? .published : .verifying
            return KeyInfo(
                keyID: $0.keyID, state: state, createdAt: $0.createdAt, signsFrom: $0.signsFrom,
                verifiesUntil: $0.verifiesUntil)
        }
    }

    /// Publishes a new key, which signs `publicationSeconds` later; the one that signs until then
    /// verifies for as long as its tokens live. While a published key has not begun to sign, no
    /// other is made: the answer is that one.
    /// - Returns: the new key's id.
    /// - Throws: Failure.file; nothing has changed then.
    package func rotate(now: Timestamp) throws(Failure) -> String {
        try command(now) { list throws(Failure) in
            if let published = list.keys.first(where: { $0.signsFrom > now }) {
                return published.keyID
            }
            return try Self.filing { () throws(KeyFileError) in
                try Self.addKey(
                    &list, store, now, signsFrom: now + store.publicationMilliseconds)
            }
        }
    }

    /// Ends a key at once, with every token that it signed: it has leaked. If it is the one that
    /// signs, the published one signs from now, or a new one.
    /// - Throws: Failure; nothing has changed then. Where the key has ended and only its file could
    ///   not be deleted, nothing is thrown: no start uses it, and `sweep` tries again.
    package func retire(_ keyID: String, now: Timestamp) throws(Failure) {
        _ = try command(now) { list throws(Failure) in
            guard list.keys.contains(where: { $0.keyID == keyID && !$0.hasEnded(at: now) }) else {
                throw .unknownKey
            }
            list.remove { $0.keyID == keyID }
            if let published = list.keys.indices.first(where: { list.keys[$0].signsUntil == nil }) {
                if !list.keys.contains(where: { $0.signs(at: now) }) {
                    list.keys[published].signsFrom = now
                }
            } else if let signing = list.keys.indices.first(where: { list.keys[$0].signs(at: now) })
            {
                // It was to be followed by the one that is gone.
                list.keys[signing].signsUntil = nil
                list.keys[signing].verifiesUntil = nil
            } else {
                _ = try Self.filing { () throws(KeyFileError) in
                    try Self.addKey(&list, store, now, signsFrom: now)
                }
            }
            return keyID
        }
        try? store.remove(keyID)
    }

    /// Deletes keys that have ended, and files of ended keys that are still there; to be called now
    /// and then.
    /// - Throws: Failure.file; what is left is deleted by the next call or the next start.
    package func sweep(now: Timestamp) throws(Failure) {
        if state.withLock({ $0.list.keys.contains { $0.hasEnded(at: now) } }) {
            _ = try command(now) { list throws(Failure) in
                list.remove { $0.hasEnded(at: now) }
                return ""
            }
        }
        let gone = state.withLock { $0.list.gone }
        try Self.filing { () throws(KeyFileError) in try store.removeFiles(of: gone) }
    }

    /// Changes the keys: on disk first, then for everybody.
    private func command(
        _ now: Timestamp, _ body: (inout KeyList) throws(Failure) -> String
    ) throws(Failure) -> String {
        try commands.withLock { _ throws(Failure) in
            var list = state.withLock { $0.list }
            let result = try body(&list)
            try Self.filing { () throws(KeyFileError) in try store.write(list) }
            state.withLock { state in
                state.list = list
                advance(&state, now)
            }
            return result
        }
    }

    private static func filing<R>(_ body: () throws(KeyFileError) -> R) throws(Failure) -> R {
        do throws(KeyFileError) { return try body() } catch { throw .file(error) }
    }

    @discardableResult
    private static func addKey(
        _ list: inout KeyList, _ store: KeyStore, _ now: Timestamp, signsFrom start: Timestamp
    ) throws(KeyFileError) -> String {
        let key = SigningKey.generate()
        try store.add(key)
        list.add(
            key, createdAt: now, signsFrom: start, tokenMilliseconds: store.tokenMilliseconds)
        return key.keyID
    }

    // MARK: Which key, when

    /// Makes the snapshot of this moment the current one.
    private func advance(_ state: inout State, _ now: Timestamp) {
        let epoch = state.snapshot.epoch + 1
        state.snapshot = Snapshot(keys: Self.keySet(state.list.keys, now), epoch: epoch)
        changesAt.store(Self.nextChange(state.list.keys, now), ordering: .releasing)
        currentEpoch.store(epoch, ordering: .releasing)
    }

    /// The key that signs. Where none should (the clock went back), the first that will.
    private static func signing(_ keys: [StoredKey], _ now: Timestamp) -> StoredKey? {
        keys.filter { $0.signs(at: now) }.max { $0.signsFrom < $1.signsFrom }
            ?? keys.filter { !$0.hasEnded(at: now) && $0.signsFrom > now }
            .min { $0.signsFrom < $1.signsFrom }
    }

    private static func keySet(_ keys: [StoredKey], _ now: Timestamp) -> KeySet {
        KeySet(
            signing: signing(keys, now)?.key,
            verifying: keys.filter { !$0.hasEnded(at: now) }.map(\.key.verifying))
    }

    /// The next time of any key; Int64.max if there is none.
    private static func nextChange(_ keys: [StoredKey], _ now: Timestamp) -> Int64 {
        var next = Int64.max
        for key in keys {
            for time in [key.signsFrom, key.signsUntil, key.verifiesUntil] {
                guard let time, time > now else { continue }
                next = min(next, time.milliseconds)
            }
        }
        return next
    }
}
