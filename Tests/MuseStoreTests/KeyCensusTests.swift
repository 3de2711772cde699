// Tests of the store room: idempotency keys are counted, swept and bounded.
internal import MuseBase
internal import MuseSQL
internal import MuseStore
internal import Testing

@Suite struct KeyCensusTests {
    private func remember(_ numbers: ClosedRange<Int>, life: Int64, in writer: Writer) throws {
        try writer.writeNow { tx in
            for number in numbers {
                try tx.rememberCall(
                    RememberedCall(
                        method: "posts.create", fingerprint: [1], ids: [],
                        createdAt: tx.now + Int64(number), expiresAt: tx.now + life),
                    owner: [UInt8(number % 7)], key: "key-\(number)")
            }
        }
    }

    private func known(_ number: Int, in writer: Writer) throws -> Bool {
        try writer.writeNow {
            try $0.rememberedCall(owner: [UInt8(number % 7)], key: "key-\(number)") != nil
        }
    }

    /// Runs the chore until there is nothing left.
    private func sweep(_ writer: Writer) throws {
        for chore in Housekeeping.chores(writer.options.keys) where chore.name == "idempotency" {
            while try writer.writeNow({ try chore.slice($0) }) {}
        }
    }

    @Test("what was there at the start and what comes and goes since is counted")
    func counts() throws {
        let census = KeyCensus()
        let store = try DomainStore { $0.keys = census }
        store.milliseconds.withLock { $0 = 1_790_000_000_000 }
        let writer = store.writer
        try remember(1...5_000, life: 86_400_000, in: writer)
        store.milliseconds.withLock { $0 = 1_790_000_010_000 }
        try sweep(writer)
        #expect(census.count == 5_000)
        try remember(6_001...6_100, life: 1_000, in: writer)
        #expect(census.count == 5_100)
        #expect(throws: (any Error).self) {
            try writer.writeNow { tx in
                try tx.rememberCall(
                    RememberedCall(
                        method: "m", fingerprint: [], ids: [], createdAt: tx.now,
                        expiresAt: tx.now + 1), owner: [1], key: "undone")
                throw Taken()
            }
        }
        #expect(census.count == 5_100)
        store.milliseconds.withLock { $0 = 1_790_000_020_000 }
        try sweep(writer)
        #expect(census.count == 5_000)
        #expect(!census.isForgetting)
    }

    @Test("beyond the bound the oldest are forgotten before their time, and that is told")
    func bound() throws {
        let census = KeyCensus(max: 3_000)
        let store = try DomainStore { $0.keys = census }
        try sweep(store.writer)
        try remember(1...5_500, life: 86_400_000, in: store.writer)
        try sweep(store.writer)
        #expect(census.count == 3_000)
        #expect(try !known(2_500, in: store.writer))
        #expect(try known(2_501, in: store.writer))
        #expect(try known(5_500, in: store.writer))
    }
}
