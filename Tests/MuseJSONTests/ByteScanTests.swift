// Tests of the JSON room: looking at eight bytes at a time finds what one at a time finds.
internal import MuseJSON
internal import Testing

struct ByteScanTests {
    private func newline(_ bytes: [UInt8], from start: Int) -> Int? {
        ByteScan.newline(in: bytes.span, from: start)
    }

    @Test func `the first line feed is found from every start, beside bytes one away from it`() {
        var dice = Dice(11)
        let alphabet: [UInt8] = [0x09, 0x0A, 0x0B, 0x8A, 0x00, 0xFF, 0x61]
        for length in 0...40 {
            for _ in 0..<20 {
                let bytes: [UInt8] = (0..<length).map { _ in
                    alphabet.randomElement(using: &dice) ?? 0
                }
                for start in 0...length {
                    let wanted = bytes[start...].firstIndex(of: 0x0A)
                    #expect(newline(bytes, from: start) == wanted)
                }
            }
        }
    }

    @Test func `a lone line feed is found at every place of a long text`() {
        for length in [1, 7, 8, 9, 63, 64, 65] {
            for at in 0..<length {
                var bytes = [UInt8](repeating: 0x61, count: length)
                bytes[at] = 0x0A
                #expect(newline(bytes, from: 0) == at)
                #expect(newline(bytes, from: at) == at)
                #expect(newline(bytes, from: at + 1) == nil)
            }
        }
    }

    @Test func `printable ASCII ends where a byte at a time finds its end`() {
        var dice = Dice(12)
        let alphabet: [UInt8] = [0x20, 0x7E, 0x61, 0x41]
        let others: [UInt8] = [0x00, 0x09, 0x1F, 0x7F, 0x80, 0x9F, 0xC3, 0xFF]
        for length in 0...40 {
            for _ in 0..<40 {
                var bytes = (0..<length).map { _ in alphabet.randomElement(using: &dice) ?? 0 }
                for _ in 0..<Int.random(in: 0...2, using: &dice) where length > 0 {
                    let at = Int.random(in: 0..<length, using: &dice)
                    bytes[at] = others.randomElement(using: &dice) ?? 0
                }
                for start in 0...length {
                    let wanted = bytes[start...].firstIndex { $0 < 0x20 || $0 > 0x7E } ?? length
                    #expect(ByteScan.printable(bytes.span, from: start) == wanted)
                }
            }
        }
    }
}
