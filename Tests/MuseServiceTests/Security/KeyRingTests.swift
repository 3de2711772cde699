// The key ring: a key's life, restarts, retirement, epochs.
internal import Foundation
internal import MuseBase
internal import MuseCrypto
internal import MuseService
internal import Testing

@Suite struct KeyRingTests {
    let bench = RingBench()

    // MARK: A key's life

    @Test("the first bench.start makes a key that signs at once, in files of the owner alone")
    func first() throws {
        let ring = try bench.open()
        let keyID = try #require(bench.signing(ring, bench.start))
        #expect(try bench.files() == [keyID + ".pem", "state.json"].sorted())
        #expect(try bench.mode(bench.keys) == 0o700)
        for file in try bench.files() { #expect(try bench.mode(bench.keys + "/" + file) == 0o600) }
        #expect(ring.list(now: bench.start).map(\.state) == [.signing])
        #expect(ring.list(now: bench.start).first?.verifiesUntil == nil)
    }

    @Test("a restart finds the same key")
    func restart() throws {
        let keyID = bench.signing(try bench.open(), bench.start)
        let again = try bench.open(at: bench.start + 400 * RingBench.day)
        #expect(bench.signing(again, bench.start + 400 * RingBench.day) == keyID)
    }

    @Test("a new key is published ten minutes before it signs")
    func rotation() throws {
        let ring = try bench.open()
        let old = try #require(bench.signing(ring, bench.start))
        let new = try ring.rotate(now: bench.start)
        #expect(new != old)
        #expect(bench.verifies(ring, new, bench.start))
        #expect(ring.list(now: bench.start).map(\.state) == [.signing, .published])
        let switchover = bench.start + 10 * RingBench.minute
        #expect(bench.signing(ring, switchover + -1) == old)
        #expect(bench.signing(ring, switchover) == new)
        #expect(bench.verifies(ring, old, switchover))
        #expect(ring.list(now: switchover).map(\.state) == [.verifying, .signing])
    }

    @Test(
        "an old key verifies until the last token that it signed has expired, and is deleted then")
    func oldKey() throws {
        let ring = try bench.open()
        let old = try #require(bench.signing(ring, bench.start))
        let new = try ring.rotate(now: bench.start)
        // Its last token is made just before the new key takes over, and lives for 30 days.
        let lastExpiry = bench.start + 10 * RingBench.minute + 30 * RingBench.day
        #expect(bench.verifies(ring, old, lastExpiry))
        let end = lastExpiry + RingBench.minute
        #expect(bench.verifies(ring, old, end + -1))
        #expect(!bench.verifies(ring, old, end))
        try ring.sweep(now: end + -1)
        #expect(try bench.files().contains(old + ".pem"))
        try ring.sweep(now: end)
        #expect(try bench.files() == [new + ".pem", "state.json"].sorted())
        #expect(bench.signing(ring, end) == new)
        #expect(bench.signing(try bench.open(at: end), end) == new)
    }

    @Test("all that survives a restart at any moment of a rotation")
    func restartInRotation() throws {
        let ring = try bench.open()
        let old = try #require(bench.signing(ring, bench.start))
        let new = try ring.rotate(now: bench.start)
        let moments: [(Int64, String, Bool)] = [
            (0, old, true), (9 * RingBench.minute, old, true), (10 * RingBench.minute, new, true),
            (29 * RingBench.day, new, true), (31 * RingBench.day, new, false),
        ]
        for (after, signer, oldVerifies) in moments {
            let now = bench.start + after
            let again = try bench.open(at: now)
            #expect(bench.signing(again, now) == signer)
            #expect(bench.verifies(again, old, now) == oldVerifies)
            #expect(bench.verifies(again, new, now))
        }
    }

    @Test("while a key is published and does not sign yet, a rotation gives that one")
    func rotationTwice() throws {
        let ring = try bench.open()
        let new = try ring.rotate(now: bench.start)
        #expect(try ring.rotate(now: bench.start + RingBench.minute) == new)
        #expect(try bench.files().count == 3)
        let third = try ring.rotate(now: bench.start + 10 * RingBench.minute)
        #expect(third != new)
    }

    @Test("rotations in a row leave every key to verify for its time")
    func manyRotations() throws {
        let ring = try bench.open()
        var keyIDs = [try #require(bench.signing(ring, bench.start))]
        var now = bench.start
        for _ in 0..<5 {
            keyIDs.append(try ring.rotate(now: now))
            now = now + 10 * RingBench.minute
        }
        #expect(bench.signing(ring, now) == keyIDs.last)
        for keyID in keyIDs { #expect(bench.verifies(ring, keyID, now)) }
        #expect(ring.list(now: now).map(\.keyID) == keyIDs)
    }

    // MARK: Retirement

    @Test("the key that signs is retired at once, and a new one signs")
    func retireSigning() throws {
        let ring = try bench.open()
        let leaked = try #require(bench.signing(ring, bench.start))
        let epoch = ring.epoch(now: bench.start)
        try ring.retire(leaked, now: bench.start)
        #expect(ring.epoch(now: bench.start) > epoch)
        #expect(!bench.verifies(ring, leaked, bench.start))
        let next = try #require(bench.signing(ring, bench.start))
        #expect(next != leaked)
        #expect(try bench.files() == [next + ".pem", "state.json"].sorted())
        #expect(bench.signing(try bench.open(), bench.start) == next)
    }

    @Test("a key that only verifies does not sign again when the one that signs is retired")
    func retireDoesNotRevive() throws {
        let ring = try bench.open()
        let first = try #require(bench.signing(ring, bench.start))
        let second = try ring.rotate(now: bench.start)
        let now = bench.start + RingBench.day
        try ring.retire(second, now: now)
        #expect(bench.signing(ring, now) != first)
        #expect(bench.signing(ring, now) != second)
        #expect(bench.verifies(ring, first, now))
    }

    @Test("a published key signs at once when the one before it is retired")
    func retireBeforeSwitch() throws {
        let ring = try bench.open()
        let old = try #require(bench.signing(ring, bench.start))
        let new = try ring.rotate(now: bench.start)
        try ring.retire(old, now: bench.start + RingBench.minute)
        #expect(bench.signing(ring, bench.start + RingBench.minute) == new)
        #expect(
            bench.signing(
                try bench.open(at: bench.start + RingBench.minute), bench.start + RingBench.minute)
                == new)
        #expect(try bench.files() == [new + ".pem", "state.json"].sorted())
    }

    @Test("when a published key is retired, the one that signs goes on")
    func retirePublished() throws {
        let ring = try bench.open()
        let old = try #require(bench.signing(ring, bench.start))
        let new = try ring.rotate(now: bench.start)
        try ring.retire(new, now: bench.start)
        #expect(bench.signing(ring, bench.start + 400 * RingBench.day) == old)
        #expect(ring.list(now: bench.start).map(\.verifiesUntil) == [nil])
        let again = try bench.open(at: bench.start + 400 * RingBench.day)
        #expect(bench.signing(again, bench.start + 400 * RingBench.day) == old)
    }

    @Test("a key is retired even where its file cannot be deleted, and the file goes later")
    func retireUndeletable() throws {
        let ring = try bench.open()
        let leaked = try #require(bench.signing(ring, bench.start))
        let path = bench.keys + "/" + leaked + ".pem"
        let away = bench.folder.path + "/away.pem"
        // A folder in its place cannot be unlinked.
        try FileManager.default.moveItem(atPath: path, toPath: away)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try ring.retire(leaked, now: bench.start)
        #expect(!bench.verifies(ring, leaked, bench.start))
        #expect(bench.signing(ring, bench.start) != leaked)
        #expect(throws: KeyRing.Failure.self) { try ring.sweep(now: bench.start) }
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: away, toPath: path)
        try ring.sweep(now: bench.start)
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(try bench.files().count == 2)
    }

    @Test("a key that is not there cannot be retired")
    func retireUnknown() throws {
        let ring = try bench.open()
        let epoch = ring.epoch(now: bench.start)
        for keyID in ["", "x", "../state.json", String(repeating: "A", count: 43)] {
            #expect(throws: KeyRing.Failure.unknownKey) { try ring.retire(keyID, now: bench.start) }
        }
        #expect(ring.epoch(now: bench.start) == epoch)
    }

    @Test("a retired key's file that comes back is deleted and never used")
    func retiredComesBack() throws {
        let ring = try bench.open()
        let leaked = try #require(bench.signing(ring, bench.start))
        let path = bench.keys + "/" + leaked + ".pem"
        let copy = try Data(contentsOf: URL(fileURLWithPath: path))
        try ring.retire(leaked, now: bench.start)
        try copy.write(to: URL(fileURLWithPath: path))
        try bench.chmod(path, 0o600)
        let again = try bench.open()
        #expect(!bench.verifies(again, leaked, bench.start))
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    // MARK: Epochs

    @Test("the epoch rises when a command or the clock changes the keys, and not else")
    func epochs() throws {
        let ring = try bench.open()
        let first = ring.epoch(now: bench.start)
        #expect(ring.epoch(now: bench.start + 100 * RingBench.day) == first)
        _ = try ring.rotate(now: bench.start)
        let published = ring.epoch(now: bench.start)
        #expect(published > first)
        #expect(ring.epoch(now: bench.start + 9 * RingBench.minute) == published)
        let signing = ring.epoch(now: bench.start + 10 * RingBench.minute)
        #expect(signing > published)
        #expect(ring.epoch(now: bench.start + RingBench.day) == signing)
        #expect(ring.epoch(now: bench.start + 31 * RingBench.day) > signing)
        #expect(
            ring.snapshot(now: bench.start + 31 * RingBench.day).epoch
                == ring.epoch(now: bench.start + 31 * RingBench.day))
    }

    @Test("many readers see whole snapshots while keys change")
    func readers() async throws {
        let ring = try bench.open()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var last: UInt64 = 0
                    for _ in 0..<2_000 {
                        let snapshot = ring.snapshot(now: bench.start)
                        let signing = snapshot.keys.signing?.keyID
                        #expect(signing.flatMap { snapshot.keys.key(id: $0) } != nil)
                        #expect(snapshot.epoch >= last)
                        last = snapshot.epoch
                    }
                }
            }
            group.addTask {
                for _ in 0..<10 {
                    guard let keyID = ring.snapshot(now: bench.start).keys.signing?.keyID else {
                        return
                    }
                    try? ring.retire(keyID, now: bench.start)
                }
            }
        }
        #expect(ring.list(now: bench.start).count == 1)
    }
}
