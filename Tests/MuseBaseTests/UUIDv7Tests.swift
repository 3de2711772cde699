// Tests of the base room: identifiers.
internal import MuseBase
internal import Testing

struct UUIDv7Tests {
    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    @Test func `ids rise whatever the clock does`() {
        for seed in UInt64(0)..<20 {
            let random = RandomSource.seeded(seed)
            var generator = UUIDv7Generator()
            var now: Int64 = 1_790_000_000_000
            var last = UUIDv7(high: 0, low: 0)
            for step in 0..<2_000 {
                switch random.uint64() % 8 {
                case 0: now += Int64(random.uint64() % 5_000)
                case 1: now -= Int64(random.uint64() % 86_400_000)
                case 2: now += 1
                case 3: now = Int64(random.uint64() % 2_000_000_000_000)
                default: break
                }
                let id = generator.next(now: at(now), random: random)
                #expect(last < id, "seed \(seed), step \(step)")
                #expect(last.description < id.description, "the text rises as well")
                #expect(last.timestamp <= id.timestamp)
                #expect(UUIDv7(id.description) == id, "version and variant hold")
                last = id
            }
        }
    }

    @Test func `an id of a new millisecond says that millisecond`() {
        let random = RandomSource.seeded(5)
        var generator = UUIDv7Generator()
        for now in [Int64(1), 1_000, 1_790_000_000_000, 0xFFFF_FFFF_FFFF] {
            #expect(generator.next(now: at(now), random: random).timestamp == at(now))
        }
    }

    @Test func `a clock before 1970 makes valid ids`() {
        var generator = UUIDv7Generator()
        let random = RandomSource.seeded(5)
        let first = generator.next(now: at(-5), random: random)
        let second = generator.next(now: at(.min), random: random)
        #expect(first < second)
        #expect(UUIDv7(first.description) == first && UUIDv7(second.description) == second)
    }

    @Test func `after a restart ids follow the last one stored, even in its own millisecond`() {
        let random = RandomSource.seeded(6)
        for behind in [Int64(0), 1, 50_000] {
            let stored: Int64 = 1_790_000_000_000
            // The greatest id that the millisecond could have held.
            let greatest = UUIDv7(high: UInt64(stored) << 16 | 0x7FFF, low: 0xBFFF_FFFF_FFFF_FFFF)
            var generator = UUIDv7Generator(afterMilliseconds: stored)
            let id = generator.next(now: at(stored - behind), random: random)
            #expect(id > greatest)
            #expect(id.timestamp == at(stored + 1))
            #expect(UUIDv7(id.description) == id)
        }
    }

    @Test func `a full counter goes on in the bits above it`() {
        // All ones: the random part starts full, so that the next id in the millisecond overflows
        // it.
        let ones = RandomSource { .max }
        var generator = UUIDv7Generator()
        let first = generator.next(now: at(1_000), random: ones)
        #expect(first.low == 0xBFFF_FFFF_FFFF_FFFF)
        let second = generator.next(now: at(1_000), random: ones)
        #expect(first < second)
        #expect(second.timestamp == at(1_000), "the counter has room above")
        #expect(second.high == first.high + 1)
        #expect(UUIDv7(second.description) == second)
    }

    @Test func `an id is guessed from its neighbour by nobody`() {
        // Within one millisecond the steps are random ones of 32 bits.
        let random = RandomSource.seeded(9)
        var generator = UUIDv7Generator()
        var steps: Set<UInt64> = []
        var last = generator.next(now: at(7), random: random)
        for _ in 0..<100 {
            let id = generator.next(now: at(7), random: random)
            steps.insert(id.low &- last.low)
            last = id
        }
        #expect(steps.count == 100)
    }

    @Test func `an id has 36 lower-case characters and comes back from them`() throws {
        let text = "01936b2f-5a12-7c3e-9f00-0a1b2c3d4e53"
        let id = try #require(UUIDv7(text))
        #expect(id.high == 0x0193_6B2F_5A12_7C3E && id.low == 0x9F00_0A1B_2C3D_4E53)
        #expect(id.description == text)
        #expect(id.timestamp == at(0x0193_6B2F_5A12))
        #expect(id.withText { $0.count } == 36)
    }

    @Test(arguments: [
        "", "01936b2f", "01936b2f-5a12-7c3e-9f00-0a1b2c3d4e5",
        "01936b2f-5a12-7c3e-9f00-0a1b2c3d4e533",
        "01936B2F-5A12-7C3E-9F00-0A1B2C3D4E53", "01936b2f5a12-7c3e-9f00-0a1b2c3d4e-53",
        "01936b2f-5a12-4c3e-9f00-0a1b2c3d4e53", "01936b2f-5a12-6c3e-9f00-0a1b2c3d4e53",
        "01936b2f-5a12-8c3e-9f00-0a1b2c3d4e53", "01936b2f-5a12-7c3e-7f00-0a1b2c3d4e53",
        "01936b2f-5a12-7c3e-cf00-0a1b2c3d4e53", "01936b2g-5a12-7c3e-9f00-0a1b2c3d4e53",
        "{1936b2f-5a12-7c3e-9f00-0a1b2c3d4e5}", " 1936b2f-5a12-7c3e-9f00-0a1b2c3d4e53",
        "01936b2f-5a12-7c3e-9f00-0a1b2c3d4eé", "01936b2f_5a12_7c3e_9f00_0a1b2c3d4e53",
        "00000000-0000-0000-0000-000000000000", "urn:uuid:01936b2f-5a12-7c3e-9f00-0a1b",
    ])
    func `another form, version or variant is no id`(text: String) {
        #expect(UUIDv7(text) == nil)
    }

    @Test func `an id altered at any character is another id or none`() throws {
        let text = Array("01936b2f-5a12-7c3e-9f00-0a1b2c3d4e53".utf8)
        for at in text.indices {
            for other in UInt8.min...UInt8.max where other != text[at] {
                var altered = text
                altered[at] = other
                guard let id = UUIDv7(text: altered.span) else { continue }
                #expect(Array(id.description.utf8) == altered)
            }
        }
    }

    @Test func `ids are sixteen bytes each, and come back from them`() {
        let ids = [
            UUIDv7(high: 0x0102_0304_0506_7708, low: 0x890A_0B0C_0D0E_0F10),
            UUIDv7(high: .max, low: 0), UUIDv7(high: 0, low: 1),
        ]
        let bytes = UUIDv7.bytes(of: ids)
        #expect(bytes.count == 48)
        #expect(
            ids[0].bytes == [1, 2, 3, 4, 5, 6, 0x77, 8, 0x89, 10, 11, 12, 13, 14, 15, 16])
        #expect(bytes.starts(with: ids[0].bytes))
        #expect(UUIDv7.all(in: bytes) == ids)
        #expect(UUIDv7.all(in: bytes + [1, 2, 3]) == ids)
        #expect(UUIDv7.all(in: []) == [] && UUIDv7.bytes(of: []) == [])
    }

    @Test func `the order of ids is the order of their bytes`() {
        let random = RandomSource.seeded(12)
        for _ in 0..<2_000 {
            let a = UUIDv7(high: random.uint64(), low: random.uint64())
            let sameHead = random.uint64() % 2 == 0
            let b = UUIDv7(high: sameHead ? a.high : random.uint64(), low: random.uint64())
            #expect((a < b) == (a.description < b.description))
            #expect(!(a < a) && (a < b || b < a || a == b))
        }
    }
}
